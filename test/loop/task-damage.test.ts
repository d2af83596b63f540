// What is damage and what is anybody's right, as a table: a task before and after a turn, and what is known of the turn.

import { describe, expect, test } from 'vitest'
import { damageWords, findDamage, folderWords, type TurnFacts } from '../../src/swarm/task-damage.js'
import type { TaskPlace, TaskSnapshot, TaskState } from '../../src/tasks/contract.js'
import type { HistoryEntry } from '../../src/tasks/history.js'

/** `pending`, or `current w1` for a claim with a record; undefined where the task is nowhere. */
type At = string | undefined

const OURS = 'cafe0001'

function placeOf(at: string, id = 'x'): TaskPlace {
  const [state, holder] = at.split(' ') as [TaskState, string?]
  const [worker = '', swarm = OURS] = holder?.split('@') ?? []
  const record = { id, worker, swarm: swarm === 'shell' ? undefined : swarm, fence: 'f1', since: '' }
  return { id, state, name: `${id}.edn`, text: `{:id "${id}" :summary "X"}\n`, ...(holder ? { record } : {}) }
}

function snapshot(at: At, more: Partial<TaskSnapshot> = {}): TaskSnapshot {
  const tasks = new Map(at === undefined ? [] : [['x', placeOf(at)]])
  return { where: '/r/tasks', tree: 'tasks', tasks, spoiled: new Set(), wrong: [], isFolder: true, ...more }
}

const said = (type: HistoryEntry['type'], by = 'w1', swarm: string | undefined = OURS): HistoryEntry => ({
  at: '',
  type,
  task: 'x',
  by,
  ...(swarm === undefined ? {} : { swarm }),
})

/** `w2` was alone at work, in a swarm whose loop claims. */
const alone: TurnFacts = {
  swarm: OURS,
  level: 2,
  loopClaims: true,
  lanes: new Map([['w2', 'ending']]),
  waiting: new Set(),
  history: [],
}
const both: TurnFacts = {
  ...alone,
  lanes: new Map([
    ['w2', 'ending'],
    ['w1', 'working'],
  ]),
}
const agentsClaim: TurnFacts = { ...alone, loopClaims: false }
const level1: TurnFacts = { ...agentsClaim, level: 1 }
const with1 = (facts: TurnFacts, ...history: HistoryEntry[]): TurnFacts => ({ ...facts, history })

/** before, after, what is known, and the answer: nothing, or a deed and where the task goes. */
const TABLE: readonly [string, At, At, TurnFacts, string | undefined][] = [
  ['stays', 'pending', 'pending', alone, undefined],
  ['a claim by `mv`', 'pending', 'current', level1, undefined],
  ['a claim by `mv` beside the loop', 'pending', 'current', alone, undefined],
  ['a claim of the store', 'pending', 'current w1', with1(alone, said('claimed')), undefined],
  ['a new task', undefined, 'pending', alone, undefined],
  ['a task that was added by the store', undefined, 'pending', with1(alone, said('added')), undefined],

  ['a pending task is removed', 'pending', undefined, alone, 'removed → pending'],
  ['… at level 1', 'pending', undefined, level1, 'removed → pending'],
  ['a claim by `mv` is removed', 'current', undefined, level1, 'removed → current'],
  ['a claim is removed', 'current w1', undefined, alone, 'removed → current of w1'],
  ['one’s own claim is removed', 'current w2', undefined, alone, 'removed → current of w2'],
  ['a claim of another swarm is removed', 'current w1@beef0002', undefined, alone, 'removed → current'],
  ['a complete task is removed', 'complete', undefined, alone, 'removed → complete'],
  ['a claim of meanwhile is removed', 'pending', undefined, with1(alone, said('claimed')), 'removed → current of w1'],
  ['a task of meanwhile is removed', undefined, undefined, with1(alone, said('added')), 'lost → pending'],
  ['it is removed, and the history too', 'pending', undefined, { ...alone, history: undefined }, 'removed → pending'],

  ['no claim, and complete', 'pending', 'complete', alone, 'completed → pending'],
  ['… with others at work', 'pending', 'complete', both, 'completed → pending'],
  ['… given back meanwhile', 'current w1', 'complete', with1(alone, said('released')), 'completed → pending'],
  ['… and the history is gone', 'pending', 'complete', { ...alone, history: undefined }, undefined],
  ['an agent claims by itself and completes', 'pending', 'complete', level1, undefined],
  ['… at level 2', 'pending', 'complete', agentsClaim, undefined],
  ['a landing', 'current w1', 'complete', with1(alone, said('completed')), undefined],
  ['a claim and a landing', 'pending', 'complete', with1(alone, said('claimed'), said('completed')), undefined],
  ['a person completes it', 'pending', 'complete', with1(alone, said('completed', 'me', undefined)), undefined],
  ['a claim by `mv` is completed', 'current', 'complete', alone, undefined],

  ['one’s own claim is completed', 'current w2', 'complete w2', alone, undefined],
  ['… claimed meanwhile', 'pending', 'complete w2', with1(alone, said('claimed', 'w2')), undefined],
  ['… by the command at level 1', 'pending', 'complete w2', with1(level1, said('claimed', 'w2')), undefined],
  ['a claim of one who is not at work', 'current w1', 'complete w1', alone, 'completed → current of w1'],
  ['… at level 1', 'current w1', 'complete w1', level1, 'completed → current of w1'],
  ['… claimed meanwhile', 'pending', 'complete w1', with1(alone, said('claimed')), 'completed → current of w1'],
  ['a claim of one who is at work', 'current w1', 'complete w1', both, 'completed → current of w1'],
  ['… which may be its own doing at level 1', 'current w1', 'complete w1', { ...both, level: 1 }, undefined],
  ['a claim of another swarm', 'current w1@beef0002', 'complete w1@beef0002', alone, undefined],
  ['a claim from a shell', 'current me@shell', 'complete me@shell', alone, undefined],
  [
    'a claim that waits for a person',
    'current w2',
    'complete w2',
    { ...alone, waiting: new Set(['f1']) },
    'completed → current of w2',
  ],

  ['a claim is given back by `mv`', 'current w1', 'pending', alone, 'released → current of w1'],
  ['… of one who is at work', 'current w1', 'pending w1', both, 'released → current of w1'],
  ['one’s own', 'current w2', 'pending w2', alone, undefined],
  ['the iteration’s end gives it back', 'current w1', 'pending', with1(alone, said('released')), undefined],
  [
    '`oompa requeue`',
    'current w1',
    'pending',
    with1(alone, said('taken', 'me', undefined), said('released', 'me', undefined)),
    undefined,
  ],
  ['a complete task is opened again by `mv`', 'complete', 'pending', alone, undefined],
]

