// What runs have come to so far: by it the next ones are reserved, and those are counted that do not say it.

import type { AgentSpec } from '../agents/contract.js'
import { formatAgentSpec } from '../agents/spec.js'
import { type Amount, NOTHING, p90 } from './caps.js'

/** What runs of an agent came to; of any agent, where that one has not ended a run yet. */
export function knownRuns() {
  const runs = new Map<string, Amount[]>()
  let probe = NOTHING
  const of = (spec: AgentSpec): readonly Amount[] => runs.get(formatAgentSpec(spec)) ?? [...runs.values()].flat()
  return {
    add(spec: AgentSpec, amount: Amount): void {
      const name = formatAgentSpec(spec)
      runs.set(name, [...(runs.get(name) ?? []), amount])
    },
    addProbe(amount: Amount): void {
      probe = { usd: Math.max(probe.usd, amount.usd), tokens: Math.max(probe.tokens, amount.tokens) }
    },
    /** What one more will probably come to; undefined while nobody knows. */
    price(spec: AgentSpec): Amount | undefined {
      const all = of(spec)
      if (all.length === 0) return undefined
      return { usd: p90(all.map(({ usd }) => usd)), tokens: p90(all.map(({ tokens }) => tokens)) }
    },
    /** Also the probe, while there is no other. */
    dearest(spec: AgentSpec): Amount {
      const all = of(spec)
      if (all.length === 0) return probe
      return { usd: Math.max(...all.map(({ usd }) => usd)), tokens: Math.max(...all.map(({ tokens }) => tokens)) }
    },
  }
}
