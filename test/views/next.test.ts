// What is said under "Next:", for each situation that a swarm can end in. test/loop/next.test.ts runs what is advised.

import { describe, expect, test } from 'vitest'
import type { NewEvent } from '../../src/events/contract.js'
import { fold } from '../../src/events/fold.js'
import type { RunState } from '../../src/events/runs.js'
import { nextCommands } from '../../src/views/next.js'
import { at, COMMIT, SWARM, started } from '../events/sample.js'

const OTHER = 'aaaa0001'
const kept = (iteration: number, swarm = SWARM) => `refs/oompa/kept/${swarm}/w1-${iteration}`

const start = (extra: Parameters<typeof started>[0] = {}): NewEvent =>
  started({ workers: [{ worker: 'w1', agent: 'claude', iterations: 2 }], ...extra })
const begun = (iteration: number, extra: object = {}): NewEvent[] => [
  {
    type: 'iteration.started',
    worker: 'w1',
    iteration,
    worktree: `.w1-i${iteration}`,
    branch: `oompa/w1-i${iteration}`,
  },
  { type: 'agent.started', worker: 'w1', iteration, agent: 'claude', attempt: 1, role: 'author', ...extra },
]
const over = (iteration: number, outcome: string, extra: object = {}): NewEvent =>
  ({ type: 'iteration.ended', worker: 'w1', iteration, outcome, ...extra }) as NewEvent
const landed = (iteration: number): NewEvent[] => [
  ...begun(iteration),
  { type: 'landing.landed', worker: 'w1', iteration, branch: `oompa/w1-i${iteration}`, into: 'main', commit: COMMIT },
  over(iteration, 'landed'),
]
const end = (status: number, early = false): NewEvent => ({
  type: 'swarm.stopped',
  reason: 'x',
  status,
  ...(early ? { early } : {}),
})
const keeps = (iteration: number, swarm = SWARM): NewEvent => ({
  type: 'work.kept',
  worker: 'w1',
  iteration,
  ref: kept(iteration, swarm),
  reason: 'x',
})
const none = (pending: number, problems: number): NewEvent[] => [
  { type: 'iteration.started', worker: 'w1', iteration: 1, worktree: '.w1-i1', branch: 'oompa/w1-i1' },
  { type: 'task.none', worker: 'w1', iteration: 1, reason: 'x', pending, problems },
  over(1, 'nothing'),
]

const LOG = 'git log --oneline --first-parent'
const RESUME = `oompa resume ${SWARM}`
const SEE = `oompa salvage ${SWARM} --dry-run`

