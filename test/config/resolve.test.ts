import { describe, expect, test } from 'vitest'
import { overridesFromEnvironment, overridesFromFlags } from '../../src/config/flags.js'
import { resolveSettings, type Sources } from '../../src/config/resolve.js'

function settings({
  env = {},
  options = {},
  ...rest
}: { env?: NodeJS.ProcessEnv; options?: Record<string, string | boolean | string[]> } & Partial<Sources> = {}) {
  return resolveSettings({
    env: overridesFromEnvironment(env),
    flags: overridesFromFlags({ positionals: [], options, rest: [] }),
    ...rest,
  })
}

describe('defaults', () => {
  test('are three workers of five iterations with claude and prompts/worker.md', () => {
    const { workers, configuredWorkers } = settings()
    expect(workers).toHaveLength(3)
    expect(workers[0]).toEqual({
      agent: { harness: 'claude' },
      iterations: 5,
      prompts: ['prompts/worker.md'],
      canPlan: true,
      planner: false,
      waitBetweenMs: 0,
      maxWaitForTasksMs: 600_000,
    })
    expect(configuredWorkers).toBe(false)
  })

  test('of the limits are those of the contract', () => {
    expect(settings().limits).toEqual({
      idleMs: 15 * 60_000,
      iterationMs: 2 * 3_600_000,
      graceMs: 30_000,
      hookMs: 10 * 60_000,
      testMs: 30 * 60_000,
      remoteMs: 120_000,
      heartbeatMs: 30_000,
      leaseMs: 15 * 60_000,
    })
    expect(settings().ports).toEqual({ from: 20_000, block: 20 })
    expect(settings().noProgress).toBe(3)
    expect(settings().backoff).toEqual({ firstMs: 60_000, maxMs: 600_000, failures: 5, brake: 3 })
  })
})

describe('precedence', () => {
  test('a flag wins over the environment, which wins over the file', () => {
    const config = { workers: [{ model: 'codex:o3', count: 4, iterations: 7 }] }
    expect(settings({ config }).workers).toHaveLength(4)
    expect(settings({ config, env: { WORKERS: '2' } }).workers).toHaveLength(2)
    expect(settings({ config, env: { WORKERS: '2' }, options: { workers: '6' } }).workers).toHaveLength(6)
    expect(settings({ config, env: { ITERATIONS: '9' } }).workers[0]).toMatchObject({ iterations: 9 })
    expect(settings({ config, env: { OOMPA_AGENT: 'claude:opus' } }).workers[0]!.agent).toEqual({
      harness: 'claude',
      model: 'opus',
    })
  })

  test('a number of workers takes the groups in turn', () => {
    const config = {
      workers: [
        { model: 'claude', count: 1 },
        { model: 'codex', count: 2 },
      ],
    }
    const harnesses = settings({ config, options: { workers: '5' } }).workers.map((worker) => worker.agent.harness)
    expect(harnesses).toEqual(['claude', 'codex', 'codex', 'claude', 'codex'])
  })

  test('one group of `min` to `max` workers is laid out at its most, and a number of workers pins it', () => {
    const config = { workers: { max: 4, model: 'codex' } }
    expect(settings({ config })).toMatchObject({ scale: { min: 1, max: 4 }, workers: { length: 4 } })
    const given = settings({ config, env: { ITERATIONS: '9' } })
    expect(given.workers[3]).toMatchObject({ agent: { harness: 'codex' }, iterations: 9 })
    for (const pinned of [
      settings({ config, env: { WORKERS: '2' } }),
      settings({ config, options: { workers: '2' } }),
    ]) {
      expect(pinned.workers).toHaveLength(2)
      expect(pinned.scale).toBeUndefined()
    }
  })

  test('an empty variable is an unset one', () => {
    expect(settings({ env: { WORKERS: '', ITERATIONS: ' ', OOMPA_BUDGET_USD: '' } })).toEqual(settings())
  })
})

