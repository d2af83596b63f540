// Tasks in PostgreSQL pass the suite that we ship, and live through what happens to servers, connections and machines.

import { afterAll, beforeAll, expect, it } from 'vitest'
import { conformance } from '../../src/tasks/conformance.js'
import type { TaskStore } from '../../src/tasks/contract.js'
import { postgresTasks } from '../../src/tasks/postgres/postgres-store.js'
import { describeWhere } from '../support/optional.js'
import { hasPostgres, type PostgresServer, postgresServer, STARTING_MS } from '../support/postgres.js'
import { temporaryFolder } from '../support/repository.js'

let server: PostgresServer
let schemas = 0

describeWhere('PostgreSQL', hasPostgres)('tasks in PostgreSQL', () => {
  beforeAll(async () => {
    server = await postgresServer()
  }, STARTING_MS)
  afterAll(() => server?.remove())

  for (const test of conformance(place)) it(test.name, () => test.run())

  // Statistics are those of the night's start, when no task was in progress: the planner believes that there are none.
  it.each([
    ['a claim', "claim('{}', $1, 60000, gen_random_uuid())"],
    ['a claim by id', `claim('{"id": "t-1999"}', $1, 60000, gen_random_uuid())`],
    [
      'a takeover',
      "take('t-0003', (select fence::text from busy.tasks where id = 't-0003'), $1, 60000, gen_random_uuid())",
    ],
    ['a release', "release('t-0002', (select fence::text from busy.tasks where id = 't-0002'), '', gen_random_uuid())"],
  ])('%s reads a few rows, however many tasks are in progress', async (_, call) => {
    const store = postgresTasks({ url: server.url, schema: 'busy', patience: 0.5 }, temporaryFolder())
    try {
      await store.list()
      await server.sql(`insert into busy.tasks (id, task)
        select id, jsonb_build_object('id', id, 'summary', id, 'acceptance', '[]'::jsonb, 'files', '[]'::jsonb,
          'dependsOn', '[]'::jsonb, 'extra', '{}'::jsonb)
        from (select 't-' || lpad(n::text, 4, '0') as id from generate_series(0, 1999) n) all_tasks`)
      await server.sql('analyze busy.tasks')
      await server.sql(
        `update busy.tasks set state = 'current', fence = nextval('busy.fences'), holder = $1, since = now(),
        seen = now(), lease_ms = 60000, call = gen_random_uuid() where id < 't-1000'`,
        ['{"worker": "w1"}'],
      )
      // Entries of an index whose rows have moved on are passed over once, by whoever comes first.
      await server.sql('vacuum (index_cleanup on) busy.tasks')
      const read = `select pg_stat_get_xact_tuples_returned('busy.tasks'::regclass)
        + coalesce((select sum(pg_stat_get_xact_tuples_returned(indexrelid)) from pg_index
          where indrelid = 'busy.tasks'::regclass), 0) as rows`
      const [row] = await server.sql(
        `with before as materialized (${read}), called as materialized (select busy.${call.replace('$1', `'{"worker": "w2"}'`)} as answer from before)
        select called.answer::text as answer, (${read}) - before.rows as rows from before, called`,
      )
      expect(row?.answer).not.toContain('lost')
      expect(Number(row?.rows)).toBeLessThan(100)
    } finally {
      await store.close?.()
      await server.sql('drop schema busy cascade')
    }
  })
})

/** A schema of its own for each case, and handles that are closed with it. */
function place() {
  const schema = `case_${++schemas}`
  const root = temporaryFolder()
  const opened: TaskStore[] = []
  return {
    open() {
      const store = postgresTasks({ url: server.url, schema, patience: 0.5 }, root)
      opened.push(store)
      return store
    },
    async age(id: string, ms: number) {
      await server.sql(`update ${schema}.tasks set seen = seen - $2 * interval '1 ms' where id = $1`, [id, ms])
    },
    async elsewhere(id: string) {
      await server.sql(
        `update ${schema}.tasks set holder = jsonb_set(holder, '{owner}',
          (holder->'owner') || '{"host": "elsewhere", "start": "another-system.1"}') where id = $1`,
        [id],
      )
    },
    async fill(tasks: readonly { readonly id: string; readonly summary: string }[]) {
      await opened[0]!.list()
      await server.sql(
        `insert into ${schema}.tasks (id, task) select t->>'id', t || '{"acceptance":[],"files":[],"dependsOn":[],"extra":{}}'
          from jsonb_array_elements($1) t`,
        [JSON.stringify(tasks)],
      )
    },
    async away() {
      await server.stop()
      return () => server.start()
    },
    async close() {
      for (const store of opened) await store.close?.()
      await server.sql(`drop schema if exists ${schema} cascade`)
    },
  }
}
