// Which task comes first, decision by decision.

import { expect, test } from 'vitest'
import { firstOfClone } from '../../src/tasks/order.js'

const tasks = (count: number, priority?: number) =>
  Array.from({ length: count }, (_, at) => ({ id: `${priority ?? 'x'}-${at}`, priority }))

test('clones take the most urgent first, each of them in an order of its own that stays', () => {
  expect(firstOfClone([], 'a')).toBeUndefined()
  const urgent = tasks(12, 1)
  const all = [...urgent, ...tasks(12, 2), ...tasks(3)]
  const inTurn = (clone: string) => {
    const left = [...all]
    const taken: string[] = []
    for (let next = firstOfClone(left, clone); next; next = firstOfClone(left, clone)) {
      taken.push(next.id)
      left.splice(left.indexOf(next), 1)
    }
    return taken
  }
  const [a, b] = [inTurn('host:/a'), inTurn('host:/b')]
  for (const one of [a, b]) {
    expect(one).toHaveLength(all.length)
    expect(one.slice(0, 12).sort()).toEqual(urgent.map(({ id }) => id).sort())
  }
  expect(a).toEqual(inTurn('host:/a'))
  // Of the first half of the urgent ones two clones share fewer than they would by the names, which is all of them.
  const shared = a.slice(0, 6).filter((id) => b.slice(0, 6).includes(id))
  expect(shared.length).toBeLessThan(6)
})
