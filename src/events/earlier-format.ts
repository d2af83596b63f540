// A log in the shape of the earlier system's `runs/` folder, for programs that read that: made when asked for, never
// stored. Keys are spelled as there (`swarm-id`).

import type { OompaEvent } from './contract.js'

export interface EarlierShape {
  /** `started.json`. */
  readonly started: Record<string, unknown> | null
  /** `stopped.json`; null while there is no end. */
  readonly stopped: Record<string, unknown> | null
  /** `cycles/<worker>-c<N>.json`. */
  readonly cycles: readonly Record<string, unknown>[]
  /** `reviews/<worker>-c<N>-r<R>.json`. */
  readonly reviews: readonly Record<string, unknown>[]
}

/** Our outcomes in the earlier system's words, where it had one. */
const OUTCOMES: Readonly<Record<string, string>> = {
  landed: 'merged',
  refused: 'rejected',
  failed: 'error',
  nothing: 'no-changes',
}

/** What is known of an iteration before it ends. */
interface Cycle {
  startedAt?: string
  readonly claimed: string[]
  readonly released: string[]
  rounds: number
  session?: string
  failure?: string
}

/** The earlier system's files for these events. Pure. */
export function earlierShape(events: Iterable<OompaEvent>): EarlierShape {
  let started: Record<string, unknown> | null = null
  let stopped: Record<string, unknown> | null = null
  const cycles: Record<string, unknown>[] = []
  const reviews: Record<string, unknown>[] = []
  const open = new Map<string, Cycle>()
  for (const event of events) {
    const cycle = cycleOf(open, event)
    switch (event.type) {
      case 'swarm.started':
        started ??= startedFile(event)
        stopped = null
        break
      case 'swarm.stopped':
        stopped = {
          'swarm-id': event.swarm,
          'stopped-at': event.at,
          reason: event.reason,
          error: event.status === 1 ? event.reason : null,
        }
        break
      case 'iteration.started':
        cycle.startedAt = event.at
        break
      case 'task.claimed':
        if (event.task) cycle.claimed.push(event.task)
        break
      case 'task.released':
        if (event.task) cycle.released.push(event.task)
        break
      case 'agent.ended':
        if (event.role === 'author') cycle.session = event.session ?? cycle.session
        cycle.failure = event.failure ?? cycle.failure
        break
      case 'review.ended':
        cycle.rounds = Math.max(cycle.rounds, event.round)
        reviews.push({
          'worker-id': event.worker,
          cycle: event.iteration,
          round: event.round,
          verdict: event.verdict,
          timestamp: event.at,
          output: event.feedback ?? '',
          'diff-files': [],
        })
        break
      case 'iteration.ended':
        cycles.push(cycleFile(event, cycle))
        open.delete(keyOf(event))
        break
    }
  }
  return { started, stopped, cycles, reviews }
}

function startedFile(event: Extract<OompaEvent, { type: 'swarm.started' }>): Record<string, unknown> {
  return {
    'swarm-id': event.swarm,
    'started-at': event.at,
    pid: event.pid,
    workers: (event.workers ?? []).map(({ worker, agent, iterations }) => {
      const [harness, model, reasoning] = String(agent).split(':')
      return { id: worker, harness, model: model ?? null, reasoning: reasoning ?? null, iterations }
    }),
  }
}

function cycleFile(event: Extract<OompaEvent, { type: 'iteration.ended' }>, cycle: Cycle): Record<string, unknown> {
  const from = Date.parse(cycle.startedAt ?? '')
  return {
    'worker-id': event.worker,
    cycle: event.iteration,
    outcome: OUTCOMES[event.outcome] ?? event.outcome,
    timestamp: event.at,
    'duration-ms': Number.isNaN(from) ? null : Date.parse(event.at) - from,
    'claimed-task-ids': cycle.claimed,
    'recycled-tasks': cycle.released,
    'error-snippet': event.outcome === 'failed' ? (event.reason ?? cycle.failure ?? null) : null,
    'review-rounds': cycle.rounds,
    'session-id': cycle.session ?? null,
  }
}

function keyOf(event: OompaEvent): string {
  return `${event.worker}-${event.iteration}`
}

function cycleOf(open: Map<string, Cycle>, event: OompaEvent): Cycle {
  const known = open.get(keyOf(event))
  if (known) return known
  const cycle: Cycle = { claimed: [], released: [], rounds: 0 }
  if (event.worker && event.iteration !== undefined) open.set(keyOf(event), cycle)
  return cycle
}
