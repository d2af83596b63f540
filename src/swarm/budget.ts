// Keeps the caps that a person set: money, minutes, and iterations without progress. A cap is checked before each start.

import type { AgentFailure, AgentSpec, TurnResult } from '../agents/contract.js'
import { formatAgentSpec } from '../agents/spec.js'
import type { Settings } from '../config/contract.js'
import type { Usage } from '../words.js'
import { type Day, ownDay } from './day.js'

/** Why no further run may start. */
export interface Reached {
  readonly limit: 'budget' | 'day' | 'minutes' | 'no-progress' | 'unpriced'
  readonly value: number
  readonly why: string
}

/** What a run came to, as far as money goes. */
export type Spent = Pick<TurnResult, 'costUsd' | 'usage' | 'tools'> & { readonly failure?: AgentFailure }

/** A run that has begun, or is about to: it counts with what it may cost until it is released. */
export interface Reservation {
  /** Adds what it cost, as `Budget.spend` does. */
  spend(result: Spent): number | undefined
  /** It has ended, or will not begin. A second time does nothing. */
  release(): void
}

export interface Budget {
  /** Spent so far, US dollars. */
  readonly spentUsd: number
  /**
   * Waits until one more run fits under the cap on money, beside those that are going on, and counts it. While nobody
   * knows what a run costs there is one at a time.
   * @throws the signal's reason when it is aborted while waiting
   */
  reserve(spec: AgentSpec, signal: AbortSignal): Promise<Reservation>
  /** Counts a run that begins whether it fits or not: the review of work that has been paid for. */
  count(spec: AgentSpec): Reservation
  /**
   * Adds what a run cost; gives the cost, from the agent's own report or from the prices in `oompa.json`. Under a cap
   * a failed run without either counts as the dearest so far.
   */
  spend(spec: AgentSpec, result: Spent, role?: 'probe'): number | undefined
  /** An iteration of a worker ended, with or without a landing or a completed task. */
  iterationEnded(worker: string, progress: boolean): void
  reached(now?: number): Reached | undefined
  /** Calls back when something was spent or an iteration ended; gives what ends that. */
  watch(listener: () => void): () => void
}

type Caps = Pick<Settings, 'budgetUsd' | 'budgetUsdPerDay' | 'maxMinutes' | 'noProgress' | 'prices'>

/** Whether what runs cost decides whether there may be more of them. */
export function isCappedInMoney(caps: Pick<Caps, 'budgetUsd' | 'budgetUsdPerDay'>): boolean {
  return caps.budgetUsd !== undefined || caps.budgetUsdPerDay !== undefined
}

/** Part of a cap on money at which it is said that it comes to its end. */
const NEARLY = 0.8

export interface BudgetFacts {
  /** Names of the workers, all of which must be without progress for the swarm to be. */
  readonly workers: readonly string[]
  /** Milliseconds since 1970. */
  readonly startedAt: number
  /** Dollars spent before a resume. */
  readonly spentUsd?: number
  /** What all swarms of the repository have spent today; without it, this one alone. */
  readonly day?: Day
  /** Says what a person should know of the counting. */
  say?(text: string, level: 'info' | 'warning'): void
}

