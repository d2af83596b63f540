// Proves a task store: exclusive claims, ownership, a crash, order. Shipped, so that a team can prove its own:
//   for (const { name, run } of conformance(makeStore)) test(name, run)

import { strict as assert } from 'node:assert'
import {
  type Case,
  claimed,
  completion,
  me,
  refuses,
  refusesTwice,
  type StoreUnderTest,
  you,
} from './conformance-case.js'
import { lifeCases } from './conformance-life.js'
import type { TaskStore } from './contract.js'

export interface ConformanceCase {
  readonly name: string
  /** Rejects with what is wrong. */
  run(): Promise<void>
}

/**
 * The cases that every store must pass, independent of a test runner.
 * @param makeStore makes a new, empty store for each case
 * @param options.tasks how many tasks many handles claim at once; fewer for a store that starts a program for each call
 * @param options.many how many tasks a large store holds; fewer for the same reason
 */
export function conformance(
  makeStore: () => StoreUnderTest | Promise<StoreUnderTest>,
  options: { readonly tasks?: number; readonly many?: number } = {},
): readonly ConformanceCase[] {
  return Object.entries(cases).map(([name, test]) => ({
    name,
    async run() {
      const place = await makeStore()
      try {
        const { tasks = 40, many = 5000 } = options
        await test(await place.open(), async () => place.open(), { place, tasks, many })
      } finally {
        await place.close?.()
      }
    },
  }))
}

