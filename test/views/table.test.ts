import { expect, test } from 'vitest'
import { apply, fold } from '../../src/events/fold.js'
import type { SwarmState } from '../../src/events/state.js'
import { coloursFor } from '../../src/views/colour.js'
import { forecastOf } from '../../src/views/figures.js'
import { tableLines } from '../../src/views/table.js'
import { widthOf } from '../../src/views/width.js'
import { at, COMMIT, SWARM, started } from '../events/sample.js'

const colours = coloursFor({}, {})
const now = Date.parse(at(100, started()).at)

function swarm(workers: number): SwarmState {
  const names = Array.from({ length: workers }, (_, i) => `w${i + 1}`)
  const state = fold([
    at(0, started({ workers: names.map((worker) => ({ worker, agent: 'claude:opus', iterations: 5 })) })),
  ])
  for (const worker of names) {
    apply(state, at(30, { type: 'iteration.started', worker, iteration: 2 }))
    apply(state, at(31, { type: 'task.claimed', worker, iteration: 2, task: 't-日本' }))
    apply(
      state,
      at(32, { type: 'agent.started', worker, iteration: 2, agent: 'claude:opus', attempt: 1, role: 'author' }),
    )
    apply(
      state,
      at(33, { type: 'agent.activity', worker, iteration: 2, text: `Edit 日本語/ファイル.ts ${'x '.repeat(99)}` }),
    )
  }
  return state
}

test('no line is wider than the screen, and no more lines than it has room for, at any size', () => {
  for (const workers of [0, 1, 3, 64]) {
    const state = swarm(workers)
    for (const columns of [1, 5, 12, 20, 26, 34, 40, 59, 60, 80, 100, 110, 200]) {
      for (const rows of [1, 2, 3, 6, 22]) {
        const lines = tableLines(state, { columns, rows, now, colours })
        expect(lines.length).toBeLessThanOrEqual(rows)
        expect(Math.max(...lines.map(widthOf))).toBeLessThanOrEqual(columns)
      }
    }
  }
})

test('at 80 columns it shows worker, iteration, what is done now, time and cost', () => {
  const state = swarm(2)
  apply(
    state,
    at(40, {
      type: 'agent.ended',
      worker: 'w2',
      agent: 'claude:opus',
      role: 'author',
      attempt: 1,
      status: 0,
      durationMs: 1,
      costUsd: 1.5,
    }),
  )
  apply(state, at(41, { type: 'landing.testing', worker: 'w2', branch: 'b', command: 'npm test' }))
  expect(tableLines(state, { columns: 79, rows: 22, now, colours })).toEqual([
    'worker  iter  task    now                                           time   cost',
    'w1      2/5   t-日本  Edit 日本語/ファイル.ts x x x x x x x x x x…  1:10      –',
    'w2      2/5   t-日本  tests: npm test                               1:10  $1.50',
    `swarm ${SWARM}  1:40  $1.50  2 of 2 at work`,
  ])
})

test('what needs a person stands above the table, and below it how fast it goes and what is left', () => {
  const state = swarm(1)
  apply(state, at(35, { type: 'approval.waiting', id: 'w1-1-abc', branch: 'b', reasons: ['it touches hooks/'] }))
  const facts = { agent: 'claude', role: 'author', attempt: 1, status: 0, durationMs: 1 } as const
  apply(state, at(36, { type: 'agent.ended', worker: 'w1', ...facts, costUsd: 1, estimated: true }))
  for (const branch of ['b1', 'b2']) apply(state, at(50, { type: 'landing.landed', branch, into: 'main' }))
  apply(state, at(60, { type: 'tasks.left', pending: 3, current: 1 }))
  const lines = tableLines(state, { columns: 150, rows: 22, now, colours })
  expect(lines[0]).toBe('! w1-1-abc waits for you: it touches hooks/: oompa approve w1-1-abc')
  expect(lines[1]).toMatch(/^worker/)
  expect(lines.at(-1)).toContain('~$1.00')
  expect(lines.at(-1)).toContain('72.0/h  4 tasks left, ~$2.00, ~3m')
  expect(tableLines(state, { columns: 150, rows: 8, now, colours })[0]).toMatch(/^worker/)
})

test.each([
  ['nobody has counted', undefined, 1, 2, undefined],
  ['none is left', 0, 1, 2, { tasks: 0, costUsd: 0, ms: 0 }],
  ['nothing has landed', 5, 1, 0, { tasks: 5 }],
  ['nothing has a cost', 5, undefined, 1, { tasks: 5, ms: 500_000 }],
  ['all is known', 5, 3, 2, { tasks: 5, costUsd: 7.5, ms: 250_000 }],
])('a forecast where %s', (_name, tasksLeft, costUsd, landed, expected) => {
  const state = swarm(1)
  Object.assign(state, { tasksLeft, costUsd })
  state.counts.landed = landed
  const found = forecastOf(state, now)
  expect(found && { ...found, ...(found.ms === undefined ? {} : { ms: Math.round(found.ms) }) }).toEqual(expected)
})