export function makeBudget(
  caps: Caps,
  { workers, startedAt, spentUsd: before = 0, day = ownDay(), say }: BudgetFacts,
): Budget {
  let spentUsd = before
  let unpriced: string | undefined
  let waitingIsSaid = false
  let nearlyIsSaid = false
  const isCapped = isCappedInMoney(caps)
  const idle = new Map(workers.map((worker) => [worker, 0]))
  const listeners = new Set<() => void>()
  const running = new Set<{ readonly usd: number }>()
  const dearest = dearestRuns()
  const changed = (): void => {
    for (const listener of listeners) listener()
  }

  const budget: Budget = {
    get spentUsd() {
      return spentUsd
    },
    async reserve(spec, signal) {
      while (!fits(spec)) {
        if (!waitingIsSaid && dearest.of(spec) === undefined) {
          waitingIsSaid = true
          say?.(
            `Under a budget one agent works alone until it is known what a run costs; the others wait for it.`,
            'info',
          )
        }
        await change(signal)
      }
      return budget.count(spec)
    },
    count(spec) {
      const run = { usd: dearest.of(spec) ?? 0 }
      running.add(run)
      return {
        spend: (result) => budget.spend(spec, result),
        release() {
          if (running.delete(run)) changed()
        },
      }
    },
    spend(spec, result, role) {
      const known = result.costUsd ?? priced(caps.prices, spec, result.usage)
      const cost = known ?? assumed(spec, result)
      spentUsd += cost ?? 0
      day.add(cost ?? 0)
      sayNearly()
      if (known !== undefined && role === 'probe') dearest.addProbe(known)
      else if (known !== undefined && (known > 0 || !result.failure)) dearest.add(spec, known)
      changed()
      return cost
    },
    iterationEnded(worker, progress) {
      idle.set(worker, progress ? 0 : (idle.get(worker) ?? 0) + 1)
      changed()
    },
    watch(listener) {
      listeners.add(listener)
      return () => {
        listeners.delete(listener)
      }
    },
    reached(now = Date.now()) {
      if (caps.budgetUsd !== undefined && spentUsd >= caps.budgetUsd) {
        return {
          limit: 'budget',
          value: caps.budgetUsd,
          why: `the budget of $${caps.budgetUsd} is used up ($${spentUsd.toFixed(4)} spent)`,
        }
      }
      const today = caps.budgetUsdPerDay === undefined ? 0 : day.total()
      if (caps.budgetUsdPerDay !== undefined && today >= caps.budgetUsdPerDay) {
        return {
          limit: 'day',
          value: caps.budgetUsdPerDay,
          why: `the budget of $${caps.budgetUsdPerDay} for today is used up ($${today.toFixed(4)} spent by the swarms of this repository)`,
        }
      }
      const cap = caps.budgetUsd ?? caps.budgetUsdPerDay
      // A cap that cannot be kept fails closed.
      if (cap !== undefined && unpriced !== undefined) {
        return {
          limit: 'unpriced',
          value: cap,
          why: `${unpriced} reports no cost, so the budget of $${cap} cannot be kept; give its \`prices\` in oompa.json`,
        }
      }
      if (caps.maxMinutes !== undefined && now - startedAt >= caps.maxMinutes * 60_000) {
        return { limit: 'minutes', value: caps.maxMinutes, why: `${caps.maxMinutes} minutes are over` }
      }
      if (caps.noProgress > 0 && idle.size > 0 && [...idle.values()].every((count) => count >= caps.noProgress)) {
        return {
          limit: 'no-progress',
          value: caps.noProgress,
          why: `${caps.noProgress} iterations of each worker in a row landed nothing and completed no task`,
        }
      }
      return undefined
    },
  }
  return budget

  /** Whether one more run may begin beside those that are going on; whether any may, `reached` says. */
  function fits(spec: AgentSpec): boolean {
    if (!isCapped || running.size === 0) return true
    const price = dearest.of(spec)
    if (price === undefined) return false
    const reserved = [...running].reduce((sum, run) => sum + run.usd, 0)
    const fitsSwarm = caps.budgetUsd === undefined || spentUsd + reserved + price <= caps.budgetUsd
    return fitsSwarm && (caps.budgetUsdPerDay === undefined || day.total() + reserved + price <= caps.budgetUsdPerDay)
  }

  function sayNearly(): void {
    const { budgetUsd } = caps
    if (nearlyIsSaid || budgetUsd === undefined || spentUsd < budgetUsd * NEARLY || spentUsd >= budgetUsd) return
    nearlyIsSaid = true
    say?.(`${NEARLY * 100} % of the budget of $${budgetUsd} is spent ($${spentUsd.toFixed(2)}).`, 'warning')
  }

  function change(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const abort = (): void => {
        unwatch()
        reject(signal.reason)
      }
      const unwatch = budget.watch(() => {
        unwatch()
        signal.removeEventListener('abort', abort)
        resolve()
      })
      signal.addEventListener('abort', abort, { once: true })
      if (signal.aborted) abort()
    })
  }

  /** What a run counts as that did not say what it cost. */
  function assumed(spec: AgentSpec, result: Spent): number | undefined {
    const name = formatAgentSpec(spec)
    if (!result.failure || result.failure.kind === 'exit') {
      unpriced ??= name
      return undefined
    }
    if (!isCapped) return undefined
    if (cameToNothing(result)) return 0
    const usd = dearest.of(spec) ?? dearest.probe
    say?.(
      `${name} ended without saying what it cost (${result.failure.message}); it counts as $${usd.toFixed(4)}, the dearest run so far.`,
      'warning',
    )
    return usd
  }
}

/** What the dearest run of an agent cost; of any agent, where that one has not ended a run yet. */
function dearestRuns() {
  const runs = new Map<string, number>()
  let probe = 0
  return {
    get probe() {
      return probe
    },
    add(spec: AgentSpec, usd: number): void {
      const name = formatAgentSpec(spec)
      runs.set(name, Math.max(runs.get(name) ?? 0, usd))
    },
    addProbe(usd: number): void {
      probe = Math.max(probe, usd)
    },
    of(spec: AgentSpec): number | undefined {
      return runs.get(formatAgentSpec(spec)) ?? (runs.size > 0 ? Math.max(...runs.values()) : undefined)
    },
  }
}

/** Refused before the model had done anything: that costs nothing. */
function cameToNothing({ failure, tools, usage }: Spent): boolean {
  if (failure?.kind === 'missing') return true
  return (failure?.kind === 'limit' || failure?.kind === 'login' || failure?.kind === 'model') && !tools && !usage
}

/** US dollars of one run by prices for a million tokens, looked up by `harness:model`, then `harness`. */
function priced(prices: Caps['prices'], spec: AgentSpec, usage: Usage | undefined): number | undefined {
  const price = prices[formatAgentSpec({ harness: spec.harness, model: spec.model })] ?? prices[spec.harness]
  if (!price || !usage) return undefined
  const { input, output, cacheRead = price.input, cacheWrite = price.input } = price
  return (
    (usage.input * input + usage.output * output + usage.cacheRead * cacheRead + usage.cacheWrite * cacheWrite) / 1e6
  )
}

/** So many runs are worth a word before somebody pays for them. */
const MANY_RUNS = 15

/** What a swarm without a cap may cost, and how to cap it; undefined where it is capped, or is small. Pure. */
export function uncappedWords({
  workers,
  budgetUsd,
  budgetUsdPerDay,
  maxMinutes,
}: Caps & Pick<Settings, 'workers'>): string | undefined {
  if ([budgetUsd, budgetUsdPerDay, maxMinutes].some((cap) => cap !== undefined)) return undefined
  const paid = workers.filter(({ agent }) => agent.harness !== 'command')
  const runs = paid.reduce((sum, { iterations }) => sum + iterations, 0)
  if (runs < MANY_RUNS) return undefined
  return `${runs} runs of agents without a cap: they may cost what ${runs} sessions of your own cost. To cap it: oompa run --budget-usd 10, or --max-minutes 60; ITERATIONS=1 WORKERS=1 is one run.`
}
