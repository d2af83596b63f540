// Everything that can be set, resolved once at start: flags over environment over `oompa.json` over defaults.

import type { AgentSpec } from '../agents/contract.js'

/** One worker lane; a group with `count: 3` gives three. */
export interface WorkerSettings {
  readonly agent: AgentSpec
  readonly iterations: number
  /** Paths of prompts below the root (or absolute), joined by a blank line. */
  readonly prompts: readonly string[]
  /** May its new tasks be added? */
  readonly canPlan: boolean
  /** Writes no code: changes outside `tasks/` are kept and not landed. */
  readonly planner: boolean
  readonly waitBetweenMs: number
  readonly maxWaitForTasksMs: number
  /** Further turns in the same session when a turn ended without a signal; undefined where the person did not set it. */
  readonly maxResumes?: number
  readonly story?: string
  readonly priority?: number
  readonly role?: string
  /** `false`: this worker's changes are not reviewed. */
  readonly needsReview?: boolean
  /** Asked before the swarm's reviewers. */
  readonly reviewers?: readonly ReviewerSettings[]
}

/** An agent that reads changes. */
export interface ReviewerSettings {
  readonly agent: AgentSpec
  readonly prompts: readonly string[]
}

export interface PlannerSettings extends ReviewerSettings {
  /** No planning while this many tasks are pending. */
  readonly maxPending?: number
}

export interface MergeSettings {
  /** `false` turns landing off where `workers` in `oompa.json` would turn it on. */
  readonly enabled: boolean
  readonly into?: string
  readonly test?: string
  readonly strategy: 'merge' | 'rebase' | 'squash'
  readonly moved?: 'land' | 'stop'
  readonly push: boolean
  readonly batch?: number
}

/** Time limits in milliseconds, with the defaults of docs/contract.md, 21. */
export interface LimitSettings {
  readonly idleMs: number
  readonly iterationMs: number
  /** After the final message. */
  readonly graceMs: number
  readonly hookMs: number
  readonly testMs: number
  readonly heartbeatMs: number
  /** How long a remote may be silent in a fetch or a push. */
  readonly remoteMs: number
  readonly leaseMs: number
}

export interface Settings {
  /** The file that was read, absolute. */
  readonly file?: string
  readonly workers: readonly WorkerSettings[]
  /** Whether `workers` stands in `oompa.json`: the earlier system, where changes land (docs/contract.md). */
  readonly configuredWorkers: boolean
  readonly planner?: PlannerSettings
  /** A fallback chain; empty without a reviewer. */
  readonly reviewers: readonly ReviewerSettings[]
  readonly reviewRounds: number
  readonly needsReview: boolean
  /** The test runs before the review; otherwise after it, when the change lands. */
  readonly testFirst: boolean
  readonly autoMergePaths: readonly string[]
  readonly merge: MergeSettings
  readonly tasksStore?: 'folder' | 'lists' | 'graph'
  /** One worker in the main checkout, without worktrees: plain Ralph. */
  readonly here: boolean
  /** Iteration i starts from what the same worker's iteration i−1 left, committed or not. */
  readonly continue: boolean
  readonly keepWorktrees: boolean
  readonly permissions: 'inherit' | 'bypass'
  readonly budgetUsd?: number
  /** Of all swarms of this repository together, from midnight on. */
  readonly budgetUsdPerDay?: number
  readonly maxMinutes?: number
  /** Iterations of each worker in a row without a landing or a completed task; 0 turns it off. */
  readonly noProgress: number
  readonly prices: Readonly<
    Record<
      string,
      { readonly input: number; readonly output: number; readonly cacheRead?: number; readonly cacheWrite?: number }
    >
  >
  readonly limits: LimitSettings
  /** Names and `PREFIX_*` of an allow-list; undefined passes the person's environment on. */
  readonly env?: readonly string[]
  readonly sandbox: boolean
  readonly gitHooks: boolean
  readonly probe: boolean
  readonly ports: { readonly from: number; readonly block: number }
  readonly logs: {
    /** Of one iteration's output, its end. */
    readonly mostBytes: number
    /** `oompa cleanup` removes the output of swarms that ended longer ago. */
    readonly keepMs: number
  }
  readonly backoff: {
    readonly firstMs: number
    readonly maxMs: number
    readonly failures: number
    /** At level 1: failures in a row, each within seconds, before a worker pauses; 0 turns that off. */
    readonly brake: number
  }
  readonly detach: boolean
  /** The page is shown beside the swarm. */
  readonly dash?: { readonly port?: number; readonly open: boolean }
  readonly dryRun: boolean
  readonly json: boolean
  /** What was accepted and does nothing (yet), one sentence each. */
  readonly remarks: readonly string[]
}
