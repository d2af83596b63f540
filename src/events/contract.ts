// What can happen in a swarm, one line of `.oompa/runs/<swarm>/events.jsonl` each. Facts only, never summaries.

import type { Usage } from '../words.js'

/** Fields of every event. `at` and `swarm` are added when it is written. */
export interface EventBase {
  worker?: string
  iteration?: number
  /** Id of the task. */
  task?: string
  /** A commit, 40 hex digits. */
  commit?: string
}

/** A worker as its swarm starts, and which tasks it takes: those of one story, say. */
export interface StartedWorker {
  worker: string
  agent: string
  iterations: number
  story?: string
  priority?: number
  role?: string
  stores?: readonly string[]
  /** It has not begun: it does when so many workers are wanted (`worker.started`). */
  parked?: boolean
}

export interface EventFacts {
  'swarm.started': {
    pid: number
    /** Start time of the process as the system tells it: with the pid it says which process it was. */
    processStart: string
    host: string
    /** 1, 2 or 3. */
    level: number
    workers: readonly StartedWorker[]
    iterations: number
    into?: string
    /** The named worktree that it is a loop in. */
    named?: string
    version: string
    /** The cap on money, US dollars. */
    budgetUsd?: number
    resumed?: boolean
    /** Flags and variables that the settings came from, for a resume. */
    argv?: readonly string[]
    environment?: Readonly<Record<string, string>>
  }
  /** No further iteration begins; what is in progress ends by itself, or its agents are being ended. */
  'swarm.stopping': { reason: string }
  /** `abrupt`: by a second Ctrl-C; its iterations have no end in the log, and the next start sees to them. */
  'swarm.stopped': {
    reason: string
    status: number
    abrupt?: boolean
    /** Something ended it before its workers had ended: a person, a cap, or what would have gone wrong again. */
    early?: boolean
  }
  /** A later start found this swarm dead, and put its things in order. */
  'swarm.recovered': { by: string; processes: number; claims: number; kept: readonly string[] }
  /** With `min` and `max` workers: one more is wanted, or one fewer, which ends between two iterations. */
  'worker.started': { reason: string }
  'worker.ended': { reason: string }
  'iteration.started': { worktree?: string; branch?: string; base?: string }
  'iteration.ended': {
    outcome: 'landed' | 'done' | 'nothing' | 'kept' | 'refused' | 'failed' | 'interrupted' | 'waiting'
    reason?: string
    branch?: string
    /** Commits on the branch over its base. */
    commits?: number
    /** Where work that did not land is kept. */
    kept?: string
  }
  'task.claimed': { by?: string }
  'task.completed': { by?: string }
  'task.released': { reason: string; kept?: string }
  /** A worker found no task to begin with: how many are pending, and with how many something is wrong. */
  'task.none': { reason: string; pending: number; problems: number }
  /** After an iteration, now and then, and at the end: tasks that nobody has begun, and those that are held. */
  'tasks.left': { pending: number; current: number }
  /** At the end: files of tasks whose status stands in no commit. */
  'tasks.uncommitted': { paths: readonly string[] }
  'task.ready': Record<never, never>
  /** The server of the tasks cannot be reached: nothing is claimed or completed, and agents go on. */
  'store.away': { store: string; reason: string }
  'store.back': { store: string; awayMs: number }
  'task.added': { by?: string }
  'task.ignored': { path: string; reason: string }
  'agent.started': {
    agent: string
    attempt: number
    pid?: number
    session?: string
    role: 'author' | 'reviewer' | 'planner' | 'probe'
  }
  'agent.activity': { text: string }
  'agent.message': { text: string; role: 'author' | 'reviewer' | 'planner' }
  'agent.ended': {
    agent: string
    role: 'author' | 'reviewer' | 'planner' | 'probe'
    attempt: number
    status: number | null
    durationMs: number
    session?: string
    usage?: Usage
    costUsd?: number
    /** The cost is by prices, or what such a run cost before, and not by the agent's own report. */
    estimated?: boolean
    denials?: readonly string[]
    failure?: string
    signals?: readonly string[]
  }
  'review.ended': { round: number; verdict: 'approved' | 'rejected' | 'unavailable'; by?: string; feedback?: string }
  'landing.queued': { branch: string; position: number }
  'landing.testing': { branch: string; command: string; batch?: number }
  'landing.waiting': { branch: string; reason: string }
  'landing.landed': { branch: string; into: string; mergedCommit?: string; batch?: number; tests?: number }
  'landing.refused': { branch: string; reason: string; feedback: string; kept?: string }
  /** A landing was taken out of the target, because the remote has its task complete by somebody else. */
  'landing.withdrawn': { into: string; reason: string; kept: string }
  'landing.bypassed': { into: string; from: string; to: string }
  'landing.pushed': { remote: string; into: string }
  /** `refused`: the server goes on saying no, and landing stops; otherwise the next landing pushes it along. */
  'landing.unpushed': { remote: string; into: string; reason: string; refused?: boolean }
  /** A pull request stands for a change, whose task it holds from now on. */
  'pull.opened': { url: string; branch: string; into: string }
  /** The target has it. */
  'pull.merged': { url: string; branch: string; into: string }
  /** Somebody closed it, and the target does not have it: its task is pending again. */
  'pull.closed': { url: string; branch: string }
  'approval.waiting': { id: string; reasons: readonly string[]; branch: string }
  'approval.approved': { id: string }
  'approval.rejected': { id: string; reason: string }
  'worktree.failed': { worktree: string; reason: string }
  /** `base`: the value of the target that it was built on. */
  'work.kept': { ref: string; reason: string; base?: string }
  'budget.reached': { limit: string; value: number }
  /** Four fifths of a cap on money or tokens are used up. */
  'budget.nearing': { limit: string; value: number; spent: number }
  /** `kind`: it is no limit, but a login that expired, or a CLI that is not there; it is asked for at `until` again. */
  'limit.waiting': { agent: string; until: string; reason: string; kind?: 'login' | 'missing' }
  /** A worker goes on with a fallback until a limit has passed, or (without `until`) with its own agent again. */
  'agent.fallback': { agent: string; instead: string; until?: string }
  'hook.failed': { hook: string; reason: string }
  note: { text: string; level?: 'info' | 'warning' }
}

export type EventType = keyof EventFacts

/** An event as a stage says it. */
export type NewEvent = { [T in EventType]: { type: T } & EventFacts[T] & EventBase }[EventType]

/** An event as it stands in the log: with `at` (ISO 8601) and the swarm's id. */
export type OompaEvent = NewEvent & { at: string; swarm: string }

export type EventOf<T extends EventType> = Extract<OompaEvent, { type: T }>

/** Says that something happened. */
export type Emit = (event: NewEvent) => void
