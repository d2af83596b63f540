// Tickets for landing on a ref of a real bare remote, by two clones.

import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { laneIn } from '../../src/swarm/lane.js'
import { remoteTickets } from '../../src/tasks/refs/landing-tickets.js'
import { until } from '../support/loop.js'
import { repositoryAt, type TestRepository, testRepository } from '../support/repository.js'

const REF = 'refs/oompa/lanes/main'
const NEVER = new AbortController().signal

function clones() {
  const first = testRepository()
  const base = path.dirname(first.root)
  const at = path.join(base, 'bare.git')
  first.git(['clone', '-q', '--bare', first.root, at])
  const bare = repositoryAt(at, first.home)
  const said: string[] = []
  const machines = ['alder', 'birch', 'cedar'].map((host) => {
    const root = path.join(base, host)
    first.git(['clone', '-q', at, root])
    const tickets = remoteTickets({ root, remote: 'origin', refused: (words) => said.push(words) })
    return { host, tickets, repository: repositoryAt(root, first.home) }
  })
  return { bare, said, machines }
}

function textAt(bare: TestRepository): string {
  return bare.git(['for-each-ref', REF]) === '' ? '' : bare.git(['cat-file', 'blob', `${REF}:lanes.json`])
}

/** The hosts whose tickets there are, in their order. */
const hostsAt = (bare: TestRepository): string[] =>
  [...textAt(bare).matchAll(/"host":"(\w+)"/g)].map(([, host]) => host!)

it('one lands at a time, in the order in which they came, and nothing is left on the remote', async () => {
  const { bare, machines } = clones()
  const said: string[] = []
  let open = () => {}
  const gate = new Promise<void>((resolve) => {
    open = resolve
  })
  const landings: Promise<void>[] = []
  for (const { host, tickets } of machines) {
    const lane = laneIn(tickets, { target: 'main', swarm: '0123abcd', host })
    landings.push(
      lane(
        async () => {
          said.push(`${host} begins`)
          await gate
          said.push(`${host} ends`)
        },
        { signal: NEVER },
      ),
    )
    await until(() => hostsAt(bare).includes(host), `the ticket of ${host}`)
  }
  expect(said).toEqual(['alder begins'])
  open()
  await Promise.all(landings)
  expect(said).toEqual(machines.flatMap(({ host }) => [`${host} begins`, `${host} ends`]))
  expect(bare.git(['for-each-ref', 'refs/oompa'])).toBe('')
})

it('says to whose turn it is what those behind it offer, as long as they do', async () => {
  const { machines } = clones()
  const [alder, birch] = machines.map(({ host, tickets }, at) => ({
    ask: (more: object = {}) => tickets.lane({ target: 'main', swarm: `0123abc${at}`, host, leaseMs: 60_000, ...more }),
    tickets,
  }))
  const { ticket, offered } = await alder!.ask()
  const second = await birch!.ask()
  expect([offered, second.offered]).toEqual([[], []])
  await birch!.ask({ ticket: second.ticket, offers: [{ commit: 'one' }] })
  expect((await alder!.ask({ ticket })).offered).toEqual([{ commit: 'one' }])
  // Who only renews goes on offering it.
  await birch!.ask({ ticket: second.ticket })
  expect((await alder!.ask({ ticket })).offered).toEqual([{ commit: 'one' }])
  await birch!.ask({ ticket: second.ticket, offers: [] })
  expect((await alder!.ask({ ticket })).offered).toEqual([])
  await birch!.ask({ ticket: second.ticket, offers: [{ commit: 'two' }] })
  await birch!.tickets.leaveLane(second.ticket)
  expect((await alder!.ask({ ticket })).offered).toEqual([])
})

it('whoever does not renew its ticket is passed over, and a holder that works is not', async () => {
  const { bare, machines } = clones()
  const [dead, works, waits] = machines.map(({ host, tickets }) => ({
    tickets,
    options: { target: 'main', swarm: '0123abcd', host, leaseMs: 60_000 },
  }))
  await dead!.tickets.lane(dead!.options)
  let isOver = false
  const renewed = () => Number(/"birch","renewed":(\d+)/.exec(textAt(bare))?.[1])
  const working = laneIn(works!.tickets, { ...works!.options, leaseMs: 2000 })(
    async () => {
      expect(hostsAt(bare)[0]).toBe('birch')
      await until(() => hostsAt(bare)[1] === 'cedar' && renewed() >= 2, 'who waits, and signs of life')
      isOver = true
    },
    { signal: NEVER },
  )
  await until(() => hostsAt(bare).includes('birch'), 'who works')
  await laneIn(waits!.tickets, waits!.options)(async () => expect(isOver).toBe(true), { signal: NEVER })
  await working
  expect(hostsAt(bare)).toEqual([])
})

