// Proves a task store: exclusive claims, ownership, a crash, order. Shipped, so that a team can prove its own:
//   for (const { name, run } of conformance(makeStore)) test(name, run)

import { strict as assert } from 'node:assert'
import { spawn } from 'node:child_process'
import type { Claim, ClaimRequest, Completion, TaskStore } from './contract.js'
import { requeueStale, staleClaims } from './requeue.js'
import { hopeFor } from './wait.js'

/** An empty store, and as many handles on it as are asked for, each as another process would open it. */
export interface StoreUnderTest {
  open(): TaskStore | Promise<TaskStore>
  /**
   * Puts the last sign of life of the claim of this task so far into the past, milliseconds. Without it the cases of a
   * lease, and of a holder elsewhere, prove nothing.
   */
  age?(id: string, ms: number): void | Promise<void>
  /** Makes the holder of this task a process of another machine, which nobody here can see. */
  elsewhere?(id: string): void | Promise<void>
  /** Adds many tasks at once, for the case of a large store; else they are added one after the other. */
  fill?(tasks: readonly { readonly id: string; readonly summary: string }[]): void | Promise<void>
  /** Takes the store away, as a network or a disk does; gives what brings it back. */
  away?(): Promise<() => void | Promise<void>>
  /** Removes it. */
  close?(): void | Promise<void>
}

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

interface CaseFacts {
  readonly place: StoreUnderTest
  readonly tasks: number
  readonly many: number
}

type Case = (store: TaskStore, another: () => Promise<TaskStore>, facts: CaseFacts) => Promise<void>

/** Longer than any lease. */
const LONG_MS = 7 * 24 * 3_600_000

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

  async 'the claim of a dead process is found, put back, and its holder is refused'(store, another) {
    if (!store.take) return // a store that cannot take over puts claims back in its own way
    await store.add({ id: 'one', summary: 'First' })
    await store.add({ id: 'two', summary: 'Second' })
    const dead = await claimed(store, { id: 'one', claimer: { worker: 'w9', pid: await deadPid() } })
    const live = await claimed(store, { id: 'two' })
    const other = await another()
    assert.deepEqual(
      (await staleClaims(other)).map((one) => one.id),
      ['one'],
    )
    const both = await Promise.all([requeueStale(store, { by: 'a' }), requeueStale(other, { by: 'b' })])
    assert.equal(both.flatMap((one) => one.requeued).length, 1, 'it must be put back once')
    assert.deepEqual(
      (await store.list()).pending.map((task) => task.id),
      ['one'],
    )
    await refuses('not-yours', store.complete(dead, completion))
    await store.complete(live, completion)
  },

  async 'a claim that is taken over is the new holder’s alone'(store) {
    if (!store.take) return
    await store.add({ id: 'one', summary: 'First' })
    const first = await claimed(store, {})
    await refuses('not-yours', store.take('one', you, `${first.fence}0`))
    const second = await store.take('one', you, first.fence)
    await refuses('not-yours', store.complete(first, completion))
    await store.complete(second, completion)
  },

  async 'the old holder’s renewing does nothing after a takeover'(store, another, { place }) {
    if (!store.take || !store.renew) return
    await store.add({ id: 'one', summary: 'First' })
    const first = await claimed(store, { claimer: { worker: 'w1' } })
    const second = await (await another()).take!('one', { worker: 'w2' }, first.fence)
    await store.renew([first])
    const [held] = (await store.list()).current
    assert.deepEqual([held?.claim?.holder.worker, held?.claim?.fence], ['w2', second.fence])
    if (place.age) {
      await place.age('one', LONG_MS)
      await store.renew([first])
      assert.equal((await staleClaims(store)).length, 1, 'the old holder has kept the new one’s claim alive')
      await store.renew([second])
      assert.deepEqual(await staleClaims(store), [])
    }
    await refuses('not-yours', store.release(first, 'late'))
    await store.complete(second, completion)
  },

  async 'a claim without a process lives by its lease: renewed it lives on, lapsed it goes back'(
    store,
    another,
    facts,
  ) {
    const { age } = facts.place
    if (!age || !store.renew) return
    await store.add({ id: 'one', summary: 'First' })
    const lease = await claimed(store, { claimer: { worker: 'w1' } })
    assert.deepEqual(await staleClaims(store), [])
    await age('one', LONG_MS)
    await store.renew([lease])
    assert.deepEqual(await staleClaims(store), [], 'a renewed claim is alive')
    await age('one', LONG_MS)
    const other = await another()
    assert.deepEqual(
      (await staleClaims(other)).map((one) => one.id),
      ['one'],
    )
    assert.equal((await requeueStale(other, { by: 'a' })).requeued.length, 1)
    await refuses('not-yours', store.complete(lease, completion))
    assert.equal((await claimed(store, {})).task.id, 'one')
  },

  async 'a holder on another machine is alive, though nobody sees its process, until its lease lapses'(
    store,
    another,
    { place },
  ) {
    if (!place.elsewhere || !place.age || !store.renew) return
    await store.add({ id: 'one', summary: 'First' })
    const far = await claimed(store, { claimer: { worker: 'w9', pid: await deadPid() } })
    await place.elsewhere('one')
    const other = await another()
    assert.deepEqual(await staleClaims(other), [], 'its process is no process of this machine')
    assert.equal((await requeueStale(other, { by: 'a' })).requeued.length, 0)
    await place.age('one', LONG_MS)
    await store.renew([far])
    assert.deepEqual(await staleClaims(other), [], 'it is renewed from there')
    await place.age('one', LONG_MS)
    assert.equal((await requeueStale(other, { by: 'a' })).requeued.length, 1)
    await refuses('not-yours', store.complete(far, completion))
  },

  async 'who waits for what somebody else holds is told to wait while that claim lives, and gets it when it has lapsed'(
    store,
    another,
    { place },
  ) {
    const other = await another()
    await store.add({ id: 'base', summary: 'First' })
    await store.add({ id: 'top', summary: 'After it', dependsOn: ['base'] })
    const hope = async () => hopeFor({ wants: {} }, [], await store.list(), false)
    const far = await claimed(other, { id: 'base', claimer: { worker: 'w9' } })
    assert.equal((await store.claim({ claimer: me })).answer, 'none')
    assert.ok(await hope(), 'its landing could make a task ready')
    if (place.age && store.take && store.renew) {
      await place.elsewhere?.('base')
      await place.age('base', LONG_MS)
      assert.equal(await hope(), undefined, 'nobody is at work on it any more')
      assert.equal((await requeueStale(store, { by: 'a' })).requeued.length, 1)
      const base = await claimed(store, {})
      assert.equal(base.task.id, 'base')
      await refuses('not-yours', other.complete(far, completion))
      await store.complete(base, completion)
    } else await other.complete(far, completion)
    assert.equal((await claimed(store, {})).task.id, 'top')
  },

  async 'a store that is away says so, and loses nothing'(store, another, { place }) {
    if (!place.away) return
    await store.add({ id: 'one', summary: 'First' })
    await store.add({ id: 'two', summary: 'Second' })
    const claim = await claimed(store, { id: 'one' })
    const back = await place.away()
    try {
      await assert.rejects(store.claim({ claimer: you }), 'no task and no answer are not the same')
      await assert.rejects(store.complete(claim, completion))
      await assert.rejects(store.release(claim, 'away'))
      await assert.rejects(store.add({ id: 'three', summary: 'Third' }))
    } finally {
      await back()
    }
    const { pending, current, complete } = await (await another()).list()
    assert.deepEqual(
      [pending, current, complete].map((tasks) => tasks.map((task) => task.id)),
      [['two'], ['one'], []],
    )
    await store.complete(claim, completion)
    assert.equal((await store.list()).complete.length, 1)
  },

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