const cases: Readonly<Record<string, Case>> = {
  async 'an added task is pending, with what it was given'(store) {
    const added = await store.add({ id: 'one', summary: 'First', priority: 2, files: ['src/a.ts'] })
    assert.equal(added.id, 'one')
    const { pending, current, complete, problems } = await store.list()
    assert.deepEqual([pending.length, current.length, complete.length, problems.length], [1, 0, 0, 0])
    const [task] = pending
    assert.deepEqual([task?.id, task?.summary, task?.priority, task?.ready], ['one', 'First', 2, true])
  },

  async 'a task without an id gets one'(store) {
    const [first, second] = [await store.add({ summary: 'Same words' }), await store.add({ summary: 'Same words' })]
    assert.ok(first.id)
    assert.notEqual(first.id, second.id)
  },

  async 'an id is given once'(store) {
    await store.add({ id: 'one', summary: 'First' })
    await refusesTwice(store.add({ id: 'one', summary: 'Again' }))
    const claim = await claimed(store, {})
    await refusesTwice(store.add({ id: 'one', summary: 'Again' }))
    await store.complete(claim, completion)
    await refusesTwice(store.add({ id: 'one', summary: 'Again' }))
  },

  async 'claims follow priority, and none comes last'(store) {
    await store.add({ id: 'last', summary: 'No priority' })
    await store.add({ id: 'second', summary: 'Later', priority: 5 })
    await store.add({ id: 'first', summary: 'Now', priority: 0 })
    const order = [await claimed(store, {}), await claimed(store, {}), await claimed(store, {})]
    assert.deepEqual(
      order.map((claim) => claim.task.id),
      ['first', 'second', 'last'],
    )
    assert.equal((await store.claim({ claimer: me })).answer, 'none')
  },

  async 'a task waits for its prerequisites'(store) {
    await store.add({ id: 'base', summary: 'First', priority: 9 })
    await store.add({ id: 'top', summary: 'After it', priority: 0, dependsOn: ['base'] })
    const top = (await store.list()).pending.find((task) => task.id === 'top')
    assert.deepEqual([top?.ready, top?.waitsFor], [false, ['base']])
    assert.equal((await store.claim({ claimer: me, id: 'top' })).answer, 'dependency-missing')
    const base = await claimed(store, {})
    assert.equal(base.task.id, 'base')
    assert.equal((await store.claim({ claimer: me })).answer, 'none', 'a claimed prerequisite is not a complete one')
    await store.complete(base, completion)
    assert.equal((await claimed(store, {})).task.id, 'top')
  },

  async 'what waits for a task of another store is claimed where the claim says that it is complete'(store) {
    // Of ours: these can stand beside each other (`tasks.stores`).
    if (!store.tracked || store.shards) return
    await store.add({ id: 'top', summary: 'After another', dependsOn: ['elsewhere'] })
    assert.equal((await store.claim({ claimer: me, id: 'top' })).answer, 'dependency-missing')
    assert.equal((await store.claim({ claimer: me, done: ['other'] })).answer, 'none')
    assert.equal((await claimed(store, { id: 'top', done: ['elsewhere'] })).task.id, 'top')
  },

  async 'a claim by id says why it cannot be had'(store, another) {
    await store.add({ id: 'one', summary: 'First' })
    const claim = await claimed(store, { id: 'one' })
    const other = await another()
    assert.equal((await other.claim({ claimer: you, id: 'one' })).answer, 'already-taken')
    assert.equal((await other.claim({ claimer: you, id: 'nowhere' })).answer, 'not-found')
    await store.complete(claim, completion)
    assert.equal((await other.claim({ claimer: you, id: 'one' })).answer, 'already-taken')
  },

  async 'one task is claimed by one of many'(store, another, { tasks: count }) {
    for (let index = 0; index < count; index++) await store.add({ id: `t${index}`, summary: `Task ${index}` })
    const handles = await Promise.all(Array.from({ length: 8 }, another))
    const taken = await Promise.all(handles.map((handle, index) => claimAll(handle, `w${index}`)))
    const ids = taken.flat()
    assert.equal(new Set(ids).size, ids.length, 'a task was claimed twice')
    assert.equal(ids.length, count, 'a task was lost')
    const { pending, current } = await store.list()
    assert.deepEqual([pending.length, current.length], [0, count])
  },

  async 'a claimed task is current, with its holder, for every handle'(store, another) {
    await store.add({ id: 'one', summary: 'First' })
    const claim = await claimed(store, {})
    const [task] = (await (await another()).list()).current
    assert.equal(task?.id, 'one')
    if (task?.claim) assert.deepEqual([task.claim.holder.worker, task.claim.fence], [me.worker, claim.fence])
  },

  async 'a released task is pending again, with the reason in its notes'(store) {
    await store.add({ id: 'one', summary: 'First' })
    await store.release(await claimed(store, {}), 'The test failed. Work: refs/oompa/kept/1')
    const [task] = (await store.list()).pending
    assert.match(task?.notes ?? '', /The test failed\. Work: refs\/oompa\/kept\/1/)
    const again = await claimed(store, {})
    assert.match(again.task.notes ?? '', /The test failed/)
  },

  async 'an ended claim cannot be ended again'(store) {
    await store.add({ id: 'one', summary: 'First' })
    const first = await claimed(store, {})
    await store.release(first, '')
    await refuses('not-yours', store.complete(first, completion))
    const second = await claimed(store, {})
    assert.notEqual(second.fence, first.fence)
    await refuses('not-yours', store.release(first, 'late'))
    await refuses('not-yours', store.complete(first, completion))
    await store.complete(second, completion)
    await refuses('not-yours', store.release(second, 'late'))
    const { pending, current, complete } = await store.list()
    assert.deepEqual([pending.length, current.length, complete.map((task) => task.id)], [0, 0, ['one']])
  },

  async 'renewing a claim that has ended does no harm'(store) {
    await store.add({ id: 'one', summary: 'First' })
    const claim = await claimed(store, {})
    await store.renew?.([claim])
    await store.complete(claim, completion)
    await store.renew?.([claim])
    assert.equal((await store.list()).current.length, 0)
  },
  ...lifeCases,
  async 'a large store is listed whole, in order, and a claim in it costs little'(store, another, { place, many }) {
    const name = (index: number) => `t${String(index).padStart(6, '0')}`
    const tasks = Array.from({ length: many }, (_, index) => ({ id: name(index), summary: `Task ${index}` }))
    if (place.fill) await place.fill(tasks)
    else for (const task of tasks) await store.add(task)
    const other = await another()
    const { pending, problems } = await other.list()
    assert.deepEqual([pending.length, problems.length], [many, 0])
    assert.deepEqual([pending[0]?.id, pending.at(-1)?.id], [name(0), name(many - 1)])
    const started = Date.now()
    for (let index = 0; index < 10; index++) assert.equal((await claimed(other, {})).task.id, name(index))
    assert.equal((await claimed(other, { id: name(many - 1) })).task.id, name(many - 1))
    const each = (Date.now() - started) / 11
    assert.ok(each < MOST_FOR_A_CLAIM_MS, `a claim among ${many} tasks takes ${Math.round(each)} ms`)
  },
}

/** A claim among thousands of tasks: more than this, and workers wait for the store and not for their agents. */
const MOST_FOR_A_CLAIM_MS = 3000

async function claimAll(store: TaskStore, worker: string): Promise<string[]> {
  const ids: string[] = []
  for (;;) {
    const answer = await store.claim({ claimer: { worker, pid: process.pid } })
    if (answer.answer !== 'claimed') return ids
    ids.push(answer.claim.task.id)
  }
}