const situations: Readonly<Record<string, readonly [readonly NewEvent[], readonly string[], RunState?]>> = {
  'it runs': [[start(), ...begun(1)], [`oompa view ${SWARM} --watch`, `oompa stop ${SWARM}`], 'running'],
  'everything landed': [[start(), ...landed(1), ...landed(2), end(0)], [`${LOG} -2 main`]],
  'it crashed in an iteration': [[start(), ...begun(1)], [RESUME], 'crashed'],
  'it crashed after its last iteration': [[start(), ...landed(1), ...landed(2)], [`${LOG} -2 main`], 'crashed'],
  'it crashed after its last landing': [
    [start(), ...landed(1), ...landed(2).slice(0, -1)],
    [`${LOG} -2 main`],
    'crashed',
  ],
  'it was interrupted, and its work is kept': [
    [start(), ...begun(1), keeps(1), over(1, 'interrupted', { kept: kept(1) }), end(130, true)],
    [RESUME],
  ],
  'it was interrupted twice in a moment': [[start(), ...begun(1), end(130)], [RESUME]],
  'it was interrupted while its last iteration landed': [
    [start(), ...landed(1), ...landed(2), end(130, true)],
    [`${LOG} -2 main`],
  ],
  'it was interrupted after its worker had said that it is done': [
    [
      start(),
      ...begun(1),
      {
        type: 'agent.ended',
        worker: 'w1',
        iteration: 1,
        agent: 'claude',
        role: 'author',
        attempt: 1,
        status: 0,
        durationMs: 1,
        signals: ['__DONE__'],
      },
      over(1, 'done'),
      end(130, true),
    ],
    [],
  ],
  'it was stopped gently': [
    [start(), ...landed(1), end(0, true)],
    [RESUME, `${LOG} -1 main`],
  ],
  'its minutes are over': [
    [start(), ...landed(1), { type: 'budget.reached', limit: 'minutes', value: 1 }, end(5, true)],
    [RESUME, `${LOG} -1 main`],
  ],
  'its money is spent: a resume would end at once': [
    [start(), ...landed(1), { type: 'budget.reached', limit: 'budget', value: 1 }, end(5, true)],
    [`${LOG} -1 main`],
  ],
  'its tokens are spent': [
    [start(), ...landed(1), { type: 'budget.reached', limit: 'tokens', value: 1 }, end(5, true)],
    [`${LOG} -1 main`],
  ],
  'its agent may change nothing': [
    [start(), ...begun(1), over(1, 'nothing'), end(1, true)],
    [RESUME, `oompa logs w1 --iteration 1 --swarm ${SWARM}`],
  ],
  'it went on where it was interrupted, and landed': [
    [
      start(),
      ...begun(1),
      keeps(1),
      over(1, 'interrupted', { kept: kept(1) }),
      end(130, true),
      start({ resumed: true }),
      ...landed(1),
      ...landed(2),
      end(0),
    ],
    [`${LOG} -2 main`],
  ],
  'a change was refused, and is kept': [
    [start(), ...begun(1), keeps(1), over(1, 'refused', { kept: kept(1) }), ...landed(2), end(0)],
    [SEE, `${LOG} -1 main`],
  ],
  'only earlier work was found': [
    [start(), keeps(1, OTHER), ...landed(1), ...landed(2), end(0)],
    [`oompa salvage ${OTHER} --dry-run`, `${LOG} -2 main`],
  ],
  'its own work is kept, and earlier work was found': [
    [start(), keeps(1, OTHER), ...begun(1), over(1, 'kept', { kept: kept(1) }), ...landed(2), end(0)],
    [SEE, `oompa salvage ${OTHER} --dry-run`, `${LOG} -1 main`],
  ],
  'a change waits for a person': [
    [
      start(),
      ...begun(1),
      { type: 'approval.waiting', worker: 'w1', iteration: 1, id: 'ap-1', branch: 'b', reasons: ['x'] },
      over(1, 'waiting', { kept: kept(1) }),
      ...landed(2),
      end(0),
    ],
    ['oompa approvals', `${LOG} -1 main`],
  ],
  'a change waited for a person, who has said yes': [
    [
      start(),
      ...begun(1),
      { type: 'approval.waiting', worker: 'w1', iteration: 1, id: 'ap-1', branch: 'b', reasons: ['x'] },
      over(1, 'waiting', { kept: kept(1) }),
      end(0),
      { type: 'approval.approved', worker: 'w1', iteration: 1, id: 'ap-1' },
    ],
    [],
  ],
  'an agent failed': [
    [start(), ...begun(1), over(1, 'failed'), ...landed(2), end(0)],
    [`oompa logs w1 --iteration 1 --swarm ${SWARM}`, `${LOG} -1 main`],
  ],
  'a worktree could not be made: no agent has said anything': [
    [start(), ...begun(1).slice(0, 1), over(1, 'failed'), end(1)],
    [],
  ],
  'an agent changed nothing': [
    [start(), ...begun(1), over(1, 'nothing'), end(1)],
    [`oompa logs w1 --iteration 1 --swarm ${SWARM}`],
  ],
  'no task was pending': [[start(), ...none(0, 0), end(3)], ['oompa tasks add "what is to be done"']],
  'a task waits for another': [[start(), ...none(1, 0), end(3)], ['oompa tasks']],
  'a task file is broken': [[start(), ...none(0, 1), end(3)], ['oompa tasks lint']],
  'the status of a task is in no commit': [
    [start(), ...landed(1), { type: 'tasks.uncommitted', paths: ['tasks/complete/a.edn'] }, end(0)],
    ['git add -A -- tasks && git commit -m Tasks -- tasks', `${LOG} -1 main`],
  ],
  'all tasks are done': [
    [start(), ...landed(1), ...none(0, 0).slice(1, 2), over(2, 'nothing'), end(0)],
    [`${LOG} -1 main`],
  ],
  'level 1: work is in worktrees': [
    [start({ level: 1, into: undefined }), ...begun(1), over(1, 'done', { branch: 'oompa/w1-i1' }), end(0)],
    ['oompa worktrees'],
  ],
  'level 1, in the checkout itself': [
    [
      start({ level: 1, into: undefined }),
      { type: 'iteration.started', worker: 'w1', iteration: 1 },
      over(1, 'done'),
      end(0),
    ],
    [],
  ],
  'an iteration did nothing, and its worktree is gone': [
    [start(), ...begun(1).slice(0, 1), over(1, 'nothing'), end(0)],
    [],
  ],
}

describe('next', () => {
  test.each(Object.entries(situations))('%s', (_name, [events, expected, run = 'stopped']) => {
    const state = fold(events.map((event, second) => at(second, event)))
    expect(nextCommands(state, run).map(({ command }) => command)).toEqual(expected)
  })
})
