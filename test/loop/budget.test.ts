// The caps as they are counted: what a run costs that does not say it, and runs that begin at the same moment.

import { describe, expect, test } from 'vitest'
import type { OompaEvent } from '../../src/events/contract.js'
import { type BudgetFacts, makeBudget } from '../../src/swarm/budget.js'
import { sharedDay } from '../../src/swarm/today.js'
import { waitUnlessOver } from '../../src/swarm/waiting.js'
import { writeEvents } from '../events/folder.js'
import { temporaryFolder } from '../support/repository.js'

const claude = { harness: 'claude' }
const codex = { harness: 'codex' }
const killed = { failure: { kind: 'error', message: 'ended by SIGKILL' } } as const
const run = { spec: claude, worker: 'w1', task: 't' }
const never = new AbortController().signal

function budgetOf(budgetUsd: number | undefined, facts: Partial<BudgetFacts> = {}) {
  const said: string[] = []
  const caps = { budget: { usd: budgetUsd }, noProgress: 0, prices: {} }
  const budget = makeBudget(caps, { workers: ['w1', 'w2'], startedAt: 0, say: (text) => said.push(text), ...facts })
  return { budget, said }
}

describe('a run that does not say what it cost', () => {
  test('counts as the dearest so far if it failed, and that is said', () => {
    const { budget, said } = budgetOf(5)
    budget.spend(claude, { costUsd: 0.01 }, 'probe')
    budget.spend(claude, { costUsd: 0.5 })
    budget.spend(claude, { costUsd: 0.25 })
    expect(budget.spend(claude, killed)).toEqual({ costUsd: 0.5, estimated: true })
    expect(budget.spentUsd).toBeCloseTo(1.26)
    expect(budget.reached()).toBeUndefined()
    expect(said.join()).toContain('$0.5000, the dearest run so far')
  })

  test('counts as the probe where no run has ended yet', () => {
    const { budget } = budgetOf(5)
    budget.spend(claude, { costUsd: 0.01 }, 'probe')
    expect(budget.spend(claude, killed).costUsd).toBe(0.01)
    expect(budget.reached()).toBeUndefined()
  })

  test('uses the cap up by and by, so that an agent that always dies ends the swarm', () => {
    const { budget } = budgetOf(1)
    budget.spend(claude, { costUsd: 0.4 })
    budget.spend(claude, killed)
    expect(budget.reached()).toBeUndefined()
    budget.spend(claude, killed)
    expect(budget.reached()).toMatchObject({ limit: 'budget' })
  })

  test('stops the swarm if it succeeded: the cap cannot be kept', () => {
    expect(reachedAfter({})).toMatchObject({ limit: 'unpriced' })
    expect(reachedAfter({ failure: { kind: 'exit', message: 'x' } })).toMatchObject({ limit: 'unpriced' })
    expect(reachedAfter(killed)).toBeUndefined()
  })

  test('costs nothing where it was refused before the model had done anything', () => {
    for (const kind of ['limit', 'login', 'model', 'missing'] as const) {
      const { budget } = budgetOf(5)
      budget.spend(codex, { costUsd: 0.5 })
      expect(budget.spend(codex, { failure: { kind, message: 'x' }, tools: 0 }).costUsd).toBe(0)
    }
  })

  test('is nothing to count where there is no cap', () => {
    const { budget, said } = budgetOf(undefined)
    expect(budget.spend(claude, killed)).toEqual({})
    expect(said).toEqual([])
  })

  function reachedAfter(result: Parameters<ReturnType<typeof budgetOf>['budget']['spend']>[1]) {
    const { budget } = budgetOf(5)
    budget.spend(codex, result)
    return budget.reached()
  }
})

test('at four fifths of each cap that is so said, once', () => {
  const caps = { budget: { usd: 1, tokens: 100 }, noProgress: 0, prices: {} }
  const nearing: unknown[] = []
  const budget = makeBudget(caps, { workers: ['w1'], startedAt: 0, nearing: (cap) => nearing.push(cap) })
  const spend = (costUsd: number, input: number) =>
    budget.spend(claude, { costUsd, usage: { input, output: 0, cacheRead: 0, cacheWrite: 0 } })
  spend(0.5, 10)
  spend(0.25, 10)
  expect(nearing).toEqual([])
  spend(0.0625, 0)
  spend(0.0625, 70)
  expect(nearing).toEqual([
    { limit: 'budget', value: 1, spent: 0.8125 },
    { limit: 'tokens', value: 100, spent: 90 },
  ])
})

