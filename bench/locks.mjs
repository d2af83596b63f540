// Locks: taken and given back where nobody else wants them, and by eight processes at once, against proper-lockfile as
// it comes. Run after `npm run build`: node bench/locks.mjs

import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import lockfile from 'proper-lockfile'
import { withLockIn } from '../dist/locks/index.js'
import { compare } from './support/rows.mjs'

const PROCESSES = 8
const [mode, folder, times] = process.argv.slice(2)

if (mode === 'ours' || mode === 'theirs') await child()
else await main()

/** Takes the lock, and gives it back. */
function turn(side, place) {
  if (side === 'ours') return withLockIn(place, 'ours', async () => {})
  return lockfile
    .lock(place, { retries: { forever: true, minTimeout: 1, maxTimeout: 50, factor: 1.5, randomize: true } })
    .then((release) => release())
}

/** Milliseconds for each of `count` turns in this process. */
async function alone(side, count = 1000) {
  return inFolder(async (place) => {
    await turn(side, place)
    const began = performance.now()
    for (let done = 0; done < count; done++) await turn(side, place)
    return (performance.now() - began) / count
  })
}

/** Turns a second, of several processes. */
async function together(side, count = 100) {
  return inFolder(async (place) => {
    const children = Array.from({ length: PROCESSES }, () =>
      spawn(process.execPath, [import.meta.filename, side, place, String(count)], {
        stdio: ['pipe', 'pipe', 'inherit'],
      }),
    )
    await Promise.all(children.map((one) => new Promise((resolve) => one.stdout.once('data', resolve))))
    const began = performance.now()
    for (const one of children) one.stdin.end('go\n')
    const statuses = await Promise.all(children.map((one) => new Promise((resolve) => one.once('exit', resolve))))
    if (statuses.some((status) => status !== 0)) throw new Error(`${side}: ended with ${statuses}`)
    return ((PROCESSES * count) / (performance.now() - began)) * 1000
  })
}

async function child() {
  process.stdout.write('ready\n')
  await new Promise((resolve) => process.stdin.once('data', resolve))
  for (let done = 0; done < Number(times); done++) await turn(mode, folder)
  process.exit(0)
}

async function inFolder(work) {
  const place = mkdtempSync(path.join(tmpdir(), 'oompa-bench-'))
  try {
    return await work(place)
  } finally {
    rmSync(place, { recursive: true, force: true })
  }
}

async function main() {
  const against = 'proper-lockfile as it comes'
  await compare({ row: 'a lock that nobody else wants', unit: 'ms', against }, { atMost: 5, ratioAtMost: 2 }, 5, {
    ours: () => alone('ours'),
    theirs: () => alone('theirs'),
  })
  await compare(
    { row: `turns by ${PROCESSES} processes that want one lock`, unit: '/s', against },
    { ratioAtLeast: 0.5 },
    5,
    { ours: () => together('ours'), theirs: () => together('theirs') },
  )
}