describe('a bad value ends with status 2 and says where it was given', () => {
  test.each([
    [{ env: { WORKERS: '0' } }, 'WORKERS is `0`'],
    [{ env: { WORKERS: 'abc' } }, 'WORKERS is `abc`'],
    [{ env: { WORKERS: '1.5' } }, 'WORKERS is `1.5`'],
    [{ env: { WORKERS: '99999999999999999999' } }, 'WORKERS is'],
    [{ env: { ITERATIONS: '-1' } }, 'ITERATIONS is `-1`'],
    [{ env: { ITERATIONS: '0' } }, 'ITERATIONS is `0`'],
    [{ options: { iterations: '-1' } }, '--iterations is `-1`'],
    [{ options: { workers: 'claude:5' } }, '--workers is `claude:5`'],
    [{ options: { 'budget-usd': '-1' } }, '--budget-usd is `-1`'],
    [{ options: { 'budget-usd': 'Infinity' } }, '--budget-usd'],
    [{ env: { OOMPA_BUDGET_USD: 'NaN' } }, 'OOMPA_BUDGET_USD is `NaN`'],
    [{ env: { OOMPA_HERE: 'perhaps' } }, 'OOMPA_HERE is `perhaps`'],
    [{ env: { OOMPA_AGENT: '--help' } }, 'OOMPA_AGENT'],
    [{ options: { 'budget-tokens': '-1' } }, '--budget-tokens is `-1`'],
    [{ env: { OOMPA_BUDGET_USD_PER_TASK: 'some' } }, 'OOMPA_BUDGET_USD_PER_TASK is `some`'],
    [{ options: { 'max-minutes': 'x' } }, '--max-minutes is `x`'],
    [{ options: { here: true, workers: '2' } }, '--here'],
    [{ options: { open: true } }, '--open is of the page'],
    [{ options: { dash: true, port: '-1' } }, '--port is `-1`'],
    [{ options: { dash: true, detach: true } }, '--dash shows its link on this terminal'],
  ])('%j', (given, message) => {
    expect(() => settings(given)).toThrow(
      expect.objectContaining({ status: 2, message: expect.stringContaining(message) }),
    )
  })
})

test('a budget of 0 is 0 and not none', () => {
  expect(settings({ options: { 'budget-usd': '0' } }).budget.usd).toBe(0)
  expect(settings().budget.usd).toBeUndefined()
})

test('every spelling of a cap is the same setting', () => {
  const all = { usd: 1, tokens: 2, minutes: 3, perTask: 4, perWorker: 5, perDay: 6 }
  expect(settings({ config: { budget: all } }).budget).toEqual(all)
  const earlier = {
    budget_usd: 1,
    max_minutes: 3,
    budget_usd_per_day: 6,
    budget: { tokens: 2, perTask: 4, perWorker: 5 },
  }
  expect(settings({ config: earlier }).budget).toEqual(all)
  const options = {
    'budget-usd': '1',
    'budget-tokens': '2',
    'max-minutes': '3',
    'budget-usd-per-task': '4',
    'budget-usd-per-worker': '5',
    'budget-usd-per-day': '6',
  }
  expect(settings({ options, config: { budget: { usd: 9, perTask: 9 } } }).budget).toEqual(all)
})

test('`loop` takes a mixed set of workers', () => {
  const { workers } = settings({ mixed: true, options: { workers: ['claude:2', 'codex:o3:high:1', 'opencode'] } })
  expect(workers.map((worker) => worker.agent)).toEqual([
    { harness: 'claude' },
    { harness: 'claude' },
    { harness: 'codex', model: 'o3', reasoning: 'high' },
    { harness: 'opencode' },
  ])
  expect(settings({ mixed: true, options: { workers: ['4'] } }).workers).toHaveLength(4)
  expect(() => settings({ mixed: true, options: { workers: ['claude:0'] } })).toThrow(/at least 1/)
})

