// Waits where a harness cannot be called for a while: it has run into a limit, its login has expired, its CLI is being
// replaced. That harness alone, for all workers that use it; the attempt that met it is not spent.

import { setTimeout as sleep } from 'node:timers/promises'
import type { AgentFailure, AgentSpec } from '../agents/contract.js'
import { formatAgentSpec } from '../agents/spec.js'
import type { Emit } from '../events/contract.js'

export interface Harnesses {
  /**
   * Resolves when the harness may be called again; at once where nothing is in its way.
   * @throws the signal's reason when it is aborted while waiting.
   */
  ready(spec: AgentSpec, signal: AbortSignal): Promise<void>
  /**
   * Whether a run failed for a reason that passes by waiting: then nobody calls this harness until it has. False for
   * every other failure, and when waiting any longer is out of bounds.
   * @param hasFallback others work meanwhile, so that no wait is too long
   */
  limited(spec: AgentSpec, failure: AgentFailure, hasFallback?: boolean): boolean
  /** When the usage limit that a harness is at ends, milliseconds since 1970; undefined where it is at none. */
  limitedUntil(spec: AgentSpec): number | undefined
  /** A run got through: the next wait begins from the start. */
  working(spec: AgentSpec): void
}

/** What a free command says of whether the reason has gone; `unknown` where there is none. */
export type Answer = 'yes' | 'no' | 'unknown'

export interface WaitBounds {
  /** First wait where nobody named a time, milliseconds; doubles up to `maxMs` (solar-sim: 60 s to 600 s). */
  readonly firstMs: number
  readonly maxMs: number
  /** The longest that is waited in a row, milliseconds: a weekly limit ends the night instead. */
  readonly totalMs: number
  /** Tries in a row that fail though nothing says why: by then the person has to look. */
  readonly tries: number
}

export type Reason = 'limit' | 'login' | 'missing'

const HOUR = 3_600_000

/** What is waited for, and how long. A limit that named no time is one of the service, whatever the person has set. */
export const WAITS: Readonly<Record<Reason, WaitBounds>> = {
  limit: { firstMs: 60_000, maxMs: 600_000, totalMs: 12 * HOUR, tries: Number.POSITIVE_INFINITY },
  // A CLI knows what it has in store, not what the service makes of it: it may say yes, and be refused all the same.
  login: { firstMs: 60_000, maxMs: 600_000, totalMs: 12 * HOUR, tries: 36 },
  // An update takes some seconds; what is not back after ten minutes was taken away.
  missing: { firstMs: 1_000, maxMs: 30_000, totalMs: 600_000, tries: 36 },
}

/** After the named time the service may still say no for a moment. */
const MARGIN_MS = 1_000
/** Between two questions whether the reason has gone. */
const ASK_MS = 30_000
/** One worker tries for all; a run that is not refused within this time has got through. */
const TRY_MS = 20_000

interface Pause {
  readonly reason: Reason
  readonly failure: AgentFailure
  readonly since: number
  until: number
  tries: number
  /** What was said last, and when; several workers wait, and one of them asks. */
  answer?: Answer
  askedAt: number
  asking?: Promise<void>
  /** When a worker was let through to try. */
  triedAt?: number
}

export interface HarnessParts {
  readonly emit: Emit
  /** Asks without cost whether the harness can be called again. */
  ask?(spec: AgentSpec, reason: Reason): Promise<Answer>
  /** What a person can do. */
  mend?(spec: AgentSpec, reason: Reason): string | undefined
  readonly waits?: Readonly<Record<Reason, WaitBounds>>
  now?(): number
}

