// Tasks in PostgreSQL: what a claim costs with 16 processes and 10,000 tasks, and with a hundred or a hundred thousand
// tasks; how soon a task is taken over; what a thousand holders ask of the server. Needs PostgreSQL and `npm run build`:
// node bench/engine.mjs [claims] [flat] [takeover] [holders]

import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createJiti } from 'jiti'
import { postgresTasks } from '../dist/tasks/postgres/postgres-store.js'
import { requeueStale } from '../dist/tasks/requeue.js'
import { printRow, rounds } from './support/rows.mjs'

const self = import.meta.filename
const [mode, url, ...words] = process.argv.slice(2)
const LEASE_S = 5
const PROCESSES = 16
const TASKS = 10_000
const HOLDERS = 1000
const HOLDING = 10
/** The defaults of the loop: a claim is renewed every 30 s, a machine says that it lives every 3 s. */
const [HEARTBEAT_MS, BEAT_MS] = [30_000, 3000]

if (mode === 'claimer') await claimer()
else if (mode === 'holder') await holder(Number(words[0]))
else await main(process.argv.slice(2))

function storeAt(root) {
  return postgresTasks({ url, schema: 'bench', patience: 120 }, root)
}

/** Says that it is ready, waits for the word, does its part, and prints what came of it. */
async function onWord(prepare, act) {
  const store = storeAt(process.cwd())
  const prepared = await prepare(store)
  process.stdout.write('ready\n')
  await new Promise((resolve) => process.stdin.once('data', resolve))
  process.stdout.write(`${JSON.stringify(await act(store, prepared))}\n`, () => process.exit(0))
}

function claimer() {
  return onWord(
    (store) => store.engine.status(),
    async (store) => {
      const ids = []
      const ms = []
      const before = process.cpuUsage()
      for (;;) {
        const begin = performance.now()
        const answer = await store.claim({ claimer: { worker: `p${process.pid}`, pid: process.pid } })
        if (answer.answer !== 'claimed') break
        ms.push(performance.now() - begin)
        ids.push(answer.claim.task.id)
      }
      const { user, system } = process.cpuUsage(before)
      return { ids, ms, cpuMs: (user + system) / 1000 }
    },
  )
}

/** As one machine of a hundred workers, each with a task, that begin and end none of them. */
function holder(seconds) {
  const facts = { version: '0', workers: HOLDERS / HOLDING, agents: [], labels: [], load: 0, cores: 1 }
  const swarm = process.pid.toString(16).padStart(8, '0')
  return onWord(
    async (store) => {
      const claims = []
      while (claims.length < HOLDERS / HOLDING) {
        const answer = await store.claim({ claimer: { worker: `w${claims.length}`, swarm, pid: process.pid } })
        if (answer.answer !== 'claimed') throw new Error(answer.why)
        claims.push(answer.claim)
      }
      return claims
    },
    async (store, claims) => {
      const until = performance.now() + seconds * 1000
      const every = async (ms, act) => {
        while (performance.now() < until) {
          await act()
          await new Promise((resolve) => setTimeout(resolve, Math.min(ms, until - performance.now())))
        }
      }
      await Promise.all([
        every(HEARTBEAT_MS, () => store.renew(claims)),
        every(BEAT_MS, () =>
          store.engine.machines.beat({ host: `m${process.pid}`, swarm, facts, first: 0, lines: [] }),
        ),
      ])
      return {}
    },
  )
}

/** Starts a part, and returns when it is ready; a part that fails fails the bench. */
function startPart(args, cwd) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [self, ...args], { cwd, stdio: ['pipe', 'pipe', 'inherit'] })
    let text = ''
    const result = new Promise((settle, fail) => {
      child.on('close', (status) => {
        if (status === 0) settle(JSON.parse(text.split('\n')[1] ?? '{}'))
        else fail(new Error(`${args[0]} ended with ${status}`))
      })
    })
    result.catch(reject)
    child.stdout.on('data', (chunk) => {
      text += chunk
      if (text.startsWith('ready\n')) resolve({ go: () => child.stdin.end('go\n'), result })
    })
  })
}

async function together(count, args, cwd) {
  const parts = await Promise.all(Array.from({ length: count }, () => startPart(args, cwd)))
  for (const part of parts) part.go()
  return Promise.all(parts.map((part) => part.result))
}

function at(values, part) {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length * part)]
}

