// Prints the figures of the house: size, circles of imports, arrows against the flow, rooms, and what the loop loads.
// A person reads them. `--check` fails for a circle or an arrow against the flow, and for nothing else.

import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

/** From the ground up: a room may import those that stand before it, never one that comes after it. */
const FLOW = [
  'errors words',
  'files',
  'processes',
  'git',
  'locks',
  'cli',
  'agents',
  'events',
  'config',
  'views',
  'tasks',
  'prompts',
  'worktrees',
  'hooks',
  'review',
  'merge',
  'recovery',
  'swarm',
  'demo',
  'dash',
  'commands',
  'index',
].map((floor) => floor.split(' '))

const root = path.resolve(import.meta.dirname, '..')
const src = path.join(root, 'src')
const names = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'))
const files = new Map(names.map((name) => [name, readFileSync(path.join(src, name), 'utf8')]))

/** What each file imports: by a statement (`stays`), also where only a type is taken, or when it is called (`later`). */
const stays = new Map()
const later = new Map()
for (const [name, text] of files) {
  const found = (pattern) =>
    [...text.matchAll(pattern)]
      .map(([, to]) => path.join(path.dirname(name), to).replace(/\.js$/, '.ts'))
      .filter((to) => files.has(to))
  stays.set(name, [...new Set(found(/ from '(\.[^']+)'$/gm))])
  later.set(name, [...new Set(found(/\bimport\('(\.[^']+)'\)/g))])
}

const room = (name) => (name.includes('/') ? name.split('/')[0] : name.replace(/\.ts$/, ''))
const floor = (name) => FLOW.findIndex((rooms) => rooms.includes(room(name)))

const unknown = [...new Set([...files.keys()].filter((name) => floor(name) < 0).map(room))]
if (unknown.length > 0)
  throw new Error(`.ci/figures.mjs does not know on which floor these stand: ${unknown.join(', ')}`)

const against = new Map()
for (const [name, all] of stays) {
  for (const to of all) {
    if (floor(to) <= floor(name)) continue
    const arrow = `${room(name)} → ${room(to)}`
    against.set(arrow, [...(against.get(arrow) ?? []), `${name} → ${to}`])
  }
}
const circles = strong(stays).filter((one) => one.length > 1)
const roomCircles = strong(roomArrows()).filter((one) => one.length > 1)

const lines = [...files.values()].reduce((sum, text) => sum + text.split('\n').length - 1, 0)
const perRoom = new Map()
for (const name of files.keys()) perRoom.set(room(name), (perRoom.get(room(name)) ?? 0) + 1)
const bases = Map.groupBy ? Map.groupBy(files.keys(), (name) => path.basename(name)) : grouped(files.keys())
const shared = [...bases].filter(([base, all]) => all.length > 1 && !/^(contract|index)\.ts$/.test(base))
const long = [...files].filter(([, text]) => text.split('\n').length > 301).map(([name]) => name)

console.log(`${lines} lines in ${files.size} files`)
console.log(`circles: ${circles.length}, of rooms: ${roomCircles.length}, arrows against the flow: ${against.size}`)
for (const one of circles) console.log(`  circle of ${one.length}: ${one.slice(0, 8).join(', ')}`)
for (const one of roomCircles) console.log(`  rooms in a circle: ${one.join(', ')}`)
for (const [arrow, all] of against) console.log(`  ${arrow}: ${all.join(', ')}`)
const sizes = [...perRoom].sort((a, b) => b[1] - a[1]).map(([name, count]) => `${name} ${count}`)
console.log(`files in a room: ${sizes.join(', ')}`)
console.log(
  `base names in several rooms: ${shared.length} (${shared.map(([base]) => base.replace('.ts', '')).join(' ')})`,
)
console.log(`files of more than 300 lines: ${long.join(', ') || 'none'}`)
console.log(`modules of ours that the loop file loads: ${reached('swarm/loop.ts').size}`)
if (process.argv.includes('--check') && circles.length + against.size > 0) process.exit(1)

function grouped(keys) {
  const groups = new Map()
  for (const name of keys) groups.set(path.basename(name), [...(groups.get(path.basename(name)) ?? []), name])
  return groups
}

function roomArrows() {
  const arrows = new Map()
  for (const [name, all] of stays) {
    const known = arrows.get(room(name)) ?? new Set()
    for (const to of all) if (room(to) !== room(name)) known.add(room(to))
    arrows.set(room(name), known)
  }
  return new Map([...arrows].map(([name, all]) => [name, [...all]]))
}

function reached(start) {
  const found = new Set([start])
  for (const name of found) for (const to of stays.get(name) ?? []) found.add(to)
  return found
}

/** Strongly connected components (Tarjan). */
function strong(edges) {
  let next = 0
  const index = new Map()
  const low = new Map()
  const stack = []
  const found = []
  const visit = (name) => {
    index.set(name, next)
    low.set(name, next++)
    stack.push(name)
    for (const to of edges.get(name) ?? []) {
      if (!index.has(to)) visit(to)
      if (stack.includes(to)) low.set(name, Math.min(low.get(name), low.get(to)))
    }
    if (low.get(name) !== index.get(name)) return
    const one = []
    while (one.at(-1) !== name) one.push(stack.pop())
    found.push(one)
  }
  for (const name of edges.keys()) if (!index.has(name)) visit(name)
  return found
}
