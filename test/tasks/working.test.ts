// What swarms work on, on a ref of a real bare remote, by several clones.

import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { type WorkingOptions, workingList } from '../../src/tasks/refs/working.js'
import { repositoryAt, type TestRepository, testRepository } from '../support/repository.js'

const REF = 'refs/oompa/claims/main'
const HOSTS = ['alder', 'birch', 'cedar'] as const

/** Clones of one bare remote, each with what makes the list of a swarm in it. */
function clones() {
  const first = testRepository()
  const base = path.dirname(first.root)
  const at = path.join(base, 'bare.git')
  first.git(['clone', '-q', '--bare', first.root, at])
  const said: string[] = []
  const machines = HOSTS.map((host, index) => {
    const root = path.join(base, host)
    first.git(['clone', '-q', at, root])
    const listOf = (more: Partial<WorkingOptions> = {}) =>
      workingList({
        root,
        remote: 'origin',
        target: 'main',
        swarm: `0000000${index}`,
        host,
        leaseMs: 60_000,
        isRunningHere: () => undefined,
        refused: (words) => said.push(words),
        ...more,
      })
    return { host, listOf, repository: repositoryAt(root, first.home) }
  })
  return { bare: repositoryAt(at, first.home), said, machines }
}

function textAt(bare: TestRepository): string {
  return bare.git(['for-each-ref', REF]) === '' ? '' : bare.git(['cat-file', 'blob', `${REF}:claims.json`])
}

/** The hosts whose swarms are in the list. */
const hostsAt = (bare: TestRepository): string[] =>
  [...textAt(bare).matchAll(/"host":"(\w+)"/g)].map(([, host]) => host!).sort()

const tasksOf = (list: ReturnType<typeof workingList>) =>
  Object.fromEntries(list.others().map(({ host, tasks }) => [host, tasks]))

it('swarms of two clones see each other from the start, and of one task the first to say it has it', async () => {
  const { bare, machines } = clones()
  const [one, two] = machines.slice(0, 2).map(({ listOf }) => listOf())
  await Promise.all([one!.write([]), two!.write([])])
  await Promise.all([one!.read(), two!.read()])
  expect([one!.others().length, two!.others().length]).toEqual([1, 1])
  expect([...(await one!.write(['a', 'b']))]).toEqual(['a', 'b'])
  expect([...(await two!.write(['b', 'c']))]).toEqual(['c'])
  expect(tasksOf(two!)).toEqual({ alder: ['a', 'b'] })
  expect([...(await one!.write(['a', 'c']))]).toEqual(['a'])
  // Given back: the other may have it.
  expect([...(await two!.write(['b', 'c']))]).toEqual(['b', 'c'])
  await one!.leave()
  expect(hostsAt(bare)).toEqual(['birch'])
  await two!.leave()
  expect(bare.git(['for-each-ref', 'refs/oompa'])).toBe('')
})

it('of two that say it at one time one has it', async () => {
  const { machines } = clones()
  const lists = machines.map(({ listOf }) => listOf())
  const got = await Promise.all(lists.map((list) => list.write(['a'])))
  expect(got.map((ids) => ids.size).sort()).toEqual([0, 0, 1])
})

it('an entry that is not renewed lapses by the reader’s clock, and the next writer removes it', async () => {
  const { bare, machines } = clones()
  const [dead, lives, waits] = machines.map(({ listOf }) => listOf({ leaseMs: 1500 }))
  await dead!.write(['a'])
  await lives!.write(['b'])
  expect([...(await waits!.write(['a', 'b', 'c']))]).toEqual(['c'])
  const until = performance.now() + 2000
  while (performance.now() < until) {
    await lives!.write(['b'])
    await waits!.read()
    await sleep(200)
  }
  expect(tasksOf(waits!)).toEqual({ birch: ['b'] })
  expect([...(await waits!.write(['a', 'b', 'c']))]).toEqual(['a', 'c'])
  expect(hostsAt(bare)).toEqual(['birch', 'cedar'])
})