test('--here is one worker, also where the file has more', () => {
  const config = { workers: [{ model: 'codex', count: 3 }] }
  const { workers, remarks } = settings({ config, options: { here: true } })
  expect(workers).toHaveLength(1)
  expect(remarks).toHaveLength(1)
  expect(settings({ options: { here: true } }).remarks).toEqual([])
})

test('every spelling of a reviewer gives the same chain', () => {
  const codex = { agent: { harness: 'codex', model: 'o3' }, prompts: [] }
  const opus = { agent: { harness: 'claude', model: 'opus' }, prompts: ['a.md', 'b.md'] }
  expect(settings({ config: { review_model: 'codex:o3' } }).reviewers).toEqual([codex])
  expect(settings({ config: { review_models: ['codex:o3', 'codex:o3'] } }).reviewers).toEqual([codex, codex])
  expect(settings({ config: { reviewer: { model: 'claude:opus', prompt: ['a.md', 'b.md'] } } }).reviewers).toEqual([
    opus,
  ])
  expect(settings({ config: { reviewers: ['codex:o3', { model: 'codex:o3' }] } }).reviewers).toEqual([codex, codex])
  expect(settings({ config: { review_model: 'codex:o3', needs_review: false } })).toMatchObject({
    reviewers: [],
    needsReview: false,
  })
  const both = settings({ config: { review_model: 'codex:o3', reviewers: ['claude'] } })
  expect(both.reviewers).toEqual([{ agent: { harness: 'claude' }, prompts: [] }])
  expect(both.remarks[0]).toContain('`review_model` is passed over')
})

test('a worker may have reviewers of its own', () => {
  const [first, second] = settings({ config: { workers: [{ reviewer: 'codex:o3' }, { needs_review: false }] } }).workers
  expect(first!.reviewers).toEqual([{ agent: { harness: 'codex', model: 'o3' }, prompts: [] }])
  expect(second!.needsReview).toBe(false)
})

test('the prompts named planner.md and executor.md say what a worker may do, unless its group does', () => {
  const of = (group: object) => {
    const { planner, canPlan } = settings({ config: { workers: [group] } }).workers[0]!
    return { planner, canPlan }
  }
  expect(of({ prompt: 'config/prompts/planner.md' })).toEqual({ planner: true, canPlan: true })
  expect(of({ prompt: ['a.md', 'executor.md'] })).toEqual({ planner: false, canPlan: false })
  expect(of({ prompt: 'planner.md', planner: false })).toEqual({ planner: false, canPlan: true })
  expect(of({ prompt: 'executor.md', can_plan: true })).toEqual({ planner: false, canPlan: true })
})

test('durations are seconds or a text with a unit', () => {
  const config = {
    workers: [{ wait_between: 1.5, max_wait_for_tasks: '20m' }],
    limits: { idle: 90, test: '1h', grace: '500ms' },
  }
  expect(settings({ config }).workers[0]).toMatchObject({ waitBetweenMs: 1500, maxWaitForTasksMs: 1_200_000 })
  expect(settings({ config }).limits).toMatchObject({ idleMs: 90_000, testMs: 3_600_000, graceMs: 500 })
  expect(settings({ config, env: { OOMPA_IDLE_LIMIT: '2' } }).limits.idleMs).toBe(2000)
})

test('merge: false turns landing off, and --into says where to land', () => {
  expect(settings({ config: { merge: false } }).merge.enabled).toBe(false)
  expect(settings({ config: { merge: { into: 'dev', test: 'make' } }, options: { into: 'next' } }).merge).toEqual({
    enabled: true,
    into: 'next',
    test: 'make',
    strategy: 'merge',
    push: false,
  })
})

test('--harness and --model of the earlier system make up an agent', () => {
  expect(settings({ options: { harness: 'codex', model: 'o3' } }).workers[0]!.agent).toEqual({
    harness: 'codex',
    model: 'o3',
  })
  expect(settings({ options: { model: 'claude:opus' } }).workers[0]!.agent).toEqual({
    harness: 'claude',
    model: 'opus',
  })
})
