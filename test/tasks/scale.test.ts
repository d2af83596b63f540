// How many workers can land what they make, from what the latest swarms have shown.

import { expect, it } from 'vitest'
import { laneCapacity } from '../../src/commands/scale.js'

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
