// Keeps the caps that a person set: money, tokens, minutes, and iterations without progress. A cap is checked before each
// start, and again whenever an agent's stream says what it has used.

import type { AgentFailure, AgentSpec, TurnResult } from '../agents/contract.js'
import { type Bill, billOf } from '../agents/prices.js'
import { formatAgentSpec } from '../agents/spec.js'
import { tokensOf } from '../agents/usage.js'
import type { BudgetSettings, Settings } from '../config/contract.js'
import { count } from '../views/format.js'
import {
  type Amount,
  allowance,
  type Cap,
  capOfOne,
  capsOfSwarm,
  countsRuns,
  type Going,
  hasRoom,
  isPassed,
  isReached,
  minutesOver,
  NOTHING,
  type Reached,
  reachedWords,
  type Spending,
} from './caps.js'
import { type Day, ownDay } from './day.js'
import { knownRuns } from './known-runs.js'

/** What a run came to, as far as money goes. */
export type Spent = Pick<TurnResult, 'costUsd' | 'usage' | 'model' | 'tools'> & { readonly failure?: AgentFailure }

/** Whose run it is: caps of a task and of a worker count by it. */
export interface RunFacts {
  readonly spec: AgentSpec
  readonly worker: string
  /** Its task's id, or whatever it works for in place of one. */
  readonly task: string
}

export type Whose = Partial<Pick<RunFacts, 'worker' | 'task'>>

/** A run that has begun, or is about to: it counts with what it may cost until it is released. */
export interface Reservation {
  /** What it may cost at most, for a CLI that keeps a cap of its own; undefined without a cap on money. */
  readonly maxUsd: number | undefined
  /** Takes what its stream says that it has used so far; gives the cap that it has to end for, if there is one. */
  streamed(used: Pick<TurnResult, 'costUsd' | 'usage' | 'model'>): Reached | undefined
  /** Adds what it cost, as `Budget.spend` does. */
  spend(result: Spent): Bill
  /** It has ended, or will not begin. A second time does nothing. */
  release(): void
}

export interface Budget {
  /** Spent so far, US dollars. */
  readonly spentUsd: number
  /** Left under the caps on money of the swarm and of the day; undefined without one. */
  readonly leftUsd: number | undefined
  /**
   * Waits until one more run fits under the caps, beside those that are going on, and counts it. While nobody knows what
   * a run costs there is one at a time.
   * @throws the signal's reason when it is aborted while waiting
   */
  reserve(run: RunFacts, signal: AbortSignal): Promise<Reservation>
  /**
   * Adds what a run cost, and gives that: by the agent's own report, or by prices. Under a cap a failed run without
   * either counts as the dearest so far.
   */
  spend(spec: AgentSpec, result: Spent, role?: 'probe'): Bill
  /** Whether a worker is one of those that must all be without progress for the swarm to be. */
  counts(worker: string, isAtWork: boolean): void
  /** An iteration of a worker ended, with or without a landing or a completed task. */
  iterationEnded(worker: string, progress: boolean): void
  reached(now?: number): Reached | undefined
  /** The cap of a worker or of a task that is reached: the swarm goes on. */
  reachedBy(whose: Whose): Reached | undefined
  /** Calls back when something was spent or an iteration ended; gives what ends that. */
  watch(listener: () => void): () => void
}

type Caps = Pick<Settings, 'budget' | 'noProgress' | 'prices'>

/** Part of a cap at which it is said that it comes to its end. */
const NEARLY = 0.8

export interface BudgetFacts {
  /** Names of the workers, all of which must be without progress for the swarm to be. */
  readonly workers: readonly string[]
  /** Milliseconds since 1970. */
  readonly startedAt: number
  /** Before a resume. */
  readonly spent?: Spending
  /** What all swarms of the repository have spent today; without it, this one alone. */
  readonly day?: Day
  /** Says what a person should know of the counting. */
  say?(text: string, level: 'info' | 'warning'): void
  /** Says, once for each cap of the swarm, that four fifths of it are used up. */
  nearing?(cap: Pick<Cap, 'limit' | 'value' | 'spent'>): void
}

interface Run extends RunFacts, Going {
  used: Amount
}

