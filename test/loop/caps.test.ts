// What caps allow, decision by decision; and one swarm that is stopped by its own.

import { describe, expect, test } from 'vitest'
import { usageByCall } from '../../src/agents/usage.js'
import type { BudgetSettings } from '../../src/config/contract.js'
import { type Budget, makeBudget, type Spent } from '../../src/swarm/budget.js'
import { costWords } from '../../src/swarm/capped.js'
import {
  allowance,
  type Cap,
  type Going,
  hasRoom,
  isPassed,
  isReached,
  p90,
  reachedWords,
} from '../../src/swarm/caps.js'
import { allEnded, level1, level1Files, level2 } from '../support/loop.js'

const going = (reserved: number, used = 0): Going => ({
  reserved: { usd: reserved, tokens: 0 },
  used: { usd: used, tokens: 0 },
})
const cap = (value: number, spent: number, ...runs: Going[]): Cap => ({
  limit: 'budget',
  unit: 'usd',
  value,
  spent,
  going: runs,
})

test.each([
  ['nothing yet', [], 0],
  ['one', [3], 3],
  ['nine: the dearest', [1, 2, 3, 4, 5, 6, 7, 8, 9], 9],
  ['ten: all but the dearest', [100, 1, 2, 3, 4, 5, 6, 7, 8, 9], 9],
])('what a run will probably come to after %s', (_name, values, expected) => expect(p90(values)).toBe(expected))

test.each([
  ['an empty cap', cap(1, 0), 0.4, true],
  ['what is spent', cap(1, 0.7), 0.4, false],
  ['what goes on, at what it is reserved', cap(1, 0.1, going(0.3), going(0.3)), 0.4, false],
  ['a run that has used more than it was reserved', cap(1, 0, going(0.3, 0.8)), 0.3, false],
  ['the last cent', cap(1, 0.25, going(0.5)), 0.25, true],
  ['a cap of 0', cap(0, 0), 0.1, false],
])('room beside %s', (_name, of, usd, expected) => expect(hasRoom(of, { usd, tokens: 0 })).toBe(expected))

test.each([
  ['a cap of 0', cap(0, 0), true],
  ['less is spent', cap(1, 0.99, going(0.5)), false],
  ['all is spent', cap(1, 1), true],
  ['streams tell of the rest', cap(1, 0.5, going(0.3, 0.3), going(0.3, 0.2)), true],
])('reached: %s', (_name, of, expected) => expect(isReached(of)).toBe(expected))

test.each([
  ['within the cap', cap(1, 0.5), going(0.3, 0.4), false],
  ['beyond it, by less than its reserve', cap(1, 0.5), going(0.3, 0.7), false],
  ['beyond it by its reserve', cap(1, 0.5), going(0.3, 0.8), true],
  ['at it, where nobody knew what a run costs', cap(1, 0.5), going(0, 0.5), true],
])('a run has to end: %s', (_name, of, own, expected) => expect(isPassed({ ...of, going: [own] }, own)).toBe(expected))

test('a run may come to what the others leave, and to its reserve in any case', () => {
  const own = going(0.2)
  expect(allowance(cap(1, 0.3, own, going(0.3)), own)).toBeCloseTo(0.4)
  expect(allowance(cap(1, 0.9, own, going(0.3)), own)).toBe(0.2)
})

test.each([
  [{ limit: 'budget', unit: 'usd' }, 'the budget of $2 is used up ($2.5000 spent)'],
  [{ limit: 'tokens', unit: 'tokens' }, 'the budget of 2 tokens is used up (2.5 used)'],
  [
    { limit: 'day', unit: 'usd' },
    'the budget of $2 for today is used up ($2.5000 spent by the swarms of this repository)',
  ],
  [{ limit: 'task', unit: 'usd', whose: 't' }, 'the budget of $2 for a task is used up ($2.5000 spent on t)'],
  [{ limit: 'worker', unit: 'usd', whose: 'w1' }, 'the budget of $2 for a worker is used up ($2.5000 spent by w1)'],
] as const)('%j is said', (facts, why) => {
  expect(reachedWords({ value: 2, spent: 2.5, going: [], ...facts })).toEqual({ limit: facts.limit, value: 2, why })
})

