// How long `status`, `list` and `view` take on a long history, beyond the start of Node.
// Needs the built files (`npm run build`).

import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { iteration } from './support/events.mjs'
import { median, printRow, rounds } from './support/rows.mjs'

const SWARMS = 200
const EVENTS = 100_000
const ROUNDS = rounds(7)
const TARGET_MS = 300
const bin = fileURLToPath(new URL('../bin/oompa', import.meta.url))

/** 200 swarms with 100,000 events; the latest is by far the longest, every tenth has crashed. */
function writeHistory(root) {
  let written = 0
  for (let index = 0; index < SWARMS; index++) {
    const swarm = index.toString(16).padStart(8, '0')
    const most = index === SWARMS - 1 ? EVENTS - written : Math.floor((EVENTS * 0.8) / SWARMS)
    const started = 1_790_000_000 + index * 10_000
    const workers = ['w1', 'w2', 'w3'].map((worker) => ({ worker, agent: 'claude:opus', iterations: 500 }))
    const lines = [
      {
        at: new Date(started * 1000).toISOString(),
        swarm,
        type: 'swarm.started',
        pid: 4_000_000 + index,
        processStart: 'long.ago',
        host: execFileSync('hostname', { encoding: 'utf8' }).trim(),
        level: 3,
        workers,
        iterations: 500,
        into: 'main',
        version: '1.0.0',
      },
    ]
    for (let number = 1; lines.length < most - 1; number++) {
      lines.push(...iteration(swarm, `w${(number % 3) + 1}`, Math.ceil(number / 3), started + number))
    }
    lines.length = most - 1
    const end = {
      at: new Date((started + 9000) * 1000).toISOString(),
      swarm,
      type: 'swarm.stopped',
      reason: 'done',
      status: 0,
    }
    if (index % 10 !== 0) lines.push(end)
    written += lines.length
    const folder = path.join(root, '.oompa/runs', swarm)
    mkdirSync(folder, { recursive: true })
    writeFileSync(path.join(folder, 'events.jsonl'), lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
  }
  return written
}

function timed(args, cwd) {
  const start = performance.now()
  const { status, stderr } = spawnSync(process.execPath, args, { cwd, stdio: ['ignore', 'ignore', 'pipe'] })
  if (status !== 0) throw new Error(`${args.join(' ')} ended with ${status}: ${stderr}`)
  return performance.now() - start
}

const root = mkdtempSync(path.join(tmpdir(), 'oompa-bench-'))
try {
  execFileSync('git', ['init', '-q', root])
  const events = writeHistory(root)
  const empty = path.join(root, 'empty.mjs')
  writeFileSync(empty, '')
  const commands = {
    status: ['status'],
    list: ['list'],
    listAll: ['list', '--all'],
    view: ['view'],
    viewJson: ['view', '--json'],
  }
  const times = Object.fromEntries(Object.keys(commands).map((name) => [name, []]))
  const node = []
  for (let round = 0; round < ROUNDS; round++) {
    node.push(timed([empty], root))
    for (const [name, args] of Object.entries(commands)) times[name].push(timed([bin, ...args], root))
  }
  const start = median(node)
  for (const [name, list] of Object.entries(times)) {
    const row = `\`oompa ${commands[name].join(' ')}\`, 200 swarms and ${events} events, beyond Node's start`
    printRow({ row, unit: 'ms' }, { atMost: TARGET_MS }, { ours: list.map((ms) => ms - start) })
  }
} finally {
  rmSync(root, { recursive: true, force: true })
}