it('renewals that take long come one at a time, and none after the landing has ended', async () => {
  const said: string[] = []
  const slow = {
    async lane() {
      said.push('asked')
      await sleep(100)
      said.push('answered')
      return { ticket: 't', ahead: 0, offered: [] }
    },
    async leaveLane() {
      said.push('left')
    },
  }
  const lane = laneIn(slow, { target: 'main', swarm: '0123abcd', leaseMs: 40 })
  await lane(
    async () => {
      await until(() => said.length >= 5, 'a renewal that is under way')
      said.push('landed')
    },
    { signal: NEVER },
  )
  await sleep(200)
  expect(said.at(-1)).toBe('left')
  const renewals = said.filter((word) => word === 'asked' || word === 'answered')
  expect(renewals).toEqual(renewals.map((_, at) => (at % 2 === 0 ? 'asked' : 'answered')))
  expect(renewals.at(-1)).toBe('answered')
})

it('a server that takes no such refs is asked once; nobody waits then', async () => {
  const { bare, said, machines } = clones()
  const hook = path.join(bare.root, 'hooks/update')
  writeFileSync(
    hook,
    '#!/bin/sh\necho asked >> asked\ncase $1 in refs/oompa/*) echo "branches only" >&2; exit 1;; esac\n',
    {
      mode: 0o755,
    },
  )
  const lane = laneIn(machines[0]!.tickets, { target: 'main', swarm: '0123abcd' })
  for (const landing of ['one', 'two']) expect(await lane(async () => landing, { signal: NEVER })).toBe(landing)
  expect(said).toEqual([expect.stringContaining('branches only')])
  expect(readFileSync(path.join(bare.root, 'asked'), 'utf8')).toBe('asked\n')
  expect(bare.git(['for-each-ref', 'refs/oompa'])).toBe('')
})

it('a name that an agent made for main, where another clone would look, moves and removes nothing', async () => {
  const { bare, machines } = clones()
  const [{ tickets, repository }, other] = machines as [(typeof machines)[number], (typeof machines)[number]]
  const before = repository.git(['rev-parse', 'main'])
  for (const kind of ['lanes', 'seen-lanes'])
    repository.git(['symbolic-ref', `refs/oompa/${kind}/main`, 'refs/heads/main'])
  const held = await other.tickets.lane({ target: 'main', swarm: '0123abcd', host: 'birch', leaseMs: 60_000 })
  const own = await tickets.lane({ target: 'main', swarm: '0123abcd', host: 'alder', leaseMs: 60_000 })
  expect(own.ahead).toBe(1)
  await other.tickets.leaveLane(held.ticket)
  await tickets.leaveLane(own.ticket)
  expect(repository.git(['rev-parse', 'main'])).toBe(before)
  expect(bare.git(['for-each-ref', 'refs/oompa'])).toBe('')
})

it('a server that lets nobody remove a ref has an empty list in the end, and turns are taken all the same', async () => {
  const { bare, said, machines } = clones()
  bare.write(
    'hooks/update',
    '#!/bin/sh\ncase $3 in 0000000*) echo "nothing is removed here" >&2; exit 1;; esac\n',
    0o755,
  )
  for (const { tickets, host } of machines.slice(0, 2)) {
    const lane = laneIn(tickets, { target: 'main', swarm: '0123abcd', host })
    await lane(async () => expect(hostsAt(bare)).toEqual([host]), { signal: NEVER })
    expect(textAt(bare)).toContain('"tickets":[')
    expect(hostsAt(bare)).toEqual([])
  }
  expect(said).toEqual([])
})

it('what is no ticket is none: a text of somebody else’s, and a remote that is away, keep nobody waiting', async () => {
  const { bare, machines } = clones()
  const [{ tickets, repository }] = machines as [(typeof machines)[number]]
  const lane = laneIn(tickets, { target: 'main', swarm: '0123abcd' })
  bare.git(['update-ref', REF, 'refs/heads/main'])
  expect(await lane(async () => hostsAt(bare).length, { signal: NEVER })).toBe(1)
  expect(hostsAt(bare)).toEqual([])
  repository.git(['remote', 'set-url', 'origin', `${bare.root}.away`])
  expect(await lane(async () => 'landed', { signal: NEVER })).toBe('landed')
})