describe('a budget', () => {
  const run = { spec: { harness: 'claude' }, worker: 'w1', task: 't' }
  const never = new AbortController().signal
  /** One run that has ended, with what it came to. */
  const ended = async (budget: Budget, spent: Spent, facts = run) => {
    const place = await budget.reserve(facts, never)
    place.spend(spent)
    place.release()
  }
  const used = (input: number) => ({ usage: { input, output: 0, cacheRead: 0, cacheWrite: 0 } })
  const budgetOf = (budget: BudgetSettings) =>
    makeBudget(
      { budget, noProgress: 0, prices: { claude: { input: 1, output: 1 } } },
      { workers: ['w1', 'w2'], startedAt: 0 },
    )

  test('of tokens counts all kinds, and ends the swarm', async () => {
    const budget = budgetOf({ tokens: 100 })
    const place = await budget.reserve(run, never)
    expect(place.maxUsd).toBeUndefined()
    place.spend({ usage: { input: 10, output: 20, cacheRead: 30, cacheWrite: 39 } })
    expect(budget.reached()).toBeUndefined()
    place.spend(used(1))
    expect(budget.reached()).toMatchObject({ limit: 'tokens', value: 100 })
  })

  test('of tokens fails closed for an agent that does not say what it used', async () => {
    const budget = budgetOf({ tokens: 100 })
    await ended(budget, { costUsd: 1 })
    expect(budget.reached()).toMatchObject({ limit: 'unpriced', why: expect.stringContaining('reports no tokens') })
  })

  test('of a task and of a worker is theirs alone', async () => {
    const budget = budgetOf({ perTask: 1, perWorker: 2 })
    await ended(budget, { costUsd: 1 })
    expect(budget.reachedBy({ task: 't' })).toMatchObject({ limit: 'task' })
    expect(budget.reachedBy({ worker: 'w1', task: 'other' })).toBeUndefined()
    await ended(budget, { costUsd: 1 }, { ...run, task: 'other' })
    expect(budget.reachedBy({ worker: 'w1' })).toMatchObject({ limit: 'worker', why: expect.stringContaining('by w1') })
    expect(budget.reachedBy({ worker: 'w2' })).toBeUndefined()
    expect(budget.reached()).toBeUndefined()
  })

  test('is watched while an agent streams: it stops others, and the agent itself one reserve later', async () => {
    const budget = budgetOf({ usd: 2 })
    await ended(budget, { costUsd: 0.5 })
    const place = await budget.reserve(run, never)
    // What it was told that it may cost, where its CLI keeps a cap.
    expect(place.maxUsd).toBe(1.5)
    expect(place.streamed(used(1_400_000))).toBeUndefined()
    expect(budget.reached()).toBeUndefined()
    expect(place.streamed(used(1_600_000))).toBeUndefined()
    expect(budget.reached()).toMatchObject({ limit: 'budget' })
    expect(place.streamed(used(2_000_000))).toMatchObject({ limit: 'budget' })
    // Its own report in the end is what counts.
    place.spend({ costUsd: 0.1 })
    place.release()
    expect(budget.reached()).toBeUndefined()
    expect(budget.spentUsd).toBeCloseTo(0.6)
  })
})

test('a call whose parts come one by one, with its usage each time, is counted once', () => {
  const calls = usageByCall()
  const used = (input: number, output: number) => ({ input, output, cacheRead: 0, cacheWrite: 0 })
  calls.add('a', used(10, 1))
  calls.add('b', used(20, 2))
  expect(calls.add('a', used(10, 5))).toEqual(used(30, 7))
  for (let call = 0; call < 100; call++) calls.add(`c${call}`, used(1, 0))
  expect(calls.add('d', used(0, 0))).toEqual(used(130, 7))
})

/** What Claude prints at the end of a run. */
const said = (costUsd: number, result = 'ok') =>
  `printf '%s\\n' '${JSON.stringify({ type: 'result', subtype: 'success', is_error: false, result, session_id: 'x', total_cost_usd: costUsd })}'`
const streams = (tokens: number) =>
  `printf '%s\\n' '${JSON.stringify({ type: 'assistant', session_id: 'x', message: { id: 'm', model: 'm', content: [{ type: 'text', text: 'x' }], usage: { input_tokens: tokens, output_tokens: 0 } } })}'`

const COMMITS = 'cd "$OOMPA_WORKTREE"; echo x > "x-$OOMPA_WORKER-$OOMPA_ITERATION"; git add -A; git commit -qm x'

test('four workers under $0.50 stop within one run of the cap, and nothing is lost', async () => {
  const config = { workers: [{ model: 'claude', count: 4, iterations: 9 }], budget: { usd: 0.5 }, probe: false }
  const loop = level1(`${COMMITS}\n${said(0.12)}`, { ...level1Files, 'oompa.json': JSON.stringify(config) })
  const ended = await loop.run()
  expect(ended.status, ended.stderr).toBe(5)
  const runs = loop.events('agent.ended')
  const spent = runs.reduce((sum, { costUsd = 0 }) => sum + costUsd, 0)
  expect(spent).toBeGreaterThanOrEqual(0.5)
  expect(spent).toBeLessThanOrEqual(0.5 + 0.12)
  expect(loop.events('budget.reached')).toMatchObject([{ limit: 'budget', value: 0.5 }])
  expect(loop.events('swarm.stopped')[0]?.reason).toMatch(/the budget of \$0\.5 is used up/)
  // What was paid for has landed, or is kept.
  const safe = [...loop.events('landing.landed'), ...loop.events('work.kept')]
  const at = ({ worker, iteration }: { worker?: string; iteration?: number }) => `${worker}-${iteration}`
  expect(runs.filter((run) => !safe.some((one) => at(one) === at(run)))).toEqual([])
  await allEnded(loop)
})