const me = { worker: 'w1', pid: process.pid }
const you = { worker: 'w2', pid: process.pid }
const completion: Completion = { by: 'w1', at: '2026-01-02T03:04:05.000Z' }

async function claimed(store: TaskStore, request: Partial<ClaimRequest>): Promise<Claim> {
  const answer = await store.claim({ claimer: me, ...request })
  if (answer.answer === 'claimed') return answer.claim
  assert.fail(`expected a claim, got ${answer.answer}: ${answer.why}`)
}

async function claimAll(store: TaskStore, worker: string): Promise<string[]> {
  const ids: string[] = []
  for (;;) {
    const answer = await store.claim({ claimer: { worker, pid: process.pid } })
    if (answer.answer !== 'claimed') return ids
    ids.push(answer.claim.task.id)
  }
}

async function refuses(code: string, work: Promise<unknown>): Promise<void> {
  await assert.rejects(work, (error) => {
    assert.equal(error instanceof Error && 'code' in error ? error.code : undefined, code)
    return true
  })
}

/** An executable can say no, and not with which code: the status says it. */
async function refusesTwice(work: Promise<unknown>): Promise<void> {
  await assert.rejects(work, (error) => {
    assert.equal(error instanceof Error && 'status' in error ? error.status : undefined, 4)
    return true
  })
}

/** A pid that was a process's and is nobody's now. */
async function deadPid(): Promise<number> {
  const child = spawn(process.execPath, ['-e', ''], { stdio: 'ignore' })
  await new Promise((resolve) => child.on('close', resolve))
  return child.pid ?? 2 ** 22
}
