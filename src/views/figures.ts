// What a swarm's events come to in numbers: how long a change takes, what it costs, how much of it lands. Pure.

import type { EventFacts, OompaEvent } from '../events/contract.js'
import { apply, emptyState } from '../events/fold.js'
import { added, type SwarmState, type WorkerPhase } from '../events/state.js'
import type { Usage } from '../words.js'
import { between } from './format.js'

type Role = EventFacts['agent.ended']['role']

/** Where an iteration's time goes; the other phases of a worker are between two iterations. */
export const STAGES = [
  'preparing',
  'planning',
  'working',
  'reviewing',
  'queued',
  'testing',
  'waiting',
  'limit',
] as const satisfies readonly WorkerPhase[]

export type Stage = (typeof STAGES)[number]

/** What the runs of one agent came to, in one role, for one worker and one task. */
export interface Spending {
  readonly agent: string
  readonly role: Role
  readonly worker?: string
  readonly task?: string
  runs: number
  /** Runs that did not do their turn. */
  failed: number
  /** Runs that did not say what they cost. */
  unpriced: number
  costUsd: number
  /** Part of it is an estimate. */
  estimated?: boolean
  usage?: Usage
  /** Milliseconds. */
  durationMs: number
}

export interface Figures {
  /** Seconds of each landing since its iteration started. */
  readonly timeToMerge: number[]
  /** Seconds that an iteration spent at a stage, one for each iteration that was there. */
  readonly stages: Map<Stage, number[]>
  /** Seconds of each run of an agent, by role. */
  readonly runs: Map<Role, number[]>
  /** Reviews of each iteration that had one. */
  readonly rounds: number[]
  readonly verdicts: Map<string, number>
  /** Why changes went back to their authors: what the landing said, and `review`. */
  readonly refusals: Map<string, number>
  /** Limits that were reached, by name. */
  readonly limits: Map<string, number>
  readonly spending: Map<string, Spending>
  gateRuns: number
  tasksCompleted: number
}

export interface Gathering {
  readonly figures: Figures
  /** The state that the same events fold to. */
  readonly state: SwarmState
  take(event: OompaEvent): void
}

/** The figures of one swarm, event by event. */
export function gather(swarm = ''): Gathering {
  const state = emptyState(swarm)
  const figures = emptyFigures()
  const spent = new Map<string, Map<Stage, number>>()
  const rounds = new Map<string, number>()
  return {
    figures,
    state,
    take(event) {
      const named = typeof event.worker === 'string' ? event.worker : undefined
      const before = named === undefined ? undefined : state.workers.get(named)
      const was = before && { phase: before.phase, since: before.since, task: before.task, startedAt: before.startedAt }
      apply(state, event)
      if (named !== undefined && was) {
        const now = state.workers.get(named)
        if (now && (now.since !== was.since || now.phase !== was.phase)) {
          const stage = STAGES.find((one) => one === was.phase)
          const times = spent.get(named) ?? new Map<Stage, number>()
          if (stage && was.startedAt) times.set(stage, (times.get(stage) ?? 0) + between(was.since, event.at) / 1000)
          spent.set(named, times)
        }
      }
      if (event.type === 'iteration.started' && named !== undefined) {
        spent.delete(named)
        rounds.delete(named)
      }
      if (event.type === 'review.ended' && named !== undefined) rounds.set(named, (rounds.get(named) ?? 0) + 1)
      if (event.type === 'iteration.ended' && named !== undefined) {
        for (const [stage, seconds] of spent.get(named) ?? []) push(figures.stages, stage, seconds)
        const reviews = rounds.get(named)
        if (reviews) figures.rounds.push(reviews)
        spent.delete(named)
        rounds.delete(named)
      }
      if (event.type === 'landing.landed') {
        const landed = state.landed.at(-1)
        if (landed?.startedAt) figures.timeToMerge.push(between(landed.startedAt, landed.at) / 1000)
      }
      count(figures, event, was?.task)
    },
  }
}

/** The figures of `events`, all of one swarm. */
export function figuresOf(events: Iterable<OompaEvent>): Figures {
  const gathering = gather()
  for (const event of events) gathering.take(event)
  return gathering.figures
}

function emptyFigures(): Figures {
  return {
    timeToMerge: [],
    stages: new Map(),
    runs: new Map(),
    rounds: [],
    verdicts: new Map(),
    refusals: new Map(),
    limits: new Map(),
    spending: new Map(),
    gateRuns: 0,
    tasksCompleted: 0,
  }
}

/** Adds one event; a field that is not what it should be is passed over, as `fold.ts` does it. */
function count(figures: Figures, event: OompaEvent, task: string | undefined): void {
  switch (event.type) {
    case 'landing.refused':
      bump(figures.refusals, String(event.reason))
      return
    case 'landing.testing':
      figures.gateRuns++
      return
    case 'review.ended':
      bump(figures.verdicts, String(event.verdict))
      if (event.verdict === 'rejected') bump(figures.refusals, 'review')
      return
    case 'task.completed':
      figures.tasksCompleted++
      return
    case 'budget.reached':
      bump(figures.limits, String(event.limit))
      return
    case 'agent.ended':
      spend(figures, event, event.task ?? task)
  }
}

