// What happens to servers, connections, processes and machines, while workers take tasks out of PostgreSQL.

import path from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, it, onTestFinished, vi } from 'vitest'
import type { TaskStore } from '../../src/tasks/contract.js'
import { openDatabase } from '../../src/tasks/postgres/database.js'
import { migrate, ownVersion } from '../../src/tasks/postgres/postgres-engine.js'
import { postgresTasks } from '../../src/tasks/postgres/postgres-store.js'
import { MIGRATIONS } from '../../src/tasks/postgres/tables.js'
import { requeueStale, staleClaims } from '../../src/tasks/requeue.js'
import { packageRoot, type Running, start } from '../support/oompa.js'
import { describeWhere } from '../support/optional.js'
import { hasPostgres, type PostgresServer, postgresServer, STARTING_MS } from '../support/postgres.js'
import { temporaryFolder } from '../support/repository.js'
import { linesOf } from './support.js'

let server: PostgresServer
let schema: string
let schemas = 0

describeWhere('PostgreSQL', hasPostgres)('PostgreSQL', () => {
  beforeAll(async () => {
    server = await postgresServer()
  }, STARTING_MS)
  afterAll(() => server?.remove())
  beforeEach(() => {
    schema = `faults_${++schemas}`
  })

  it('eight processes claim and complete each task once', async () => {
    await filled(120)
    const claimers = Array.from({ length: 8 }, (_, index) => claimer(`w${index}`))
    expect(await idsOf(claimers)).toHaveLength(120)
    await allOnce(120)
  })

  it('connections that are cut lose no task, and none is done twice', async () => {
    await filled(60)
    const claimers = Array.from({ length: 4 }, (_, index) => claimer(`w${index}`))
    const over = Promise.all(claimers.map(({ ended }) => ended)).then(() => true)
    let cut = 0
    do {
      const [row] = await server.sql(
        `select count(pg_terminate_backend(pid)) as cut from pg_stat_activity where application_name like 'oompa %'`,
      )
      cut += Number(row?.cut)
    } while (!(await Promise.race([over, pause(20)])))
    expect(cut).toBeGreaterThan(4)
    await allOnce(60)
  })

  it('a server that is stopped, or crashes, and is started again goes on where it was', async () => {
    await filled(80)
    const claimers = Array.from({ length: 4 }, (_, index) => claimer(`w${index}`))
    // Whichever comes first: on a loaded machine one may find all done.
    await Promise.any(claimers.map((one) => one.prints(/t\d+\n/)))
    await server.stop()
    await pause(500)
    await server.start()
    await server.crash()
    await server.start()
    await Promise.all(claimers.map(({ ended }) => ended))
    await allOnce(80)
  })

  it('a claimer that is killed is found dead, and its task goes to another', async () => {
    const store = await filled(1)
    const dead = claimer('w1', { HOLD: '1' })
    await dead.prints(/t0\n/)
    expect(await staleClaims(store)).toEqual([])
    dead.child.kill('SIGKILL')
    await dead.ended
    expect(await staleClaims(store)).toMatchObject([{ id: 't0', reason: expect.stringMatching(/process \d+ is gone/) }])
    expect((await requeueStale(store, { by: 'w2' })).requeued).toHaveLength(1)
    expect((await store.claim({ claimer: { worker: 'w2', pid: process.pid } })).answer).toBe('claimed')
  })

  it('a holder elsewhere that sleeps past its lease loses its claim, and is refused when it wakes', async () => {
    const store = await filled(1)
    const sleeper = claimer('w1', { HOLD: '1' })
    await sleeper.prints(/t0\n/)
    await elsewhere('t0')
    sleeper.child.kill('SIGSTOP')
    await server.sql(`update ${schema}.tasks set seen = seen - interval '1 day' where id = 't0'`)
    expect((await requeueStale(store, { by: 'w2' })).requeued).toHaveLength(1)
    const answer = await store.claim({ claimer: { worker: 'w2', pid: process.pid } })
    sleeper.child.kill('SIGCONT')
    sleeper.child.kill('SIGUSR2')
    expect((await sleeper.ended).stdout).toBe('t0\nnot-yours\n')
    if (answer.answer === 'claimed') await store.complete(answer.claim, { by: 'w2', at: '2026-01-02T03:04:05.000Z' })
    await allOnce(1)
  })

  it('a lease goes by the clock of the server: one of ours that is an hour wrong changes nothing', async () => {
    const store = await filled(1)
    await store.claim({ claimer: { worker: 'w1', pid: process.pid } })
    await elsewhere('t0')
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 3_600_000 })
    onTestFinished(() => {
      vi.useRealTimers()
    })
    expect(await staleClaims(store)).toEqual([])
    expect((await store.engine!.status()).clockAheadMs).toBeGreaterThan(3_500_000)
  })

  it('who waits is woken by what another does, and after the server was away', async () => {
    const store = await filled(0)
    let woken = 0
    const end = store.watch!(() => {
      woken++
    })
    onTestFinished(end)
    const next = async (work: () => Promise<unknown>) => {
      const before = woken
      await work()
      await vi.waitFor(() => expect(woken).toBeGreaterThan(before), 20_000)
    }
    await next(async () => {}) // it listens
    await next(() => opened().add({ summary: 'New' }))
    await server.stop()
    await next(() => server.start())
    await next(() => opened().add({ summary: 'Newer' }))
  })

  it('a task that is added while its prerequisite is completed becomes ready', async () => {
    const store = await filled(12)
    for (let index = 0; index < 12; index++) {
      const answer = await store.claim({ claimer: { worker: 'w1', pid: process.pid }, id: `t${index}` })
      if (answer.answer !== 'claimed') throw new Error(answer.why)
      await Promise.all([
        store.complete(answer.claim, { by: 'w1', at: '2026-01-02T03:04:05.000Z' }),
        opened().add({ id: `after${index}`, summary: 'After it', dependsOn: [`t${index}`] }),
      ])
      const after = await opened().claim({ claimer: { worker: 'w2', pid: process.pid }, id: `after${index}` })
      expect(after.answer).toBe('claimed')
    }
    expect(await store.reopen!('t0', 'It does not work', 'me')).toBe(true)
    await opened().add({ id: 'last', summary: 'Last', dependsOn: ['t0', 't1'] })
    const last = (await store.list()).pending.find(({ id }) => id === 'last')
    expect([last?.ready, last?.waitsFor]).toEqual([false, ['t0']])
  })

  it('claims follow story, priority, role and files', async () => {
    const store = await filled(0)
    await store.add({ id: 'plain', summary: 'Plain', priority: 7 })
    await store.add({ id: 'login', summary: 'Login', story: 'login', priority: 3, role: 'tester' })
    await store.add({ id: 'parser', summary: 'Parser', files: ['./src/parser/'], priority: 5 })
    const named = async (request: object) => {
      const answer = await store.claim({ claimer: { worker: 'w1' }, ...request })
      if (answer.answer !== 'claimed') return answer.answer
      await store.release(answer.claim, '')
      return answer.claim.task.id
    }
    expect(await named({ story: 'login' })).toBe('login')
    expect(await named({ story: 'other' })).toBe('none')
    expect(await named({ priority: 2 })).toBe('none')
    expect(await named({ role: 'writer' })).toBe('parser')
    expect(await named({ files: ['src'] })).toBe('parser')
    expect(await named({ files: ['src/parser/read.ts'] })).toBe('parser')
    expect(await named({ files: ['docs'] })).toBe('none')
  })

  it('what no text of PostgreSQL can hold is kept as far as it can be', async () => {
    const store = await filled(0)
    await store.add({ id: 'odd', summary: 'A \ud800 b', description: "nul \0 and “quotes” \\ '", extra: { a: '\0' } })
    const answer = await store.claim({ claimer: { worker: 'w1' } })
    if (answer.answer !== 'claimed') throw new Error(answer.why)
    await store.release(answer.claim, 'It printed \0')
    const [task] = (await store.list()).pending
    expect([task?.summary, task?.description]).toEqual(['A \ufffd b', "nul \ufffd and “quotes” \\ '"])
    expect(task?.notes).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z w1: It printed \ufffd$/)
  })

  it.each([
    ['none at all', '{}'],
    ['null', 'null'],
    [
      'an id that leads elsewhere',
      '{"id":"../../x","summary":"S","acceptance":[],"files":[],"dependsOn":[],"extra":{}}',
    ],
    ['an id that is an option', '{"id":"--force","summary":"S","acceptance":[],"files":[],"dependsOn":[],"extra":{}}'],
    ['no summary', '{"id":"x","acceptance":[],"files":[],"dependsOn":[],"extra":{}}'],
  ])('what is no task is not added, whoever calls the function: %s', async (_what, task) => {
    const store = await filled(1)
    const add = `select ${schema}.add('${task}', true, null, null, gen_random_uuid())`
    await expect(server.sql(add)).rejects.toThrow(/this is no task/)
    expect(await store.list()).toMatchObject({ pending: [{ id: 't0' }], problems: [] })
  })

  it('a row that something else has spoilt is named, and stops nobody from reading the others', async () => {
    const store = await filled(2)
    await server.sql(`update ${schema}.tasks set task = '{"id":"../x"}' where id = 't0'`)
    const { pending, problems } = await store.list()
    expect(pending.map(({ id }) => id)).toEqual(['t1'])
    expect(problems).toEqual([{ path: `postgres:${schema}/t0`, reason: expect.stringContaining('is a path') }])
    await expect(store.claim({ id: 't0', claimer: { worker: 'w1' } })).rejects.toMatchObject({ code: 'bad-task' })
  })

  it('a role that may only execute does all that a worker does, and can write no row', async () => {
    const store = await filled(2)
    await server.sql('create role worker login')
    await expect(opened(server.urlOf('worker')).list()).rejects.toMatchObject({ code: 'engine-refused', status: 4 })
    await store.engine!.migrate({ grant: 'worker' })
    const worker = opened(server.urlOf('worker'))
    const answer = await worker.claim({ claimer: { worker: 'w1', pid: process.pid } })
    if (answer.answer !== 'claimed') throw new Error(answer.why)
    await worker.renew!([answer.claim])
    await worker.complete(answer.claim, { by: 'w1', at: '2026-01-02T03:04:05.000Z' })
    expect(await worker.reopen!('t0', 'Again', 'w1')).toBe(true)
    await worker.add({ summary: 'More' })
    expect((await worker.engine!.status()).tasks).toMatchObject({ pending: 3, current: 0 })

    const direct = openDatabase({ url: server.urlOf('worker'), schema, root: temporaryFolder(), patienceMs: 0 })
    onTestFinished(() => direct.close())
    for (const sql of [
      `update ${schema}.tasks set state = 'complete'`,
      `select * from ${schema}.tasks`,
      `delete from ${schema}.history`,
      `insert into ${schema}.history (type, task) values ('completed', 't1')`,
      `select nextval('${schema}.fences')`,
      `select ${schema}.said('completed', 't1', '{}', 1, '')`,
      `create table ${schema}.mine ()`,
      `create or replace function ${schema}.version() returns jsonb language sql as 'select null::jsonb'`,
    ]) {
      await expect(direct.rows(sql), sql).rejects.toMatchObject({ code: 'engine-refused' })
    }
    const forged = { ...answer.claim, task: { ...answer.claim.task, id: 't1' } }
    const completion = { by: 'w1', at: '2026-01-02T03:04:05.000Z' }
    await expect(worker.complete(forged, completion)).rejects.toMatchObject({ code: 'not-yours' })
    const [row] = await server.sql(`select role from ${schema}.history where type = 'completed'`)
    expect(row?.role).toBe('worker')
  })

  it('a schema of another version is used as long as it can be, is brought up to ours, and keeps its tasks', async () => {
    const store = await filled(3)
    const database = openDatabase({ url: server.url, schema, root: temporaryFolder(), patienceMs: 0 })
    onTestFinished(() => database.close())
    const own = ownVersion()
    const second = { version: own + 1, oldest: 1, sql: 'alter table :s.tasks add column colour text;' }
    const third = {
      version: own + 2,
      oldest: own + 2,
      sql: 'alter function :s.release(text, text, text, uuid) rename to let_go;',
    }
    const both = [migrate(database, { migrations: [...MIGRATIONS, second] }), migrate(database)]
    await Promise.allSettled(both)
    // A later oompa has added what we need not know.
    expect((await opened().list()).pending).toHaveLength(3)
    expect((await opened().claim({ claimer: { worker: 'w1' } })).answer).toBe('claimed')
    expect(await migrate(database, { migrations: [...MIGRATIONS, second, third] })).toEqual([own + 2])
    // … and now has changed what we call.
    await expect(opened().list()).rejects.toMatchObject({ code: 'engine-new', status: 2 })
    await expect(store.engine!.migrate()).rejects.toMatchObject({ code: 'engine-new' })
    expect(await store.engine!.status()).toMatchObject({ version: own + 2, ownVersion: own })

    await server.sql(`update ${schema}.versions set version = version - 10, oldest = 0`)
    await expect(opened().list()).rejects.toMatchObject({
      code: 'engine-old',
      mend: expect.stringContaining('oompa engine migrate'),
    })
  })

  it('many that begin at once on an empty database make one schema', async () => {
    const stores = Array.from({ length: 6 }, () => opened())
    await Promise.all(stores.map((store, index) => store.add({ id: `t${index}`, summary: `Task ${index}` })))
    expect((await stores[0]!.list()).pending).toHaveLength(6)
  })

  it('an error names the server, and no password', async () => {
    const away = postgresTasks({ url: 'postgres://me:secret@127.0.0.1:1/work', patience: 0 }, temporaryFolder())
    const error = await away.list().catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'store-away', message: expect.stringContaining('127.0.0.1:1/work') })
    expect(JSON.stringify([error, String(error)])).not.toContain('secret')
    await expect(postgresTasks({}).list()).rejects.toMatchObject({ code: 'no-database-url' })
    await expect(postgresTasks({ url: server.url, schema: 'a"; drop' }).list()).rejects.toThrow(/no name for a schema/)
  })
})

