import { expect, test } from 'vitest'
import type { OompaEvent } from '../../src/events/contract.js'
import type { View } from '../../src/views/contract.js'
import { lateView } from '../../src/views/late.js'
import { at, started } from '../events/sample.js'

function watched() {
  const seen: OompaEvent['type'][] = []
  let opened = 0
  const view = lateView((): View => {
    opened++
    return { event: ({ type }) => seen.push(type), output() {}, end() {} }
  })
  return { view, seen, opened: () => opened }
}

const probe = { type: 'agent.started', agent: 'claude', attempt: 1, role: 'probe' } as const
const iteration = { type: 'iteration.started', worker: 'w1', iteration: 1 } as const

test('a start shows nothing before something has begun, and then all that it said, in order', () => {
  const { view, seen, opened } = watched()
  view.event(at(0, started()))
  view.event(at(1, { type: 'note', text: 'x' }))
  view.event(at(2, probe))
  expect([opened(), view.isShown]).toEqual([0, false])
  view.event(at(3, iteration))
  view.event(at(4, { type: 'note', text: 'y' }))
  expect([opened(), view.isShown]).toEqual([1, true])
  expect(seen).toEqual(['swarm.started', 'note', 'agent.started', 'iteration.started', 'note'])
})

test('what is waited for, and what a person asks for, is shown at once', () => {
  const { view, seen } = watched()
  view.event(at(0, started()))
  view.eager = true
  expect(seen).toEqual([])
  view.event(at(1, { type: 'note', text: 'Waiting for origin' }))
  expect(seen).toEqual(['swarm.started', 'note'])
  const other = watched()
  other.view.event(at(0, started()))
  other.view.show()
  expect(other.seen).toEqual(['swarm.started'])
})
