// The lane of a target, for swarms of several machines, in a real PostgreSQL.

import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'
import { laneIn } from '../../src/swarm/lane.js'
import { postgresTasks } from '../../src/tasks/postgres/postgres-store.js'
import { until } from '../support/loop.js'
import { describeWhere } from '../support/optional.js'
import { hasPostgres, type PostgresServer, postgresServer, STARTING_MS } from '../support/postgres.js'
import { temporaryFolder } from '../support/repository.js'

let server: PostgresServer
const NEVER = new AbortController().signal

describeWhere('PostgreSQL', hasPostgres)('a lane', () => {
  beforeAll(async () => {
    server = await postgresServer()
    const made = postgresTasks({ url: server.url, schema: 'lanes' }, '/nowhere')
    await made.list()
    await made.close!()
  }, STARTING_MS)
  afterAll(() => server?.remove())

  const machinesOf = (patience = 5) => {
    const store = postgresTasks({ url: server.url, schema: 'lanes', patience }, temporaryFolder())
    onTestFinished(() => store.close!())
    return store.engine!.machines
  }

  it('lets one machine land at a time, in the order in which they came; another target has its own', async () => {
    const said: string[] = []
    let open = () => {}
    const gate = new Promise<void>((resolve) => {
      open = resolve
    })
    const landing = (host: string, target = 'main') =>
      laneIn(machinesOf(), { target, swarm: '0123abcd', host })(
        async () => {
          said.push(`${host} begins`)
          await gate
          said.push(`${host} ends`)
        },
        { signal: NEVER },
      )
    const all: Promise<void>[] = []
    for (const host of ['alder', 'birch', 'cedar']) {
      all.push(landing(host))
      await expectTickets(all.length)
    }
    const other = landing('elsewhere', 'next')
    await until(() => said.includes('elsewhere begins'), 'the other target')
    expect(said).not.toContain('birch begins')
    open()
    await Promise.all([...all, other])
    const main = said.filter((line) => !line.startsWith('elsewhere'))
    expect(main).toEqual(['alder', 'birch', 'cedar'].flatMap((host) => [`${host} begins`, `${host} ends`]))
    expect(await server.sql('select * from lanes.lanes')).toEqual([])
  })

  it('passes over whoever has not renewed its ticket, and a holder that works is not passed over', async () => {
    const machines = machinesOf()
    const options = { target: 'main', swarm: '0123abcd', leaseMs: 400 }
    await machines.lane({ ...options, host: 'dead' })
    const first = laneIn(machines, { ...options, host: 'alder' })(() => sleep(1500), { signal: NEVER })
    await expectTickets(2)
    let firstEnded = false
    void first.then(() => {
      firstEnded = true
    })
    await laneIn(machines, { ...options, host: 'birch' })(async () => expect(firstEnded).toBe(true), { signal: NEVER })
  })

  it('is left by whoever is stopped while it waits, and is waited for by nobody while the server is away', async () => {
    const machines = machinesOf(0)
    const held = await machines.lane({ target: 'main', swarm: '0123abcd', host: 'alder', leaseMs: 60_000 })
    const stopping = new AbortController()
    const lane = laneIn(machines, { target: 'main', swarm: '0123abcd', host: 'birch' })
    const waiting = lane(async () => 'landed', { signal: stopping.signal })
    await expectTickets(2)
    stopping.abort(new Error('stopped'))
    await expect(waiting).rejects.toThrow('stopped')
    await expectTickets(1)
    await server.stop()
    expect(await lane(async () => 'landed', { signal: NEVER })).toBe('landed')
    await server.start()
    await machines.leaveLane(held.ticket)
  })
})

async function expectTickets(count: number): Promise<void> {
  const tickets = () => server.sql("select * from lanes.lanes where target = 'main'")
  await until(async () => (await tickets()).length === count, `${count} tickets`)
}
