// The claim of a machine that died after its work had landed, found by several at one time.

import path from 'node:path'
import { expect, it } from 'vitest'
import type { NewEvent } from '../../src/events/contract.js'
import type { Recovering } from '../../src/recovery/contract.js'
import { releaseStale } from '../../src/recovery/interrupted.js'
import { gitTasks } from '../../src/tasks/refs/refs-store.js'
import { landingRepository } from '../merge/support.js'

it('is completed once, by whoever is first, and nobody does the task again', async () => {
  const repository = landingRepository({ 'a.txt': 'one\n' })
  const { root } = repository
  const bare = path.join(path.dirname(root), 'bare.git')
  repository.git(['clone', '-q', '--bare', root, bare])
  repository.git(['remote', 'add', 'origin', bare])
  const store = gitTasks({}, root)
  for (const id of ['landed', 'lost']) await store.add({ id, summary: id })
  // No process has this number.
  const claimer = (worker: string) => ({ claimer: { worker, swarm: '0123abcd', pid: 2 ** 22 + 1 } })
  for (const [id, worker] of [
    ['landed', 'w1'],
    ['lost', 'w2'],
  ] as const)
    expect((await store.claim({ id, ...claimer(worker) })).answer).toBe('claimed')
  const mergedCommit = repository.branch('work', { 'b.txt': 'two\n' })
  const message = "Merge branch 'work': landed\n\nOompa-Task: landed\nOompa-Worker: w1"
  repository.git(['merge', '-q', '--no-ff', '-m', message, 'work'])

  const events: NewEvent[] = []
  let asked = 0
  const swarm = {
    id: '89abcdef',
    repository: { root },
    settings: {},
    hooks: {},
    level: 2,
    into: 'main',
    store,
    stopping: { ending: new AbortController().signal },
    emit: (event: NewEvent) => events.push(event),
    fresh: { now: async () => ++asked > 0 },
    pushed: async () => {},
    async pay({ act, done }: Parameters<Recovering['pay']>[0]) {
      await act(store)
      await done()
      return true
    },
  } as unknown as Recovering
  await Promise.all([1, 2, 3].map(() => releaseStale(swarm)))
  const { pending, current, complete } = await store.list()
  expect([pending, current, complete].map((tasks) => tasks.map(({ id }) => id))).toEqual([['lost'], [], ['landed']])
  expect(complete[0]!.extra).toMatchObject({ 'completed-by': 'w1', 'merged-commit': mergedCommit })
  expect(events.map(({ type, task }) => `${type} ${task}`).sort()).toEqual(
    expect.arrayContaining(['task.completed landed', 'task.released lost']),
  )
  expect(events.filter(({ type }) => type === 'task.completed')).toHaveLength(1)
  expect(asked).toBeGreaterThan(0)
})