function spend(figures: Figures, event: Extract<OompaEvent, { type: 'agent.ended' }>, task: string | undefined): void {
  const { agent, role, worker } = event
  const key = JSON.stringify([agent, role, worker, task])
  const known = figures.spending.get(key)
  const one: Spending = known ?? {
    agent: String(agent),
    role,
    worker,
    task,
    runs: 0,
    failed: 0,
    unpriced: 0,
    costUsd: 0,
    durationMs: 0,
  }
  if (!known) figures.spending.set(key, one)
  one.runs++
  if (event.failure) one.failed++
  if (typeof event.costUsd === 'number') one.costUsd += event.costUsd
  else one.unpriced++
  if (event.estimated) one.estimated = true
  if (typeof event.durationMs === 'number') {
    one.durationMs += event.durationMs
    push(figures.runs, role, event.durationMs / 1000)
  }
  one.usage = added(one.usage, event.usage)
}

function bump(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}

function push<K>(lists: Map<K, number[]>, key: K, value: number): void {
  const list = lists.get(key)
  if (list) list.push(value)
  else lists.set(key, [value])
}

/**
 * Of the iterations that were decided, the share that landed or completed a task; undefined before the first. What waited
 * for a person is decided when it has landed.
 */
export function successRate({ counts, landed: all, workers }: SwarmState): number | undefined {
  const approved = all.filter(({ worker = '', iteration }) => {
    const one = workers.get(worker)?.ended.find((ended) => ended.iteration === iteration)
    return one?.outcome === 'waiting'
  }).length
  const { landed = 0, done = 0, kept = 0, refused = 0, failed = 0 } = counts.outcomes
  const good = landed + done + approved
  const decided = good + kept + refused + failed
  return decided === 0 ? undefined : good / decided
}

/** Half of the landings took less than this from the start of their iteration, in milliseconds. */
export function medianTimeToMerge({ landed }: SwarmState): number | undefined {
  return median(landed.flatMap(({ startedAt, at }) => (startedAt ? between(startedAt, at) : [])))
}

/** The value below which half of `values` are; undefined of none. */
export function median(values: readonly number[]): number | undefined {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 ? sorted[middle] : sorted.length ? (sorted[middle - 1]! + sorted[middle]!) / 2 : undefined
}

/** Landings an hour, from the first start to `until` (milliseconds since 1970 or ISO 8601). */
export function landingsPerHour(state: SwarmState, until: string | number | undefined): number | undefined {
  const ms = between(state.startedAt, until)
  return ms > 0 ? (state.counts.landed * 3_600_000) / ms : undefined
}

/** What is left, and what it will come to if it goes on as it did. */
export interface Forecast {
  readonly tasks: number
  /** At what a landing has cost so far, all that landed nothing included. */
  readonly costUsd?: number
  /** At the rate of landings so far, milliseconds. */
  readonly ms?: number
}

/** Mean cost and time of a landing × tasks left; undefined where nobody knows how many are. Pure. */
export function forecastOf(state: SwarmState, until: string | number | undefined): Forecast | undefined {
  const { tasksLeft: tasks, costUsd, counts } = state
  if (tasks === undefined) return undefined
  const hour = landingsPerHour(state, until)
  return {
    tasks,
    ...(costUsd === undefined || counts.landed === 0 ? {} : { costUsd: (costUsd / counts.landed) * tasks }),
    ...(hour ? { ms: (tasks / hour) * 3_600_000 } : {}),
  }
}

/** Spending put together by one of its keys, the dearest first. */
export function spendingBy(figures: Figures, key: 'agent' | 'role' | 'worker' | 'task'): Map<string, Spending> {
  const groups = new Map<string, Spending>()
  for (const one of figures.spending.values()) {
    const name = one[key] ?? ''
    const sum = groups.get(name)
    groups.set(
      name,
      sum
        ? {
            ...sum,
            runs: sum.runs + one.runs,
            failed: sum.failed + one.failed,
            unpriced: sum.unpriced + one.unpriced,
            costUsd: sum.costUsd + one.costUsd,
            estimated: sum.estimated || one.estimated,
            durationMs: sum.durationMs + one.durationMs,
            usage: added(sum.usage, one.usage),
          }
        : one,
    )
  }
  return new Map([...groups].sort(([, a], [, b]) => b.costUsd - a.costUsd))
}

/** What iterations cost that landed nothing and completed nothing, US dollars. */
export function costOfRefused(state: SwarmState): number {
  const ended = [...state.workers.values()].flatMap((worker) => worker.ended)
  return ended
    .filter(({ outcome }) => outcome !== 'landed' && outcome !== 'done')
    .reduce((sum, { costUsd = 0 }) => sum + costUsd, 0)
}
