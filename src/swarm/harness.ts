// Waits where a harness has run into a rate or usage limit: that harness alone, for all workers that use it.

import { setTimeout as sleep } from 'node:timers/promises'
import type { AgentFailure, AgentSpec } from '../agents/contract.js'
import type { Emit } from '../events/contract.js'

export interface Harnesses {
  /**
   * Resolves when the harness may be called again; at once where there is no limit.
   * @throws the signal's reason when it is aborted while waiting.
   */
  ready(spec: AgentSpec, signal: AbortSignal): Promise<void>
  /** A run met a limit: nobody calls this harness until it is over. Gives false when waiting any longer is out of bounds. */
  limited(spec: AgentSpec, failure: AgentFailure): boolean
  /** A run got through: the next limit backs off from the start. */
  working(spec: AgentSpec): void
}

export interface LimitBounds {
  /** First wait where the service named no time, milliseconds; doubles up to `maxMs` (solar-sim: 60 s to 600 s). */
  readonly firstMs: number
  readonly maxMs: number
  /** The longest that is waited in a row for one harness, milliseconds: a weekly limit ends the night instead. */
  readonly totalMs: number
}

const LIMIT_BOUNDS: LimitBounds = { firstMs: 60_000, maxMs: 600_000, totalMs: 12 * 3_600_000 }

/** After the named time the service may still say no for a moment. */
const MARGIN_MS = 1_000

export function makeHarnesses(emit: Emit, bounds: LimitBounds = LIMIT_BOUNDS, now: () => number = Date.now): Harnesses {
  const limits = new Map<string, { until: number; since: number; tries: number }>()
  return {
    async ready(spec, signal) {
      for (;;) {
        const limit = limits.get(spec.harness)
        const left = (limit?.until ?? 0) - now()
        if (left <= 0) return
        // In pieces, so that a laptop that slept through the limit goes on when it wakes.
        await sleep(Math.min(left, 30_000), undefined, { signal })
      }
    },
    limited(spec, failure) {
      const known = limits.get(spec.harness)
      const since = known?.since ?? now()
      const tries = known?.tries ?? 0
      const until = waitUntil(failure, tries, now(), bounds)
      if (until - since > bounds.totalMs) return false
      if (known && known.until > now() && known.until >= until) return true // another worker met it as well
      limits.set(spec.harness, { until, since, tries: tries + 1 })
      emit({
        type: 'limit.waiting',
        agent: spec.harness,
        until: new Date(until).toISOString(),
        reason: failure.message,
      })
      return true
    },
    working(spec) {
      limits.delete(spec.harness)
    },
  }
}

/** When to try again, milliseconds since 1970: the time that the service named, else a doubling wait. */
function waitUntil(failure: AgentFailure, tries: number, now: number, bounds: LimitBounds): number {
  const named = failure.until === undefined ? Number.NaN : Date.parse(failure.until)
  if (Number.isFinite(named)) return Math.max(named, now) + MARGIN_MS
  return now + Math.min(bounds.firstMs * 2 ** tries, bounds.maxMs)
}
