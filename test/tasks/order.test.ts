// Which task comes first, decision by decision.

import { expect, test } from 'vitest'
import { inOrderOfClone } from '../../src/tasks/order.js'
import type { Task } from '../../src/words.js'

const tasks = (count: number, priority?: number) =>
  Array.from(
    { length: count },
    (_, at): Task => ({
      id: `${priority ?? 'x'}-${at}`,
      summary: '',
      dependsOn: [],
      files: [],
      acceptance: [],
      extra: {},
      priority,
    }),
  )

test('clones take the most urgent first, each of them in an order of its own that stays', () => {
  const urgent = tasks(12, 1)
  const all = [...tasks(3), ...tasks(12, 2), ...urgent]
  const inTurn = (clone: string) => inOrderOfClone(all, clone).map(({ id }) => id)
  const [a, b] = [inTurn('host:/a'), inTurn('host:/b')]
  for (const one of [a, b]) {
    expect([...one].sort()).toEqual(all.map(({ id }) => id).sort())
    expect(one.slice(0, 12).sort()).toEqual(urgent.map(({ id }) => id).sort())
    expect(one.slice(-3).sort()).toEqual(['x-0', 'x-1', 'x-2'])
  }
  expect(inTurn('host:/a')).toEqual(a)
  // Taken by their names, the first half would be the same.
  expect(a.slice(0, 6).filter((id) => b.slice(0, 6).includes(id)).length).toBeLessThan(6)
})