describe('a cap for each day', () => {
  const noon = new Date(2026, 5, 1, 12).getTime()
  const spentAt = (ms: number, costUsd: number, swarm: string): OompaEvent => ({
    at: new Date(ms).toISOString(),
    swarm,
    type: 'agent.ended',
    agent: 'claude',
    role: 'author',
    attempt: 1,
    status: 0,
    durationMs: 1,
    costUsd,
  })

  test('is shared with the swarms beside this one, and begins anew at midnight', () => {
    const root = temporaryFolder()
    const [own, other] = ['aaaa0001', 'bbbb0002']
    let now = noon
    writeEvents(root, own, [spentAt(noon - 3_600_000, 0.5, own)])
    writeEvents(root, other, [spentAt(noon - 24 * 3_600_000, 7, other), spentAt(noon - 60_000, 1, other)])
    const day = sharedDay(root, own, () => now)
    const caps = { budget: { perDay: 2 }, noProgress: 0, prices: {} }
    const budget = makeBudget(caps, { workers: ['w1'], startedAt: noon, day })
    expect(budget.reached()).toBeUndefined()
    budget.spend(claude, { costUsd: 0.25 })
    // What this swarm has spent stands in its log, too, and counts once.
    writeEvents(root, own, [spentAt(now, 0.25, own)])
    expect(day.total()).toBe(1.75)
    writeEvents(root, other, [spentAt(now, 0.25, other)])
    now += 6000
    expect(budget.reached()).toMatchObject({ limit: 'day', value: 2 })
    now = noon + 24 * 3_600_000
    expect(day.total()).toBe(0)
    expect(budget.reached()).toBeUndefined()
  })

  test('has a swarm wait for what one run costs, and stops an agent that does not say it', async () => {
    const caps = { budget: { perDay: 2 }, noProgress: 0, prices: {} }
    const budget = makeBudget(caps, { workers: ['w1'], startedAt: 0 })
    budget.spend(claude, { costUsd: 1.5 })
    const first = await budget.reserve(run, never)
    const over = new AbortController()
    const second = budget.reserve(run, over.signal)
    over.abort(new Error('over'))
    await expect(second).rejects.toThrow('over')
    first.release()
    budget.spend(codex, {})
    expect(budget.reached()).toMatchObject({ limit: 'unpriced', value: 2 })
  })
})

describe('runs that begin at the same moment', () => {
  /** Asks for a place; says whether it was given at once. */
  const asks = async (budget: ReturnType<typeof budgetOf>['budget']) => {
    let given = false
    const place = budget.reserve(run, never).then((reservation) => {
      given = true
      return reservation
    })
    await new Promise((resolve) => setImmediate(resolve))
    return { given: () => given, place }
  }

  test('wait for the first while nobody knows what a run costs', async () => {
    const { budget, said } = budgetOf(1)
    const first = await asks(budget)
    const second = await asks(budget)
    expect([first.given(), second.given()]).toEqual([true, false])
    expect(said).toHaveLength(1)
    const place = await first.place
    place.spend({ costUsd: 0.6 })
    place.release()
    await second.place
    expect(budget.spentUsd).toBe(0.6)
  })

  test('are counted before they start: the cap is passed by one of them at most', async () => {
    const { budget } = budgetOf(1)
    budget.spend(claude, { costUsd: 0.3 })
    const three = [await asks(budget), await asks(budget), await asks(budget)]
    expect(three.map((one) => one.given())).toEqual([true, true, false])
    const place = await three[0]!.place
    place.spend({ costUsd: 0.1 })
    place.release()
    // 0.4 spent, 0.3 reserved: there is room for one more.
    await three[2]!.place
  })

  test('do not wait for each other without a cap', async () => {
    const { budget } = budgetOf(undefined)
    const two = [await asks(budget), await asks(budget)]
    expect(two.map((one) => one.given())).toEqual([true, true])
  })

  test('wait no longer when the swarm is being stopped', async () => {
    const { budget } = budgetOf(1)
    await budget.reserve(run, never)
    const stop = new AbortController()
    const waiting = budget.reserve(run, stop.signal)
    stop.abort(new Error('stopped'))
    await expect(waiting).rejects.toThrow('stopped')
  })
})

describe('a wait', () => {
  const stopping = () => {
    const controller = new AbortController()
    return { stopping: { ending: controller.signal }, stop: () => controller.abort() }
  }
  const forEver = (signal: AbortSignal) =>
    new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))

  test('ends at once when a cap is reached meanwhile', async () => {
    const { budget } = budgetOf(1)
    const waited = waitUnlessOver({ ...stopping(), budget }, forEver)
    budget.spend(claude, { costUsd: 2 })
    expect(await waited).toBe(false)
  })

  test('ends at once when the swarm is being stopped', async () => {
    const { budget } = budgetOf(1)
    const { stop, ...swarm } = stopping()
    const waited = waitUnlessOver({ ...swarm, budget }, forEver)
    stop()
    expect(await waited).toBe(false)
  })

  test('that is none does not end by a stop: what is under way goes on', async () => {
    const { budget } = budgetOf(1)
    const { stop, ...swarm } = stopping()
    stop()
    expect(await waitUnlessOver({ ...swarm, budget }, async () => {})).toBe(true)
  })

  test('leaves no listener behind, however often it is waited', async () => {
    const { budget } = budgetOf(1)
    let watched = 0
    const counting = {
      reached: () => budget.reached(),
      watch: (listener: () => void) => {
        watched += 1
        const unwatch = budget.watch(listener)
        return () => {
          watched -= 1
          unwatch()
        }
      },
    }
    const added: string[] = []
    const ending = {
      aborted: false,
      addEventListener: () => added.push('on'),
      removeEventListener: () => added.pop(),
    } as unknown as AbortSignal
    for (let i = 0; i < 100; i++) await waitUnlessOver({ stopping: { ending }, budget: counting }, async () => {})
    expect([watched, added.length]).toEqual([0, 0])
  })
})
