// The cases of the conformance suite about holders that die, fall silent or are replaced, and a store that is away.

import { strict as assert } from 'node:assert'
import { spawn } from 'node:child_process'
import { type Case, claimed, completion, me, refuses, you } from './conformance-case.js'
import { requeueStale, staleClaims } from './requeue.js'
import { hopeFor } from './wait.js'

/** Longer than any lease. */
const LONG_MS = 7 * 24 * 3_600_000

export const lifeCases: Readonly<Record<string, Case>> = {
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
}

/** A pid that was a process's and is nobody's now. */
async function deadPid(): Promise<number> {
  const child = spawn(process.execPath, ['-e', ''], { stdio: 'ignore' })
  await new Promise((resolve) => child.on('close', resolve))
  return child.pid ?? 2 ** 22
}