test('a long id is cut and not what is done; where nobody has a task there is no column for it', () => {
  const state = swarm(1)
  state.workers.get('w1')!.task = 'a-task-with-a-name-that-has-no-end'
  const row = () => tableLines(state, { columns: 79, rows: 9, now, colours })[1]
  expect(row()).toMatch(/^w1 {6}2\/5 {3}a-task-with-a-name-… {2}Edit /)
  state.workers.get('w1')!.task = undefined
  expect(row()).toMatch(/^w1 {6}2\/5 {3}Edit /)
})

test('a wide screen shows the agent too, a narrow one drops the task, then the cost, then the time', () => {
  const state = swarm(1)
  const row = (columns: number) => tableLines(state, { columns, rows: 9, now, colours })[1]
  expect(row(120)).toMatch(/^w1 {6}2\/5 {8}claude:opus {2}t-日本 {2}Edit/)
  expect(row(40)).toMatch(/^w1 2\/5 Edit .*… {1,2}1:10 –$/)
  expect(row(30)).toMatch(/^w1 2\/5 Edit .*… {1,2}1:10$/)
  expect(row(20)).toMatch(/^w1 2\/5 Edit .*…$/)
})

test('the footer says what a person asks first: landings, what waits for them, the cost of the cap, who is to end', () => {
  const state = swarm(3)
  const footer = (columns: number, keys = true) => tableLines(state, { columns, rows: 9, now, colours, keys }).at(-1)
  expect(footer(79)).toBe(`swarm ${SWARM}  1:40  3 of 3 at work  ? for keys`)
  state.budgetUsd = 20
  for (const id of ['w1-1-abc', 'w2-1-abc'])
    apply(state, at(50, { type: 'approval.waiting', id, branch: id, reasons: ['size'] }))
  apply(state, at(50, { type: 'iteration.ended', worker: 'w1', iteration: 5, outcome: 'landed' }))
  apply(
    state,
    at(51, {
      type: 'agent.ended',
      worker: 'w2',
      agent: 'a',
      role: 'author',
      attempt: 1,
      status: 0,
      durationMs: 1,
      costUsd: 11.5,
    }),
  )
  expect(footer(200)).toBe(
    `swarm ${SWARM}  1:40  $11.50 of $20.00  2 of 3 at work  1 landed  2 wait for you: oompa approvals  ? for keys`,
  )
  // What has no room goes as a whole, the least important first.
  expect(footer(79)).toBe('1:40  $11.50 of $20.00  1 landed  2 wait for you: oompa approvals')
  apply(state, at(52, { type: 'swarm.stopping', reason: 'interrupted by SIGINT' }))
  expect(footer(79)).toBe('stopping, 2 to end  $11.50 of $20.00  1 landed  2 wait for you: oompa approvals')
  expect(footer(60)).toBe('stopping, 2 to end  2 wait for you: oompa approvals')
  apply(state, at(53, { type: 'swarm.stopped', reason: 'interrupted by SIGINT', status: 130 }))
  expect(footer(79)).not.toContain('stopping')
})

test('where there is not room for all, the busy are shown in their order and the rest counted', () => {
  const state = swarm(30)
  for (let i = 1; i <= 20; i++) {
    apply(state, at(50, { type: 'iteration.ended', worker: `w${i}`, iteration: 5, outcome: 'landed' }))
  }
  const lines = tableLines(state, { columns: 80, rows: 10, now, colours })
  expect(lines.map((line) => line.split(' ')[0])).toEqual([
    'worker',
    'w21',
    'w22',
    'w23',
    'w24',
    'w25',
    'w26',
    'w27',
    '…',
    'swarm',
  ])
  expect(lines.at(-2)).toBe('… and 23 more')
})

test('each phase has its words', () => {
  const state = swarm(4)
  for (const worker of state.workers.values()) worker.task = undefined
  const now4 = () =>
    tableLines(state, { columns: 79, rows: 11, now, colours })
      .slice(1, 5)
      .map((line) => line.slice(14, 60).trim())
  const until = new Date(2026, 10, 21, 14, 5).toISOString()
  apply(state, at(50, { type: 'agent.started', worker: 'w1', agent: 'codex', attempt: 1, role: 'reviewer' }))
  apply(state, at(50, { type: 'landing.queued', worker: 'w2', branch: 'b2', position: 1 }))
  apply(state, at(50, { type: 'landing.queued', worker: 'w3', branch: 'b3', position: 2 }))
  apply(state, at(50, { type: 'iteration.started', worker: 'w4', iteration: 2 }))
  apply(state, at(50, { type: 'limit.waiting', agent: 'claude', until, reason: '429' }))
  expect(now4()).toEqual(['in review', 'lands', 'waits to land, 1 before it', 'limit until 14:05: 429'])
  apply(state, at(51, { type: 'review.ended', worker: 'w1', round: 1, verdict: 'rejected' }))
  apply(state, at(51, { type: 'landing.landed', worker: 'w2', branch: 'b2', into: 'main', commit: COMMIT }))
  apply(state, at(51, { type: 'landing.waiting', worker: 'w3', branch: 'b3', reason: 'a.txt is being edited' }))
  apply(state, at(51, { type: 'iteration.ended', worker: 'w4', iteration: 2, outcome: 'kept' }))
  expect(now4()).toEqual(['rejected in round 1', 'landed', 'waits: a.txt is being edited', 'between two iterations'])
})
