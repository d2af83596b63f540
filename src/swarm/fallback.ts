// Which agent a worker calls: its own, or a fallback while that is at a usage limit.

import type { AgentSpec } from '../agents/contract.js'
import { formatAgentSpec } from '../agents/spec.js'
import type { Iteration } from './contract.js'

/**
 * The first of `own` and `fallbacks` that is at no limit; where all are, the one whose limit ends first. Pure.
 * @param limitedUntil when an agent's limit ends, milliseconds since 1970; undefined without one
 */
export function nextAgent(
  own: AgentSpec,
  fallbacks: readonly AgentSpec[],
  limitedUntil: (spec: AgentSpec) => number | undefined,
): AgentSpec {
  const all = [own, ...fallbacks].map((spec) => ({ spec, until: limitedUntil(spec) ?? 0 }))
  return all.reduce((best, one) => (one.until < best.until ? one : best)).spec
}

/** The agent for the next run of an iteration; a change is an event, and counts for the worker until the next. */
export function chooseAgent({ lane, number }: Iteration): AgentSpec {
  const { settings, harnesses, emit } = lane.swarm
  const own = lane.settings.agent
  const next = nextAgent(own, settings.fallback, harnesses.limitedUntil)
  if (next !== lane.agent) {
    const until = next === own ? undefined : harnesses.limitedUntil(own)
    emit({
      type: 'agent.fallback',
      worker: lane.name,
      iteration: number,
      agent: formatAgentSpec(next),
      instead: formatAgentSpec(lane.agent),
      ...(until === undefined ? {} : { until: new Date(until).toISOString() }),
    })
    lane.agent = next
  }
  return next
}