test('a run that streams beyond the cap is ended, its work kept; a worker and a task have caps of their own', async () => {
  const config = {
    workers: [{ model: 'claude', iterations: 3 }],
    budget: { perTask: 0.5, perWorker: 1.2 },
    prices: { claude: { input: 1, output: 1 } },
    probe: false,
  }
  const task = (id: string) => JSON.stringify({ id, summary: id })
  const files = {
    ...level1Files,
    'oompa.json': JSON.stringify(config),
    'tasks/pending/a.json': task('a'),
    'tasks/pending/b.json': task('b'),
    'tasks/pending/c.json': task('c'),
    'hooks/tasks.ts': "import { taskFolder } from 'oompa-loompas'\nexport default taskFolder('tasks')\n",
  }
  // Task a is never done; b is, at once, and so would be c.
  const body = `if [ "$OOMPA_TASK" = a ]; then cd "$OOMPA_WORKTREE"; echo half > half; ${streams(600_000)}; sleep 600; fi
${COMMITS}
${said(0.7)}`
  const loop = level1(body, files)
  const ended = await loop.run()
  expect(ended.status, ended.stderr).toBe(0)
  expect(loop.events('budget.reached').map(({ limit, task }) => [limit, task])).toEqual([
    ['task', 'a'],
    ['worker', undefined],
  ])
  expect(loop.events('iteration.ended').map(({ outcome }) => outcome)).toEqual(['kept', 'landed'])
  expect(loop.events('task.completed').map(({ task }) => task)).toEqual(['b'])
  const [released] = loop.events('task.released')
  expect(released).toMatchObject({ task: 'a', reason: expect.stringContaining('for a task is used up') })
  expect(loop.repository.git(['show', `${released?.kept}:half`])).toBe('half')
  await allEnded(loop)
})

test.each([
  ['an author that reaches it: nobody reviews', 0.6, 0, ['author']],
  ['a reviewer that streams beyond it', 0.2, 900_000, ['author', 'reviewer']],
])('the cap holds for reviews, too: %s', async (_name, author, tokens, roles) => {
  const config = {
    workers: [{ model: 'claude', iterations: 3 }],
    reviewer: { model: 'claude' },
    budget: { usd: 0.5 },
    prices: { claude: { input: 1, output: 1 } },
    probe: false,
  }
  const body = `if grep -q '^VERDICT: APPROVED' "$INPUT"; then ${streams(tokens)}; sleep 600; fi
${COMMITS}
${said(author)}`
  const loop = level1(body, { ...level1Files, 'oompa.json': JSON.stringify(config) })
  const ended = await loop.run()
  expect(ended.status, ended.stdout + ended.stderr).toBe(5)
  expect(loop.events('agent.ended').map(({ role }) => role)).toEqual(roles)
  expect(loop.events('budget.reached')).toMatchObject([{ limit: 'budget', value: 0.5 }])
  expect(loop.events('landing.landed')).toEqual([])
  expect(loop.events('iteration.ended')).toMatchObject([
    { outcome: 'interrupted', kept: expect.stringContaining('refs/oompa/kept/') },
  ])
  await allEnded(loop)
})

test('what an iteration has cost stands in a trailer of its landing, if that is wanted', async () => {
  expect(costWords([{ costUsd: 0.1 }, { costUsd: 0.25 }])).toBe('$0.3500')
  expect(costWords([{ costUsd: 0.1, estimated: true }, { costUsd: 0.25 }])).toBe('~$0.3500')
  expect(costWords([{}, { costUsd: 0.25 }])).toBe('~$0.2500')
  expect(costWords([{}])).toBeUndefined()
  const config = {
    workers: [{ model: 'claude', iterations: 1 }],
    reviewer: { model: 'claude' },
    merge: { cost: true },
    probe: false,
  }
  const body = `if grep -q '^VERDICT: APPROVED' "$INPUT"; then ${said(0.05, 'VERDICT: APPROVED')}; exit 0; fi
${COMMITS}
${said(0.12)}`
  const loop = level1(body, { ...level1Files, 'oompa.json': JSON.stringify(config) })
  const ended = await loop.run()
  expect(ended.status, ended.stdout + ended.stderr).toBe(0)
  expect(loop.repository.git(['log', '-1', '--format=%(trailers:key=Oompa-Cost,valueonly)', 'main'])).toBe('$0.1700\n')
})

test('a budget of 0 starts nobody', async () => {
  const loop = level2('echo never', { config: { budget: { tokens: 0 } } })
  const ended = await loop.run()
  expect(ended.status, ended.stderr).toBe(5)
  expect(loop.agent.calls()).toEqual([])
})
