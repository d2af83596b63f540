import { expect, test } from 'vitest'
import type { OompaEvent } from '../../src/events/contract.js'
import { apply, emptyState, fold } from '../../src/events/fold.js'
import { parseEvent } from '../../src/events/log.js'
import { at, COMMIT, SWARM, sampleEvents, started } from './sample.js'

test('a fold says what each worker is doing, at each moment', () => {
  const state = emptyState('')
  const seen: string[] = []
  for (const event of sampleEvents()) {
    apply(state, event)
    const worker = state.workers.get('w1')
    if (event.worker === 'w1') seen.push(`${worker?.phase}${worker?.doing ? ` ${worker.doing}` : ''}`)
  }
  expect(seen).toEqual([
    'preparing',
    'preparing',
    'working',
    'working Edit src/a.ts',
    'working Edit src/a.ts',
    'preparing',
    'reviewing',
    'preparing rejected in round 1',
    'preparing approved in round 2',
    'queued',
    'testing npm test',
    'preparing landed',
    'preparing landed',
    'idle',
  ])
})

test('a fold adds up costs, landings, kept work, refusals and outcomes', () => {
  const state = fold(sampleEvents())
  expect(state.swarm).toBe(SWARM)
  expect(state.costUsd).toBe(0.25)
  expect(state.counts).toEqual({
    iterations: 2,
    outcomes: { landed: 1, refused: 1 },
    landed: 1,
    refused: 1,
    rejected: 1,
  })
  expect(state.landed).toMatchObject([{ commit: COMMIT, worker: 'w1', task: 't-1', into: 'main' }])
  expect(state.kept).toMatchObject([{ ref: `refs/oompa/kept/${SWARM}/w2-1`, worker: 'w2' }])
  const w2 = state.workers.get('w2')
  expect(w2?.ended).toMatchObject([{ outcome: 'refused', kept: `refs/oompa/kept/${SWARM}/w2-1`, commits: 2 }])
  expect([...(w2?.denials ?? [])]).toEqual(['Bash(rm -rf /)'])
  expect(w2?.costUsd).toBeUndefined()
})

test('the queue holds what waits to land, and loses it when it landed, was refused, or its iteration ended', () => {
  const state = fold([
    at(0, started()),
    at(1, { type: 'landing.queued', worker: 'w1', iteration: 1, branch: 'a', position: 1 }),
    at(2, { type: 'landing.queued', worker: 'w2', iteration: 1, branch: 'b', position: 2 }),
    at(3, { type: 'landing.queued', worker: 'w3', iteration: 1, branch: 'c', position: 3 }),
    at(4, { type: 'landing.queued', worker: 'w4', iteration: 1, branch: 'd', position: 4 }),
  ])
  expect(state.queue.map(({ branch }) => branch)).toEqual(['a', 'b', 'c', 'd'])
  apply(state, at(5, { type: 'landing.landed', worker: 'w1', branch: 'a', into: 'main', commit: COMMIT }))
  apply(state, at(6, { type: 'landing.refused', worker: 'w2', branch: 'b', reason: 'test', feedback: '' }))
  apply(state, at(7, { type: 'iteration.ended', worker: 'w3', iteration: 1, outcome: 'interrupted' }))
  expect(state.queue.map(({ branch }) => branch)).toEqual(['d'])
})

test('a resumed swarm is running again, with its earlier iterations kept', () => {
  const state = fold(sampleEvents())
  apply(state, at(30, { type: 'swarm.stopped', reason: 'interrupted', status: 130 }))
  expect(state.stopped?.status).toBe(130)
  apply(state, at(40, started({ pid: 77, processStart: 'boot.2', resumed: true })))
  expect(state).toMatchObject({ pid: 77, processStart: 'boot.2', resumed: 1, stopped: undefined })
  expect(state.startedAt).toBe(at(0, started()).at)
  expect(state.counts.iterations).toBe(2)
  expect(state.workers.get('w1')?.phase).toBe('idle')
})

test('a limit is shown until its worker goes on', () => {
  const state = fold([at(0, started())])
  const until = at(60, started()).at
  apply(state, at(1, { type: 'limit.waiting', agent: 'claude', until, reason: '429' }))
  expect(state.workers.get('w1')).toMatchObject({ phase: 'limit', until })
  expect(state.workers.get('w2')).toMatchObject({ phase: 'idle' })
  apply(state, at(2, { type: 'iteration.started', worker: 'w1', iteration: 1 }))
  expect(state.workers.get('w1')).toMatchObject({ phase: 'limit', doing: '429' })
  apply(state, at(61, { type: 'agent.started', worker: 'w1', agent: 'claude', attempt: 1, role: 'author' }))
  expect(state.workers.get('w1')).toMatchObject({ phase: 'working', until: undefined })
})

test('a worker that has used up its iterations has ended', () => {
  const state = fold([
    at(0, started()),
    at(1, { type: 'iteration.started', worker: 'w1', iteration: 2 }),
    at(2, { type: 'iteration.ended', worker: 'w1', iteration: 2, outcome: 'nothing' }),
  ])
  expect(state.workers.get('w1')?.phase).toBe('ended')
})

test('a worker whose author said __DONE__ has ended with that iteration', () => {
  const state = fold(sampleEvents())
  const where = { worker: 'w1', iteration: 1 }
  const facts = { agent: 'claude', role: 'author', attempt: 1, status: 0, durationMs: 1 } as const
  apply(state, at(30, { type: 'agent.ended', ...where, ...facts, signals: ['__DONE__'] }))
  expect(state.workers.get('w1')?.phase).toBe('preparing')
  apply(state, at(31, { type: 'iteration.ended', ...where, outcome: 'done' }))
  expect(state.workers.get('w1')?.phase).toBe('ended')
})

test('what belongs to no worker is counted and makes no worker', () => {
  const state = fold([
    at(0, { type: 'agent.started', agent: 'claude', attempt: 1, role: 'probe' }),
    at(1, { type: 'agent.ended', agent: 'claude', role: 'probe', attempt: 1, status: 0, durationMs: 1, costUsd: 0.01 }),
  ])
  expect(state.costUsd).toBe(0.01)
  expect(state.workers.size).toBe(0)
  expect(state.unread).toBe(0)
})

test('events of another version are counted and passed over', () => {
  const lines = [
    JSON.stringify(at(0, started())),
    '{"at":"2027-01-01T00:00:00Z","swarm":"3f2a91bc","type":"worker.dreamed","worker":"w1","dream":"sheep"}',
    '{"at":"2027-01-01T00:00:00Z","swarm":"3f2a91bc","type":"swarm.started","pid":"no","workers":7}',
    '{"at":"2027-01-01T00:00:00Z","swarm":"3f2a91bc","type":"iteration.started"}',
    '{"no":"event"}',
    '"text"',
    '{"at":"2027-01-01T00:0',
  ]
  const state = fold(lines.flatMap((line): OompaEvent[] => [parseEvent(line)].filter((event) => event !== undefined)))
  expect(state.unread).toBe(3)
  expect([...state.workers.keys()]).toEqual(['w1', 'w2'])
})

test('warnings are kept for the end, the latest hundred', () => {
  const state = emptyState('')
  for (let i = 0; i < 150; i++) apply(state, at(i, { type: 'note', text: `n${i}`, level: 'warning' }))
  apply(state, at(200, { type: 'note', text: 'by the way' }))
  expect(state.warnings).toHaveLength(100)
  expect(state.warnings.at(-1)).toBe('n149')
})
