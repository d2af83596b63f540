// Tasks in PostgreSQL pass the suite that we ship, and live through what happens to servers, connections and machines.

import { afterAll, beforeAll, it } from 'vitest'
import { conformance } from '../../src/tasks/conformance.js'
import type { TaskStore } from '../../src/tasks/contract.js'
import { postgresTasks } from '../../src/tasks/postgres/store.js'
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