async function main(asked) {
  const { postgresServer } = await createJiti(self).import('../test/support/postgres.ts')
  const server = await postgresServer()
  const root = mkdtempSync(path.join(tmpdir(), 'oompa-bench-'))
  writeFileSync(path.join(root, 'oompa.json'), JSON.stringify({ limits: { lease: LEASE_S } }))
  const store = postgresTasks({ url: server.url, schema: 'bench', patience: 120 }, root)
  /** Fills the table as `add` would, but by one statement; a tenth of them wait for others. */
  const fill = async (count) => {
    await store.engine.migrate()
    await server.sql('truncate bench.tasks, bench.needs, bench.history')
    await server.sql(
      `insert into bench.tasks (id, priority, waits, task) select id, n % 5, (n % 10 = 9)::int,
        jsonb_build_object('id', id, 'summary', 'Task number ' || n, 'priority', n % 5, 'acceptance', '[]'::jsonb,
          'files', '[]'::jsonb, 'dependsOn', '[]'::jsonb, 'extra', '{}'::jsonb)
      from (select n, 'task-' || lpad(n::text, 6, '0') as id from generate_series(0, $1 - 1) n) all_tasks`,
      [count],
    )
    await server.sql('analyze bench.tasks')
  }
  const parts = {
    async claims() {
      const [all, p95, cpu] = [[], [], []]
      for (let round = 0; round < rounds(1); round++) {
        await fill(Math.ceil((TASKS * 10) / 9))
        const begin = performance.now()
        const results = await together(PROCESSES, ['claimer', server.url], root)
        const ids = results.flatMap((one) => one.ids)
        if (new Set(ids).size !== ids.length) throw new Error('A task was claimed twice.')
        all.push((ids.length / (performance.now() - begin)) * 1000)
        const ms = results.flatMap((one) => one.ms)
        p95.push(at(ms, 0.95))
        cpu.push(results.reduce((sum, one) => sum + one.cpuMs, 0) / ids.length)
      }
      const what = `${PROCESSES} processes, ${TASKS} tasks in PostgreSQL, none claimed twice`
      printRow({ row: `${what}: a claim, 95 of 100 are faster`, unit: 'ms' }, { atMost: 50 }, { ours: p95 })
      printRow({ row: `${what}: our CPU for a claim`, unit: 'ms' }, { atMost: 1 }, { ours: cpu })
      console.log(`${Math.round(at(all, 0.5))} claims a second`)
    },
    async flat() {
      const claimed = async (count) => {
        const ms = []
        for (let run = 0; run < count; run++) {
          const begin = performance.now()
          await store.claim({ claimer: { worker: 'w1', pid: process.pid } })
          ms.push(performance.now() - begin)
        }
        return at(ms.slice(-50), 0.5)
      }
      const compare = async (row, against, one, other) => {
        const values = { ours: [], theirs: [], ratio: [] }
        for (let round = 0; round < rounds(3); round++) {
          values.theirs.push(await other())
          values.ours.push(await one())
          values.ratio.push(values.ours.at(-1) / values.theirs.at(-1))
        }
        printRow({ row, unit: 'ms', against }, { ratioAtMost: 1.5 }, values)
      }
      const first = (count) => fill(count).then(() => claimed(60))
      await compare(
        'a claim with 100,000 tasks',
        'with 100',
        () => first(100_000),
        () => first(100),
      )
      // The statistics are those of the night's start, when no task was in progress.
      const busy = TASKS / 2
      await compare(
        `a claim with ${busy} tasks in progress`,
        'with 10',
        () => claimed(busy),
        () => first(TASKS),
      )
      const plan = await server.sql(
        `explain select c.id from bench.tasks c where c.state = 'pending' and c.waits = 0
          order by c.priority, c.id limit 1 for update skip locked`,
      )
      console.log(plan.map((line) => line['QUERY PLAN'].trim()).join(' '))
    },
    async takeover() {
      const seconds = []
      for (let round = 0; round < rounds(3); round++) {
        await fill(1)
        // A holder on a machine that nobody hears of again.
        const claim = await startPart(['claimer', server.url], root)
        claim.go()
        await claim.result
        const begin = performance.now()
        const owner = JSON.stringify({ pid: 1, start: 'elsewhere.1', host: 'gone' })
        await server.sql(`update bench.tasks set holder = jsonb_set(holder, '{owner}', $1)`, [owner])
        for (let taken = false; !taken; ) {
          const { requeued } = await requeueStale(store, { by: 'bench' })
          taken = requeued.length > 0
          // As often as a worker looks that waits.
          if (!taken) await new Promise((resolve) => setTimeout(resolve, 2000))
        }
        seconds.push((performance.now() - begin) / 1000)
      }
      const row = `a task of a machine that is gone, with a lease of ${LEASE_S} s, is free again`
      printRow({ row, unit: 's' }, { atMost: LEASE_S + 5 }, { ours: seconds })
    },
    async holders() {
      await fill(Math.ceil((HOLDERS * 10) / 9))
      const count = async () => Number((await server.sql(`select sum(xact_commit) as n from pg_stat_database`))[0].n)
      const seconds = 60
      const parts = await Promise.all(
        Array.from({ length: HOLDING }, () => startPart(['holder', server.url, `${seconds}`], root)),
      )
      // The server counts a transaction within a second of its end.
      await new Promise((resolve) => setTimeout(resolve, 2000))
      const before = await count()
      for (const part of parts) part.go()
      await Promise.all(parts.map((part) => part.result))
      await new Promise((resolve) => setTimeout(resolve, 2000))
      const row = `${HOLDERS} holders in ${HOLDING} processes: what keeps their leases, statements`
      printRow({ row, unit: '/s' }, { atMost: 100 }, { ours: [((await count()) - before) / seconds] })
    },
  }
  try {
    for (const [name, part] of Object.entries(parts)) if (asked.length === 0 || asked.includes(name)) await part()
  } finally {
    await store.close()
    await server.remove()
    rmSync(root, { recursive: true, force: true })
  }
}
