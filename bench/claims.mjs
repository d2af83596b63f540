// Claims a second against a bare rename loop, with 16 and 128 processes; `oompa tasks claim` against an empty program;
// 10,000 task files. Run after `npm run build`: node bench/claims.mjs [--full] [--json]

import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { printRow, rounds } from './support/rows.mjs'

const self = import.meta.filename
const packageRoot = path.resolve(import.meta.dirname, '..')
const [mode, root, seconds] = process.argv.slice(2)

if (mode === 'rename' || mode === 'store') await claimer(mode, root, Number(seconds))
else await main()

/** One process: waits for the word, claims until nothing is left, prints what it took and how long that was. */
async function claimer(kind, folder) {
  const { taskFolder } = await import('../dist/tasks/folder/folder-store.js')
  const store = taskFolder('tasks', folder)
  // A worker has looked before it claims; how long the first look takes is measured by itself below.
  await store.list()
  process.stdout.write('ready\n')
  await new Promise((resolve) => process.stdin.once('data', resolve))
  const ids = []
  if (kind === 'rename') {
    // What a script does that knows nothing of us: look, take the first, go on with the next if it is gone.
    for (;;) {
      const name = readdirSync(path.join(folder, 'tasks/pending'))
        .sort()
        .find((one) => take(folder, one))
      if (name === undefined) break
      ids.push(name)
    }
  } else {
    for (;;) {
      const answer = await store.claim({ claimer: { worker: `p${process.pid}`, pid: process.pid } })
      if (answer.answer !== 'claimed') break
      ids.push(answer.claim.task.id)
    }
  }
  process.stdout.write(`${JSON.stringify({ ids, end: Date.now() })}\n`)
  process.exit(0)
}

function take(folder, name) {
  try {
    renameSync(path.join(folder, 'tasks/pending', name), path.join(folder, 'tasks/current', name))
    return true
  } catch {
    return false
  }
}

function makeTasks(count, complete = 0) {
  const folder = mkdtempSync(path.join(tmpdir(), 'oompa-bench-'))
  for (const state of ['pending', 'current', 'complete'])
    mkdirSync(path.join(folder, 'tasks', state), { recursive: true })
  for (let index = 0; index < count; index++) {
    const id = `task-${String(index).padStart(6, '0')}`
    const text = `{:id "${id}"\n :summary "Task number ${index}"\n :priority ${index % 5}\n :files ["src/a.ts" "src/b.ts"]}\n`
    writeFileSync(path.join(folder, 'tasks/pending', `${id}.edn`), text)
  }
  for (let index = 0; index < complete; index++) {
    writeFileSync(path.join(folder, 'tasks/complete', `done-${index}.edn`), `{:id "done-${index}" :summary "Done"}\n`)
  }
  return folder
}

async function race(kind, processes, count) {
  const folder = makeTasks(count)
  try {
    const children = await Promise.all(Array.from({ length: processes }, () => startClaimer(kind, folder)))
    const begin = Date.now()
    for (const child of children) child.go()
    const results = await Promise.all(children.map((child) => child.result))
    const ids = results.flatMap((one) => one.ids)
    const wallMs = Math.max(...results.map((one) => one.end)) - begin
    return {
      rate: (ids.length / wallMs) * 1000,
      twice: ids.length - new Set(ids).size,
      lost: count - new Set(ids).size,
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function startClaimer(kind, folder) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [self, kind, folder], { stdio: ['pipe', 'pipe', 'inherit'] })
    let text = ''
    let done
    const result = new Promise((settle) => {
      done = settle
    })
    child.on('error', reject)
    child.stdout.on('data', (chunk) => {
      text += chunk
      if (text.startsWith('ready\n')) resolve({ go: () => child.stdin.end('go\n'), result })
    })
    child.on('close', () => done(JSON.parse(text.split('\n')[1] || '{"ids":[],"end":0}')))
  })
}

function timed(args, cwd) {
  const begin = process.hrtime.bigint()
  spawnSync(process.execPath, args, { cwd, stdio: 'ignore' })
  return Number(process.hrtime.bigint() - begin) / 1e6
}

/** Medians of runs that take turns, so that a busy moment of the machine meets both. */
function shellClaim(runs) {
  const folder = makeTasks(runs + 5)
  spawnSync('git', ['init', '-q'], { cwd: folder })
  writeFileSync(path.join(folder, 'empty.mjs'), '')
  const empty = []
  const claim = []
  for (let run = 0; run < runs; run++) {
    empty.push(timed(['empty.mjs'], folder))
    claim.push(timed([path.join(packageRoot, 'bin/oompa'), 'tasks', 'claim'], folder))
  }
  rmSync(folder, { recursive: true, force: true })
  return { emptyMs: empty, claimMs: claim }
}

async function manyFiles(count) {
  const { taskFolder } = await import('../dist/tasks/folder/folder-store.js')
  const claimer = { worker: 'bench', pid: process.pid }
  const out = {}
  for (const complete of [0, count]) {
    const folder = makeTasks(count, complete)
    let begin = performance.now()
    await taskFolder('tasks', folder).list()
    const listMs = performance.now() - begin
    const store = taskFolder('tasks', folder)
    begin = performance.now()
    await store.claim({ claimer })
    const firstClaimMs = performance.now() - begin
    begin = performance.now()
    for (let run = 0; run < 50; run++) await store.claim({ claimer })
    out[`${complete} complete`] = { listMs, firstClaimMs, nextClaimMs: (performance.now() - begin) / 50 }
    rmSync(folder, { recursive: true, force: true })
  }
  return out
}

async function main() {
  const full = process.argv.includes('--full')
  const { emptyMs, claimMs } = shellClaim(rounds(15))
  const ratio = claimMs.map((ms, at) => ms / emptyMs[at])
  printRow(
    { row: '`oompa tasks claim` from a shell', unit: 'ms', against: 'an empty ESM program' },
    { ratioAtMost: 2 },
    { ours: claimMs, theirs: emptyMs, ratio },
  )
  const files = await manyFiles(10_000)
  const [fresh, old] = [files['0 complete'], files['10000 complete']]
  const first = { row: '10,000 pending tasks: list and first claim', unit: 'ms' }
  printRow(first, { atMost: 1000 }, { ours: [fresh.listMs + fresh.firstClaimMs] })
  printRow(
    { row: 'the next claim with 10,000 complete tasks', unit: 'ms', against: 'with none' },
    { ratioAtMost: 1.5 },
    { ours: [old.nextClaimMs], theirs: [fresh.nextClaimMs], ratio: [old.nextClaimMs / fresh.nextClaimMs] },
  )
  // In full 100,000 claims in all by the store.
  for (const [processes, count, races] of full
    ? [
        [16, 5000, 10],
        [128, 5000, 10],
      ]
    : [
        [16, 2000, 2],
        [128, 2000, 1],
      ]) {
    const rates = { rename: [], store: [] }
    let wrong = 0
    for (let round = 0; round < races; round++) {
      for (const kind of ['rename', 'store']) {
        const one = await race(kind, processes, count)
        rates[kind].push(one.rate)
        if (kind === 'store') wrong += one.twice + one.lost
      }
    }
    if (wrong > 0) throw new Error(`${wrong} of ${count * races} claims were made twice or lost`)
    printRow(
      {
        row: `claims by ${processes} processes, ${count * races} in all, none twice`,
        unit: '/s',
        against: 'a bare rename loop',
      },
      { ratioAtLeast: 0.5 },
      { ours: rates.store, theirs: rates.rename, ratio: rates.store.map((rate, at) => rate / rates.rename[at]) },
    )
  }
}
