// Keeps the caps that a person set: money, minutes, and iterations without progress. A cap is checked before each start.

import type { AgentSpec, TurnResult } from '../agents/contract.js'
import { formatAgentSpec } from '../agents/spec.js'
import type { Settings } from '../config/contract.js'
import type { Usage } from '../words.js'

/** Why no further run may start. */
export interface Reached {
  readonly limit: 'budget' | 'minutes' | 'no-progress' | 'unpriced'
  readonly value: number
  readonly why: string
}

export interface Budget {
  /** Spent so far, US dollars. */
  readonly spentUsd: number
  /** Adds what a run cost; gives the cost, from the agent's own report or from the prices in `oompa.json`. */
  spend(spec: AgentSpec, result: Pick<TurnResult, 'costUsd' | 'usage'>): number | undefined
  /** An iteration of a worker ended, with or without a landing or a completed task. */
  iterationEnded(worker: string, progress: boolean): void
  reached(now?: number): Reached | undefined
}

type Caps = Pick<Settings, 'budgetUsd' | 'maxMinutes' | 'noProgress' | 'prices'>

/**
 * @param workers names of the workers, all of which must be without progress for the swarm to be.
 * @param startedAt milliseconds since 1970
 * @param spent dollars spent before a resume
 */
export function makeBudget(caps: Caps, workers: readonly string[], startedAt: number, spent = 0): Budget {
  let spentUsd = spent
  let unpriced: string | undefined
  const idle = new Map(workers.map((worker) => [worker, 0]))
  return {
    get spentUsd() {
      return spentUsd
    },
    spend(spec, result) {
      const cost = result.costUsd ?? priced(caps.prices, spec, result.usage)
      if (cost === undefined) unpriced ??= formatAgentSpec(spec)
      else spentUsd += cost
      return cost
    },
    iterationEnded(worker, progress) {
      idle.set(worker, progress ? 0 : (idle.get(worker) ?? 0) + 1)
    },
    reached(now = Date.now()) {
      if (caps.budgetUsd !== undefined && spentUsd >= caps.budgetUsd) {
        return {
          limit: 'budget',
          value: caps.budgetUsd,
          why: `the budget of $${caps.budgetUsd} is used up ($${spentUsd.toFixed(4)} spent)`,
        }
      }
      // A cap that cannot be kept fails closed (cli.md, settled question 12).
      if (caps.budgetUsd !== undefined && unpriced !== undefined) {
        return {
          limit: 'unpriced',
          value: caps.budgetUsd,
          why: `${unpriced} reports no cost, so the budget of $${caps.budgetUsd} cannot be kept; give its \`prices\` in oompa.json`,
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
