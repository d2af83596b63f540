// What a swarm's events add up to: the shape that the live table, `oompa view` and the lists read.

import type { Usage } from '../words.js'
import type { EventFacts, OompaEvent } from './contract.js'

type Outcome = EventFacts['iteration.ended']['outcome']

/** What a worker is doing now. `idle`: between two iterations. `ended`: it starts no more of them. */
export type WorkerPhase =
  | 'idle'
  | 'preparing'
  | 'planning'
  | 'working'
  | 'reviewing'
  | 'queued'
  | 'testing'
  | 'waiting'
  | 'limit'
  | 'ended'

/** One iteration that has ended. */
export interface EndedIteration {
  readonly iteration: number
  readonly outcome: Outcome
  readonly startedAt?: string
  readonly endedAt: string
  readonly task?: string
  readonly reason?: string
  readonly worktree?: string
  readonly branch?: string
  readonly commits?: number
  /** The commit that landed. */
  readonly landed?: string
  /** The ref of work that did not land. */
  readonly kept?: string
  readonly costUsd?: number
  /** Part of it is an estimate. */
  readonly estimated?: boolean
  /** Runs of its author. */
  readonly attempts?: number
  /** It found no task to begin with. */
  readonly noTask?: NoTask
}

/** What a worker saw that found no task. */
export interface NoTask {
  readonly pending: number
  readonly problems: number
}

/** What runs cost: `estimated` if any of them did not say it itself. */
export interface Cost {
  costUsd?: number
  estimated?: boolean
}

export interface WorkerState {
  readonly worker: string
  /** The author, `claude:opus`. */
  agent: string
  phase: WorkerPhase
  /** What it is doing, in the words of the latest event; may be empty. Not escaped. */
  doing: string
  /** Counts from 1; 0 before its first. */
  iteration: number
  /** How many it may start. */
  iterations: number
  /** When the current iteration started, ISO 8601. */
  startedAt?: string
  /** When the current phase started, ISO 8601. */
  since?: string
  /** Of the latest event that names it, ISO 8601: the age of an agent's silence. */
  seenAt?: string
  task?: string
  worktree?: string
  branch?: string
  attempt: number
  session?: string
  /** Its author has said `__DONE__`: it starts no further iteration. */
  finishing: boolean
  /** Process of the agent that is running now. */
  agentPid?: number
  /** Until when a limit is waited out, ISO 8601. */
  until?: string
  /** Absent until an agent has said what it cost. */
  costUsd?: number
  /** Part of it is an estimate. */
  estimated?: boolean
  /** Of the current iteration. */
  readonly iterationCost: Cost
  usage?: Usage
  /** Tools that were refused to its agents. */
  readonly denials: Set<string>
  landedCommit?: string
  kept?: string
  noTask?: NoTask
  readonly ended: EndedIteration[]
}

interface QueueEntry {
  readonly branch: string
  readonly worker?: string
  readonly iteration?: number
  readonly at: string
}

interface LandedEntry {
  readonly commit?: string
  readonly branch: string
  readonly into: string
  readonly at: string
  /** When its iteration began, ISO 8601; unknown of work that was landed without one. */
  readonly startedAt?: string
  readonly worker?: string
  readonly iteration?: number
  readonly task?: string
}

interface KeptEntry {
  readonly ref: string
  readonly reason: string
  readonly worker?: string
  readonly iteration?: number
}

interface WaitingApproval {
  readonly id: string
  readonly branch: string
  readonly reasons: readonly string[]
  readonly worker?: string
}

interface Limit {
  readonly until: string
  readonly reason: string
  /** It is no limit, but a login that expired, or a CLI that is not there. */
  readonly kind?: 'login' | 'missing'
}

export interface SwarmCounts {
  /** Iterations that have ended. */
  iterations: number
  readonly outcomes: Partial<Record<Outcome, number>>
  /** Landings, refusals of one, and reviews that said no; an iteration may have several. */
  landed: number
  refused: number
  rejected: number
}

export interface SwarmState {
  swarm: string
  pid?: number
  processStart?: string
  host?: string
  level?: number
  into?: string
  version?: string
  /** Of the first start, ISO 8601. */
  startedAt?: string
  /** How often it was gone on with. */
  resumed: number
  /** The cap on money, if there is one. */
  budgetUsd?: number
  /** Why no further iteration begins, while the last ones end. */
  stopping?: string
  /** Absent while no end stands in the log. */
  stopped?: { readonly at: string; readonly reason: string; readonly status: number; readonly early?: boolean }
  /** Files of tasks that no commit has as they stood at the end. */
  uncommitted?: readonly string[]
  /** Tasks that are not complete, by the latest count; absent where the loop knows of none. */
  tasksLeft?: number
  /** The cap that was reached since the latest start, as `budget.reached` names it. */
  limit?: string
  /** Of the latest event, ISO 8601. */
  lastAt?: string
  /** In the order in which they were named. */
  readonly workers: Map<string, WorkerState>
  readonly queue: QueueEntry[]
  readonly landed: LandedEntry[]
  readonly kept: KeptEntry[]
  readonly approvals: WaitingApproval[]
  /** Pull requests that it opened or saw the end of, by their branch. */
  readonly pulls: Map<string, { readonly url: string; readonly state: 'open' | 'merged' | 'closed' }>
  /** Harnesses at a rate or usage limit: until when (ISO 8601), and what the service said. */
  readonly limits: Map<string, Limit>
  readonly counts: SwarmCounts
  /** Money caps, bypasses, failed hooks and warnings, in words; the latest hundred. Not escaped. */
  readonly warnings: string[]
  costUsd?: number
  /** Part of it is an estimate. */
  estimated?: boolean
  /** Events of a type that this version does not know, or that it could not read. */
  unread: number
}

// The workers of a state: found or made by name, and put from one phase into the next.

/** A worker does something else from now on. */
export function enter(worker: WorkerState, phase: WorkerPhase, at: string, doing = ''): void {
  worker.phase = phase
  worker.doing = doing
  worker.since = at
  worker.until = undefined
}

/**
 * The worker of an event; a new one if it is the first that is heard of it.
 * @throws TypeError if the event names none
 */
export function workerOf(state: SwarmState, event: OompaEvent): WorkerState {
  if (typeof event.worker !== 'string') throw new TypeError(`${event.type} names no worker`)
  return named(state, event.worker)
}

/** The worker of this name; a new one if there is none. */
export function named(state: SwarmState, name: string): WorkerState {
  const known = state.workers.get(name)
  if (known) return known
  const worker: WorkerState = {
    worker: name,
    agent: '',
    phase: 'idle',
    doing: '',
    iteration: 0,
    iterations: 0,
    attempt: 0,
    iterationCost: {},
    finishing: false,
    denials: new Set(),
    ended: [],
  }
  state.workers.set(name, worker)
  return worker
}

/** Tokens of two runs together. */
export function added(to: Usage | undefined, more: Usage | undefined): Usage | undefined {
  if (!more) return to
  return {
    input: (to?.input ?? 0) + more.input,
    output: (to?.output ?? 0) + more.output,
    cacheRead: (to?.cacheRead ?? 0) + more.cacheRead,
    cacheWrite: (to?.cacheWrite ?? 0) + more.cacheWrite,
  }
}