describe('what an agent may do to tasks, and what is put back', () => {
  test.each(TABLE)('%s: %s → %s', (_, before, after, facts, expected) => {
    const found = findDamage(snapshot(before), snapshot(after), facts)
    const shown = found.map(({ kind, to, holder }) => `${kind} → ${to.state}${holder ? ` of ${holder}` : ''}`)
    expect(shown).toEqual(expected === undefined ? [] : [expected])
  })

  test('what goes back has its bytes of before, and the record of its claim', () => {
    const [found] = findDamage(snapshot('current w1'), snapshot('pending'), alone)
    expect(found!.to).toEqual(placeOf('current w1'))
    expect(found!.now).toEqual(placeOf('pending'))
  })

  test('a file that holds another, new task was edited by whoever wrote it', () => {
    const after = snapshot(undefined, { tasks: new Map([['y', { ...placeOf('pending', 'y'), name: 'x.edn' }]]) })
    expect(findDamage(snapshot('pending'), after, alone)).toEqual([])
  })

  test('a file that holds no task any more is spoiled once', () => {
    const after = snapshot(undefined, { spoiled: new Set(['pending/x.edn']) })
    expect(findDamage(snapshot('pending'), after, alone).map(({ kind }) => kind)).toEqual(['spoiled'])
    expect(findDamage(snapshot(undefined, { spoiled: after.spoiled }), after, alone)).toEqual([])
  })

  test('what git has moved is where HEAD has it', () => {
    const head = (...paths: string[]) => new Map(paths.map((file) => [file, 'oid']))
    const pulled = { ...alone, moves: [{ before: head('tasks/pending/x.edn'), after: head('tasks/complete/x.edn') }] }
    expect(findDamage(snapshot('pending'), snapshot('complete'), pulled)).toEqual([])
    expect(findDamage(snapshot('pending'), snapshot(undefined), pulled)).toHaveLength(1)
    const removed = { ...alone, moves: [{ before: head('tasks/pending/x.edn'), after: head() }] }
    expect(findDamage(snapshot('pending'), snapshot(undefined), removed)).toEqual([])
    const other = {
      ...alone,
      moves: [{ before: head('tasks/pending/x.edn'), after: head('tasks/pending/x.edn', 'y') }],
    }
    expect(findDamage(snapshot('pending'), snapshot('complete'), other)).toHaveLength(1)
  })
})

test('one line names the tasks, the worker and what was done, however many there are', () => {
  const found = findDamage(snapshot('pending'), snapshot('complete'), alone)
  const text = 'w2 moved `x` to complete without having claimed it: put back to pending.'
  expect(damageWords(['w2'], [[found[0]!]])).toEqual([{ text, task: 'x' }])
  const many = Array.from({ length: 12 }, (_, index) => {
    const to = placeOf('pending', `t${index}`)
    return [{ kind: 'removed', to }, index === 0 ? '.oompa/aside/t0.edn' : undefined] as const
  })
  expect(damageWords(['w1', 'w2'], many)).toEqual([
    {
      text: 'w1 or w2 removed `t0`, `t1`, `t2`, `t3`, `t4`, `t5`, `t6`, `t7`, `t8`, `t9` and 2 more from pending: put back; what stood there is kept: .oompa/aside/t0.edn.',
    },
  ])
  const deed = { thing: 'a symbolic link', aside: '.oompa/aside/complete', tasks: 1 }
  expect(folderWords(['w2'], 'tasks/complete', deed)).toBe(
    'w2 put a symbolic link in the place of tasks/complete: it is moved to .oompa/aside/complete, and the folder is there again with its 1 task.',
  )
})