export function makeBudget(
  caps: Caps,
  { workers, startedAt, spent, day = ownDay(), say, nearing }: BudgetFacts,
): Budget {
  const { usd, tokens, minutes, perTask, perWorker, perDay }: BudgetSettings = caps.budget
  let all: Amount = spent?.all ?? NOTHING
  const byWorker = new Map(spent?.workers)
  const byTask = new Map(spent?.tasks)
  let unpriced: string | undefined
  let waitingIsSaid = false
  const nearlyIsSaid = new Set<Cap['limit']>()
  const isCapped = countsRuns(caps.budget)
  const inMoney = countsRuns({ ...caps.budget, tokens: undefined })
  const idle = new Map(workers.map((worker) => [worker, 0]))
  const listeners = new Set<() => void>()
  const running = new Set<Run>()
  const known = knownRuns()
  const changed = (): void => {
    for (const listener of listeners) listener()
  }

  const budget: Budget = {
    get spentUsd() {
      return all.usd
    },
    get leftUsd() {
      const left = swarmCaps().flatMap(({ unit, value, spent }) => (unit === 'usd' ? value - spent : []))
      return left.length > 0 ? Math.min(...left) : undefined
    },
    async reserve(run, signal) {
      while (!fits(run.spec)) {
        if (!waitingIsSaid && known.price(run.spec) === undefined) {
          waitingIsSaid = true
          say?.(
            `Under a budget one agent works alone until it is known what a run costs; the others wait for it.`,
            'info',
          )
        }
        await change(signal)
      }
      return begin(run)
    },
    spend(spec, result, role) {
      const bill = billOf(caps.prices, spec, result)
      const cost = bill.costUsd
      const counted = counting(spec, result, cost)
      all = { usd: all.usd + counted.usd, tokens: all.tokens + counted.tokens }
      day.add(counted.usd)
      sayNearly()
      const amount = { usd: cost ?? 0, tokens: tokensOf(result.usage) }
      const isKnown = cost !== undefined || (!inMoney && result.usage !== undefined)
      if (role === 'probe') known.addProbe(amount)
      else if (isKnown && (amount.usd > 0 || !result.failure)) known.add(spec, amount)
      changed()
      const isAssumed = cost === undefined && inMoney && result.failure && result.failure.kind !== 'exit'
      return isAssumed ? { costUsd: counted.usd, estimated: true } : bill
    },
    counts(worker, isAtWork) {
      if (isAtWork) idle.set(worker, 0)
      else idle.delete(worker)
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
      const cap = swarmCaps().find(isReached)
      if (cap) return reachedWords(cap)
      const value = usd ?? perDay ?? perWorker ?? perTask ?? tokens
      // A cap that cannot be kept fails closed.
      if (value !== undefined && unpriced !== undefined) {
        return { limit: 'unpriced', value, why: unpriced }
      }
      if (minutes !== undefined && now - startedAt >= minutes * 60_000) {
        return { limit: 'minutes', value: minutes, why: minutesOver(minutes) }
      }
      if (caps.noProgress > 0 && idle.size > 0 && [...idle.values()].every((count) => count >= caps.noProgress)) {
        return {
          limit: 'no-progress',
          value: caps.noProgress,
          why: `${count(caps.noProgress, 'iteration')} of each worker in a row landed nothing and completed no task`,
        }
      }
      return undefined
    },
    reachedBy(run) {
      const cap = capsOf(run).find(isReached)
      return cap && reachedWords(cap)
    },
  }
  return budget

  /** Counts a run that begins with what it will probably come to. */
  function begin(facts: RunFacts): Reservation {
    const run: Run = { ...facts, reserved: known.price(facts.spec) ?? NOTHING, used: NOTHING }
    running.add(run)
    const money = [...swarmCaps(), ...capsOf(run)].filter(({ unit }) => unit === 'usd')
    return {
      maxUsd: money.length === 0 ? undefined : Math.min(...money.map((cap) => allowance(cap, run))),
      streamed(result) {
        const { costUsd = 0 } = billOf(caps.prices, facts.spec, result)
        run.used = { usd: Math.max(run.used.usd, costUsd), tokens: Math.max(run.used.tokens, tokensOf(result.usage)) }
        changed()
        const passed = [...capsOf(run), ...swarmCaps()].find((cap) => isPassed(cap, run))
        return passed && reachedWords(passed)
      },
      spend(result) {
        run.used = NOTHING
        const bill = budget.spend(facts.spec, result)
        const { costUsd = 0 } = bill
        byWorker.set(facts.worker, (byWorker.get(facts.worker) ?? 0) + costUsd)
        byTask.set(facts.task, (byTask.get(facts.task) ?? 0) + costUsd)
        return bill
      },
      release() {
        if (running.delete(run)) changed()
      },
    }
  }

  /** What holds for all runs of the swarm. */
  function swarmCaps(): Cap[] {
    return capsOfSwarm(caps.budget, { spent: all, going: [...running], day })
  }

  /** What holds for one worker and its task. */
  function capsOf({ worker, task }: Whose): Cap[] {
    return [
      ...capOfOne('task', perTask, task, { spentBy: byTask, running }),
      ...capOfOne('worker', perWorker, worker, { spentBy: byWorker, running }),
    ]
  }

  /** Whether one more run may begin beside those that are going on; whether any may, `reached` says. */
  function fits(spec: AgentSpec): boolean {
    if (!isCapped || running.size === 0) return true
    const price = known.price(spec)
    return price !== undefined && swarmCaps().every((cap) => hasRoom(cap, price))
  }

  function sayNearly(): void {
    for (const { limit, value, spent } of swarmCaps()) {
      if (nearlyIsSaid.has(limit) || spent < value * NEARLY || spent >= value) continue
      nearlyIsSaid.add(limit)
      nearing?.({ limit, value, spent })
    }
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

  /** What a run counts as: also one that did not say what it came to. */
  function counting(spec: AgentSpec, result: Spent, cost: number | undefined): Amount {
    const { usage, failure } = result
    const isUnsaid = (inMoney && cost === undefined) || (tokens !== undefined && !usage)
    const said = { usd: cost ?? 0, tokens: tokensOf(usage) }
    if (!isUnsaid || cameToNothing(result)) return said
    const name = formatAgentSpec(spec)
    if (!failure || failure.kind === 'exit') {
      unpriced ??=
        inMoney && cost === undefined
          ? `${name} reports no cost, so the budget of $${usd ?? perDay ?? perWorker ?? perTask} cannot be kept; give its \`prices\` in oompa.json`
          : `${name} reports no tokens, so the budget of ${tokens} tokens cannot be kept`
      return said
    }
    const dearest = known.dearest(spec)
    say?.(
      `${name} ended without saying what it cost (${failure.message}); it counts as $${dearest.usd.toFixed(4)}, the dearest run so far.`,
      'warning',
    )
    return { usd: cost ?? (inMoney ? dearest.usd : 0), tokens: usage ? said.tokens : dearest.tokens }
  }
}

/** Refused before the model had done anything: that costs nothing. */
function cameToNothing({ failure, tools, usage }: Spent): boolean {
  if (failure?.kind === 'missing') return true
  return (failure?.kind === 'limit' || failure?.kind === 'login' || failure?.kind === 'model') && !tools && !usage
}
