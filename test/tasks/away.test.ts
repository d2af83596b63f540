// A store whose server is away, as a swarm calls it: again, for as long as a claim lives.

import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { OompaError } from '../../src/errors.js'
import type { NewEvent } from '../../src/events/contract.js'
import { makeStopping } from '../../src/swarm/stopping.js'
import { patientStore } from '../../src/swarm/store-away.js'
import type { TaskListing, TaskStore } from '../../src/tasks/contract.js'

const NONE: TaskListing = { pending: [], current: [], complete: [], problems: [] }
const REQUEST = { claimer: { worker: 'w1' } }

/** A store that is away for its next calls, as many as `away` says. */
function flaky(leaseMs = 60_000) {
  const said: NewEvent[] = []
  const stopping = makeStopping()
  const state = { away: 0, calls: 0 }
  const answer = <T>(value: T) => {
    state.calls++
    if (state.away-- <= 0) return Promise.resolve(value)
    return Promise.reject(new OompaError({ code: 'store-away', message: 'No answer.' }))
  }
  const raw = {
    name: 'flaky',
    list: () => answer(NONE),
    claim: () => answer({ answer: 'none', why: 'nothing' }),
    complete: () => answer(undefined),
  } as unknown as TaskStore
  return { ...patientStore(raw, { leaseMs, stopping, emit: (event) => said.push(event) }), state, stopping, said }
}

it('a call is made again until the server answers; that is said once, and the time of it does not count', async () => {
  const { store, state, said, awayMs } = flaky()
  await store.list()
  expect(awayMs()).toBe(0)
  state.away = 2
  expect(await Promise.all([store.list(), store.list()])).toEqual([NONE, NONE])
  expect(said.map(({ type }) => type)).toEqual(['store.away', 'store.back'])
  expect(awayMs()).toBeGreaterThan(400)
})

it('a server that has never answered, and any other error, is waited for by nobody', async () => {
  const { store, state, said } = flaky()
  state.away = 1
  await expect(store.list()).rejects.toMatchObject({ code: 'store-away' })
  expect([state.calls, said]).toEqual([1, []])
})

it('it is given up when a claim could have lapsed meanwhile, for all calls together', async () => {
  const { store, state } = flaky(700)
  await store.list()
  state.away = 1000
  await expect(store.list()).rejects.toMatchObject({ code: 'store-away' })
  const before = state.calls
  await sleep(300)
  await expect(store.list()).rejects.toMatchObject({ code: 'store-away' })
  expect(state.calls).toBe(before + 1)
})

it('a swarm that is being stopped claims nothing more, and still completes what is done', async () => {
  const { store, state, stopping } = flaky()
  await store.list()
  state.away = 3
  stopping.gently('enough', 0)
  const completing = store.complete({} as never, { by: 'w1', at: '' })
  await expect(store.claim(REQUEST)).rejects.toMatchObject({ code: 'store-away' })
  await expect(completing).resolves.toBeUndefined()
})
