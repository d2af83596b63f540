// How many workers the tasks want: what `oompa scale` says and what a swarm of `min` to `max` workers follows.

import { expect, it } from 'vitest'
import { affordable, laneCapacity, lanesHere, lanesWanted } from '../../src/swarm/wanted.js'

const figures = (timeToMerge: number[], testing: number[], gateRuns: number) => ({
  timeToMerge,
  stages: new Map([['testing' as const, testing]]),
  gateRuns,
})

it.each([
  ['nothing has landed', [figures([], [], 0)], undefined],
  ['a test of a minute, work of ten', [figures([600, 600], [60, 60], 2)], 10],
  ['four landings of each test', [figures([600, 600, 600, 600], [60], 1)], 40],
  ['tests that take all of the time', [figures([60], [60], 3)], 1],
  ['several swarms', [figures([100], [50], 1), figures([300], [50], 1)], 4],
])('%s', (_what, all, wanted) => expect(laneCapacity(all)).toBe(wanted))

it.each([
  ['one for each task that is ready or held', { ready: 4, held: 2 }, 6],
  ['none without a task', { ready: 0, held: 0 }, 0],
  ['no more than can land', { ready: 9, held: 2, lane: 5 }, 5],
  ['no more than the budget pays for', { ready: 9, held: 2, lane: 5, affords: 3 }, 3],
  ['none when the budget is spent', { ready: 9, held: 0, affords: 0 }, 0],
])('wants %s', (_what, facts, wanted) => {
  expect(lanesWanted({ lane: undefined, affords: undefined, ...facts })).toBe(wanted)
})

it.each([
  ['what others have not', 5, { min: 1, max: 9, elsewhere: 2 }, 3],
  ['at least `min`', 0, { min: 2, max: 9, elsewhere: 4 }, 2],
  ['at most `max`', 40, { min: 1, max: 9, elsewhere: 0 }, 9],
])('a swarm has %s', (_what, wanted, scale, here) => expect(lanesHere(wanted, scale)).toBe(here))

const spent = (costUsd: number | undefined, iterations: number) => ({
  state: {
    ...(costUsd === undefined ? {} : { costUsd }),
    counts: { iterations, outcomes: {}, landed: 0, refused: 0, rejected: 0 },
  },
})

it.each([
  ['so many as what is left pays for', [spent(4, 3), spent(2, 3)], 2.5, 2],
  ['none when more than that is spent', [spent(4, 4)], -1, 0],
  ['as many as are wanted without a cap', [spent(4, 4)], undefined, undefined],
  ['as many as are wanted while nobody knows what one costs', [spent(undefined, 4)], 5, undefined],
])('a budget affords %s', (_what, shown, left, iterations) => expect(affordable(shown, left)).toBe(iterations))