export function makeHarnesses({ emit, ask, mend, waits = WAITS, now = Date.now }: HarnessParts): Harnesses {
  const pauses = new Map<string, Pause>()
  const keyOf = (spec: AgentSpec) => (spec.harness === 'command' ? formatAgentSpec(spec) : spec.harness)

  const say = (key: string, { reason, until, failure }: Pause): void =>
    emit({
      type: 'limit.waiting',
      agent: key,
      until: new Date(until).toISOString(),
      reason: failure.message,
      ...(reason === 'limit' ? {} : { kind: reason }),
    })

  /** Looks whether the reason has gone, and goes on at once if it has since the last look. */
  const look = (spec: AgentSpec, pause: Pause): Promise<void> => {
    pause.asking ??= (async () => {
      const before = pause.answer
      pause.answer = (await ask?.(spec, pause.reason)) ?? 'unknown'
      pause.askedAt = now()
      pause.asking = undefined
      if (pause.answer === 'yes' && (before === 'no' || pause.reason === 'missing')) pause.until = now()
    })()
    return pause.asking
  }

  return {
    async ready(spec, signal) {
      const key = keyOf(spec)
      for (;;) {
        const pause = pauses.get(key)
        if (!pause) return
        const { firstMs } = waits[pause.reason]
        const between = Math.min(ASK_MS, Math.max(firstMs, 100))
        if (pause.reason !== 'limit' && now() - pause.askedAt >= between) await look(spec, pause)
        signal.throwIfAborted()
        const left = pause.until - now()
        if (left <= 0) {
          if (pause.answer !== 'no' || now() - pause.since > waits[pause.reason].totalMs) {
            if (pause.reason !== 'login' || pause.triedAt === undefined || now() - pause.triedAt > TRY_MS) {
              pause.triedAt = now()
              return
            }
            await sleep(Math.min(between, 500), undefined, { signal })
            continue
          }
          // Still not: whoever calls it now would only hear it again.
          pause.tries += 1
          pause.until = now() + waitOf(waits[pause.reason], pause.tries)
          say(key, pause)
          continue
        }
        // In pieces, so that a laptop that slept through the wait goes on when it wakes.
        await sleep(Math.min(left, pause.reason === 'limit' ? ASK_MS : between), undefined, { signal })
      }
    },
    limited(spec, failure, hasFallback = false) {
      const { kind } = failure
      if (kind !== 'limit' && kind !== 'login' && kind !== 'missing') return false
      const key = keyOf(spec)
      const bounds = waits[kind]
      const before = pauses.get(key)
      const known = before?.reason === kind ? before : undefined
      const named = failure.until === undefined ? Number.NaN : Date.parse(failure.until)
      // Another worker met it as well, and it is being waited for.
      if (known && known.until > now() && !(named > known.until)) return true
      const since = known?.since ?? now()
      const tries = known?.tries ?? 0
      const until = Number.isFinite(named) ? Math.max(named, now()) + MARGIN_MS : now() + waitOf(bounds, tries)
      if (!hasFallback && (until - since > bounds.totalMs || tries >= bounds.tries)) return false
      const pause: Pause = { reason: kind, failure, since, until, tries: tries + 1, askedAt: known?.askedAt ?? 0 }
      pauses.set(key, pause)
      if (tries === 0 && kind !== 'limit') tellPerson(key, spec, pause)
      say(key, pause)
      return true
    },
    limitedUntil(spec) {
      const pause = pauses.get(keyOf(spec))
      return pause?.reason === 'limit' && pause.until > now() ? pause.until : undefined
    },
    working(spec) {
      const key = keyOf(spec)
      const pause = pauses.get(key)
      pauses.delete(key)
      if (pause && pause.reason !== 'limit') emit({ type: 'note', text: `${key} works again.` })
    },
  }

  /** A limit passes by itself; for anything else somebody has to do something, and is told what. */
  function tellPerson(key: string, spec: AgentSpec, { reason, failure }: Pause): void {
    const what = reason === 'login' ? 'is not logged in any more' : 'is not there any more'
    emit({
      type: 'note',
      level: 'warning',
      text: `${key} ${what} (${failure.message}). It is waited for, and goes on by itself. ${mend?.(spec, reason) ?? ''}`.trim(),
    })
  }
}

/** A doubling wait. */
function waitOf({ firstMs, maxMs }: WaitBounds, tries: number): number {
  return Math.min(firstMs * 2 ** tries, maxMs)
}
