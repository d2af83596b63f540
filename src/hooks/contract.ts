// What a hook is: one default export, or an executable, that changes what the loop does at one point.

import type { Shell } from 'zx/core'
import type { Agent, TurnResult } from '../agents/contract.js'
import type { Emit, OompaEvent } from '../events/contract.js'
import type { CommandOptions, CommandResult } from '../processes/contract.js'
import type { TaskStore } from '../tasks/contract.js'
import type { Approval, Change, Landing, Refusal, StatusHistory, Task, Verdict, Worktree } from '../words.js'

/** Does some work when its turn has come. */
export type Lane = <T>(work: (turn: LandingTurn) => Promise<T>, request: TurnRequest) => Promise<T>

export interface TurnRequest {
  readonly signal: AbortSignal
  /** What those whose turn is first are told meanwhile: asked again and again, since more may come. */
  offers?(): Promise<readonly object[]>
  /** Asked when a turn before this one has ended: whether all that was offered has landed by then, so that none is needed. */
  isOver?(): Promise<boolean>
}

/** A turn among those that land on one target. */
export interface LandingTurn {
  /** It had to be waited for: the target may have moved. */
  readonly hasWaited: boolean
  /** What those behind this turn offer, as they say it; nothing where nobody can tell. */
  offered(): Promise<readonly unknown[]>
}

/** What a hook may know and use. */
export interface HookContext {
  /** The main checkout, absolute. */
  readonly root: string
  readonly swarm: string
  readonly worker: string
  readonly iteration: number
  readonly task?: Task
  /** Absolute path of the tasks that count. */
  readonly tasks: string
  /** Aborted when the swarm is being stopped. */
  readonly signal: AbortSignal
  /** The `OOMPA_*` variables of this iteration. */
  readonly env: Readonly<Record<string, string>>
  readonly emit: Emit
  /** zx, bound to the main checkout: `await context.$({ cwd: worktree.path })\`npm ci\``. It ends as `run` does. */
  readonly $: Shell
  /**
   * The plain form. Runs argv, or a shell line (`sh -c`) if it is one string. Never put text of a task or of an agent into
   * the line.
   */
  run(command: string | readonly [string, ...string[]], options?: CommandOptions): Promise<CommandResult>
  /** Runs an agent (`codex:o3`) with a prompt, and gives what it said; sessions are named by `session`. */
  ask(agent: string, prompt: string, options: AskOptions): Promise<TurnResult>
  /** How many workers the swarm has: the merge queue chooses its batch by it. */
  readonly workers?: number
  /** What is protected here; the usual unless given. */
  readonly protection?: Protection
  /** How long a remote may be silent in a fetch or a push (`limits.remote`). */
  readonly remoteTimeoutMs?: number
  /** Time limit of one run of a gate's test, milliseconds: `limits.test` of `oompa.json`. */
  readonly testTimeoutMs?: number
  /** Command lines of the gate's test, as far as they are known: of a merge hook of one's own, those it has run. */
  readonly testCommands?: readonly string[]
  /** How the status of tasks in two clones' histories becomes one; undefined where tasks are not in the repository. */
  history?(): Promise<StatusHistory | undefined>
  /** What waits for the turn of this machine, where several land on one target now. */
  lane?(): Promise<Lane | undefined>
  /** Sets up a worktree as `hooks/worktree` says: called for a gate before each test in it. */
  prepare?(worktree: Worktree): Promise<void>
}

export interface AskOptions {
  cwd: string
  role: 'reviewer' | 'author' | 'planner'
  /** Go on with this session. */
  session?: string
  timeoutMs?: number
  env?: Record<string, string>
  signal?: AbortSignal
}

export type ReviewHook = (change: Change, context: ReviewContext) => Verdict | Promise<Verdict>
export type MergeHook = (change: Change, context: HookContext) => Landing | Refusal | Promise<Landing | Refusal>
export type ApproveHook = (change: Change, context: HookContext) => Approval | Promise<Approval>
export type WorktreeHook = (worktree: OpenWorktree, context: HookContext) => void | Promise<void>
/** A worktree hook as it is called. */
export type WorktreeSetup = (worktree: Worktree, context: HookContext) => void | Promise<void>
export type EventHook = (event: OompaEvent) => void | Promise<void>

/** A worktree with zx bound to it: `await worktree.$\`npm ci\``. */
export interface OpenWorktree extends Worktree {
  readonly $: Shell
}

/** Earlier rounds of this iteration, for a reviewer that wants to see whether it was heard. */
export interface ReviewContext extends HookContext {
  readonly round: number
  readonly rounds: readonly { readonly feedback: string; readonly answer?: string; readonly commit: string }[]
  /** What the gate's test said of this commit, if it ran before the review. */
  readonly test?: { readonly command: string; readonly status: number | null; readonly output: string }
}

/** Every hook that was found, in name order where there may be several. */
export interface Hooks {
  readonly review: readonly ReviewHook[]
  readonly merge?: MergeHook
  readonly approve: readonly (ApproveHook & ProtectionRules)[]
  readonly worktree: readonly WorktreeSetup[]
  readonly event: readonly EventHook[]
  readonly tasks?: TaskStore
  readonly agents: readonly Agent[]
}

export type HookName = 'review' | 'merge' | 'approve' | 'worktree' | 'event' | 'tasks' | 'agent'

/** Members that a review hook may have; a ready-made one has them. */
export interface ReviewerFacts {
  /** Whom it asks, for the probe at start. */
  readonly agents?: readonly string[]
  /** Reviews of one iteration at most. */
  readonly rounds?: number
  /** Reads what it needs from the main checkout; called when the swarm starts. */
  readonly prepare?: (root: string) => Promise<void>
  /** Milliseconds in place of the limit of hooks; `null` where it has limits of its own. */
  readonly timeLimitMs?: number | null
}

/** What is protected in a repository. */
export interface Protection {
  /** Decides how changes are judged. */
  judges(path: string): boolean
  /** Configures agents: a reviewer is given the target's version. */
  configures(path: string): boolean
  /** Is a program that judges: whatever runs it where a change is reviewed is given the target's version. */
  runs(path: string): boolean
}

/** What a team adds to and takes from what configures agents: patterns, as `touches` has them. */
export interface ProtectionRules {
  readonly protect?: readonly string[]
  readonly unprotect?: readonly string[]
}
