// Which changes are tested together: decided by a pure function, so all of its cases can be tried.

import { describe, expect, test } from 'vitest'
import { afterFailure, defaultBatch, nextGroup, type QueueState } from '../../src/merge/next-group.js'

interface One {
  readonly id: number
  readonly worker: string
  readonly bad?: boolean
}

const ones = (count: number, bad: readonly number[] = []): One[] =>
  Array.from({ length: count }, (_, id) => ({ id, worker: `w${id}`, ...(bad.includes(id) ? { bad: true } : {}) }))

/** Runs the queue to its end over a model in which a change is bad by itself. */
function simulate(all: readonly One[], batch: number): { landed: number[]; refused: number[]; runs: number } {
  let state: QueueState<One> = { waiting: all, suspects: [] }
  const ended = { landed: [] as number[], refused: [] as number[], runs: 0 }
  for (;;) {
    const { group, rest } = nextGroup(state, batch)
    if (group.length === 0) return ended
    state = rest
    ended.runs++
    if (!group.some((one) => one.bad)) ended.landed.push(...group.map((one) => one.id))
    else if (group.length === 1) ended.refused.push(group[0]!.id)
    else state = afterFailure(state, group)
  }
}

describe('the queue', () => {
  test('takes changes in the order of arrival, up to a batch', () => {
    const { group, rest } = nextGroup({ waiting: ones(5), suspects: [] }, 3)
    expect(group.map((one) => one.id)).toEqual([0, 1, 2])
    expect(rest.waiting.map((one) => one.id)).toEqual([3, 4])
  })

  test('is fair: a worker’s second change comes after every other worker’s first', () => {
    const waiting = [
      { id: 0, worker: 'w1' },
      { id: 1, worker: 'w1' },
      { id: 2, worker: 'w2' },
    ]
    expect(nextGroup({ waiting, suspects: [] }, 2).group.map((one) => one.id)).toEqual([0, 2])
  })

  test.each([1, 2, 3, 8])('lands all good changes and refuses all bad ones, in batches of %i', (batch) => {
    const ended = simulate(ones(20, [3, 4, 11]), batch)
    expect(ended.refused).toEqual([3, 4, 11])
    expect([...ended.landed].sort((a, b) => a - b)).toEqual(
      ones(20)
        .map((one) => one.id)
        .filter((id) => ![3, 4, 11].includes(id)),
    )
  })

  test('needs one run for eight good changes, and at most 0.45 for each where one of twenty is bad', () => {
    expect(simulate(ones(8), 8).runs).toBe(1)
    expect(simulate(ones(40, [5, 25]), 8).runs / 38).toBeLessThanOrEqual(0.45)
  })

  test('lands the good half before anything new is tested', () => {
    const state = afterFailure({ waiting: ones(4).slice(2), suspects: [] }, ones(2))
    expect(nextGroup(state, 8).group.map((one) => one.id)).toEqual([0])
  })

  test('chooses the batch by the number of workers', () => {
    expect([1, 3, 10, 100].map(defaultBatch)).toEqual([1, 1, 8, 8])
  })
})