it('without the package pg it says which command installs it', async () => {
  const file = path.join(packageRoot, 'test/tasks/fixtures/without-pg.mjs')
  const cwd = temporaryFolder()
  const { stdout, stderr } = await start(process.execPath, [file], { cwd, env: { PATH: process.env.PATH, HOME: cwd } })
    .ended
  expect([stdout, stderr]).toEqual(['{"code":"no-pg","mend":"npm install pg","status":2}\n', ''])
})

function opened(url = server.url): TaskStore {
  const store = postgresTasks({ url, schema, patience: 20 }, temporaryFolder())
  onTestFinished(() => store.close!())
  return store
}

/** A store with tasks `t0`, `t1` … */
async function filled(count: number): Promise<TaskStore> {
  const store = opened()
  await store.list()
  for (let index = 0; index < count; index++) await store.add({ id: `t${index}`, summary: `Task ${index}` })
  return store
}

function claimer(worker: string, env: NodeJS.ProcessEnv = {}): Running {
  const file = path.join(packageRoot, 'test/tasks/fixtures/postgres-claimer.mjs')
  const root = temporaryFolder()
  const running = start(process.execPath, [file, server.url, schema, worker], {
    cwd: root,
    env: { PATH: process.env.PATH, HOME: root, ...env },
  })
  onTestFinished(() => {
    running.child.kill('SIGKILL')
  })
  return running
}

async function idsOf(claimers: readonly Running[]): Promise<string[]> {
  const ended = await Promise.all(claimers.map((one) => one.ended))
  for (const { status, stderr } of ended) expect([status, stderr]).toEqual([0, ''])
  const ids = ended.flatMap(({ stdout }) => linesOf(stdout))
  expect(new Set(ids).size).toBe(ids.length)
  return ids
}

/** Every task is complete, and the history has one completion of each. */
async function allOnce(count: number): Promise<void> {
  const [row] = await server.sql(
    `select count(*) filter (where state = 'complete') as complete, count(*) as tasks,
      (select count(*) from ${schema}.history where type = 'completed') as completions from ${schema}.tasks`,
  )
  expect(row).toEqual({ complete: String(count), tasks: String(count), completions: String(count) })
}

async function elsewhere(id: string): Promise<void> {
  await server.sql(
    `update ${schema}.tasks set holder = jsonb_set(holder, '{owner}',
      (holder->'owner') || '{"host": "elsewhere", "start": "another-system.1"}') where id = $1`,
    [id],
  )
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