it('swarms of one clone do not exclude each other; one that has died is removed at once', async () => {
  const { bare, machines } = clones()
  const [{ listOf }, other] = machines as [(typeof machines)[number], (typeof machines)[number]]
  const runs = new Map([
    ['00000000', true],
    ['aaaaaaaa', true],
    ['bbbbbbbb', false],
  ])
  const inOneClone = { isRunningHere: (swarm: string) => runs.get(swarm) }
  const [alpha, beta] = ['00000000', 'aaaaaaaa'].map((swarm) => listOf({ ...inOneClone, swarm }))
  await listOf({ ...inOneClone, swarm: 'bbbbbbbb' }).write(['c'])
  await alpha!.write(['a'])
  expect(textAt(bare)).not.toContain('bbbbbbbb')
  expect([...(await beta!.write(['a', 'b']))]).toEqual(['a', 'b'])
  expect(beta!.others()).toEqual([])
  const elsewhere = other.listOf()
  expect([...(await elsewhere.write(['a', 'b', 'c']))]).toEqual(['c'])
  expect(elsewhere.others().map(({ swarm }) => swarm)).toEqual(['00000000', 'aaaaaaaa'])
})

it('a swarm that is resumed shows signs of life under its old name', async () => {
  const { machines } = clones()
  const [resumed, sees] = machines as [(typeof machines)[number], (typeof machines)[number]]
  await resumed.listOf().write(['a'])
  const list = sees.listOf({ leaseMs: 800 })
  await list.read()
  expect(tasksOf(list)).toEqual({ alder: ['a'] })
  await sleep(1000)
  expect(list.others()).toEqual([])
  await resumed.listOf().write(['b'])
  await list.read()
  expect(tasksOf(list)).toEqual({ alder: ['b'] })
})

it('a server that takes no such refs is asked once', async () => {
  const { bare, said, machines } = clones()
  const hook = path.join(bare.root, 'hooks/update')
  const refuses = '#!/bin/sh\necho asked >> asked\ncase $1 in refs/oompa/*) echo "branches only" >&2; exit 1;; esac\n'
  writeFileSync(hook, refuses, { mode: 0o755 })
  const list = machines[0]!.listOf()
  for (const _ of [1, 2]) await expect(list.write(['a'])).rejects.toThrow('branches only')
  await expect(list.read()).rejects.toThrow('branches only')
  expect(said).toEqual([expect.stringContaining('branches only')])
  expect(readFileSync(path.join(bare.root, 'asked'), 'utf8')).toBe('asked\n')
})

it('a name that an agent made for main, where another clone would look, moves and removes nothing', async () => {
  const { bare, machines } = clones()
  const [{ listOf, repository }, other] = machines as [(typeof machines)[number], (typeof machines)[number]]
  const before = repository.git(['rev-parse', 'main'])
  for (const kind of ['claims', 'seen-claims'])
    repository.git(['symbolic-ref', `refs/oompa/${kind}/main`, 'refs/heads/main'])
  const [own, theirs] = [listOf(), other.listOf()]
  await theirs.write(['a'])
  expect([...(await own.write(['a', 'b']))]).toEqual(['b'])
  await theirs.leave()
  await own.leave()
  expect(repository.git(['rev-parse', 'main'])).toBe(before)
  expect(bare.git(['for-each-ref', 'refs/oompa'])).toBe('')
})

it('what is not of its form is no list, whatever stands there, and is written over', async () => {
  const { bare, machines } = clones()
  const [{ listOf }, writer] = machines as [(typeof machines)[number], (typeof machines)[number]]
  const swarm = { swarm: '0123abcd', host: 'x', renewed: 0, tasks: ['a'] }
  const listed = (more: object) => JSON.stringify({ format: 1, swarms: [{ ...swarm, ...more }] })
  const put = (text: string) => {
    const { git } = writer.repository
    writer.repository.write('claims.json', text)
    git(['add', 'claims.json'])
    const tree = git(['write-tree'])
    git(['push', '-q', '-f', 'origin', `${git(['commit-tree', '-m', 'x', tree])}:${REF}`])
  }
  const list = listOf()
  put(listed({}))
  await list.read()
  expect(tasksOf(list)).toEqual({ x: ['a'] })
  const garbage = [
    'no JSON',
    '{"format":2,"swarms":[]}',
    listed({ swarm: '../../x' }),
    listed({ tasks: ['../x'] }),
    listed({ tasks: Array.from({ length: 201 }, (_, i) => `t${i}`) }),
    listed({ renewed: 1e15 }),
    listed({ host: 'x'.repeat(1_000_001) }),
  ]
  for (const text of garbage) {
    put(text)
    await list.read()
    expect(list.others(), text.slice(0, 60)).toEqual([])
  }
  bare.git(['update-ref', REF, 'refs/heads/main'])
  expect([...(await list.write(['a']))]).toEqual(['a'])
  expect(hostsAt(bare)).toEqual(['alder'])
})
