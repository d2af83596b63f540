// What the loop's words hand to each other: a swarm, its workers, their iterations and attempts.

import type { Agent, AgentSpec, TurnResult } from '../agents/contract.js'
import type { Persistence, Persister } from '../agents/persist.js'
import type { Bill } from '../agents/prices.js'
import type { Signal } from '../agents/signals.js'
import type { Settings, WorkerSettings } from '../config/contract.js'
import type { Emit } from '../events/contract.js'
import type { CheckoutState } from '../git/checkoutState.js'
import type { Repository } from '../git/folders.js'
import type { HookContext, Hooks, Protection, ReviewerFacts, ReviewHook } from '../hooks/contract.js'
import type { Fresh } from '../merge/fresh.js'
import type { LeftConflict } from '../merge/left-markers.js'
import type { PromptText } from '../prompts/index.js'
import type { Debt } from '../recovery/contract.js'
import type { Judges } from '../review/judges.js'
import type { Pin, ReviewHistory } from '../review/rounds.js'
import type { Claim, ClaimAnswer, TaskListing, TaskStore } from '../tasks/contract.js'
import type { IterationFacts, Refusal, Worktree } from '../words.js'
import type { WorktreePool } from '../worktrees/contract.js'
import type { NamedLoop } from '../worktrees/named.js'
import type { Budget } from './budget.js'
import type { Crew } from './crew.js'
import type { Harnesses } from './harness.js'
import type { ResumePoint } from './resume-point.js'
import type { Stopping } from './stopping.js'

/** One run of the loop: everything that its stages need, made once by `startSwarm`. */
export interface Swarm {
  /** 8 hex digits. */
  readonly id: string
  readonly repository: Repository
  readonly settings: Settings
  readonly hooks: Hooks
  /** 1, 2 or 3 (docs/contract.md). */
  readonly level: 1 | 2 | 3
  /** The branch that changes land on, from level 2 on. */
  readonly into?: string
  /** The tasks that count, where the loop claims them. */
  readonly store?: TaskStore
  /** The name of this machine, where others work on the same tasks. */
  readonly machine?: string
  /** Its turn to land among them. */
  readonly lane?: HookContext['lane']
  /** The remote that landings are pushed to, where they are. */
  readonly remote?: string
  /** What swarms of other clones work on, where the tasks are files and landings are pushed. */
  elsewhere?: Elsewhere
  /** For how long the server of the tasks has been away so far, all in all. */
  awayMs(): number
  /** Absolute path of `tasks/` in the main checkout. */
  readonly tasks: string
  readonly workers: readonly Worker[]
  /** The named worktree that it is a loop in. */
  readonly named?: NamedLoop
  /** Runs once before the workers: `planner` in `oompa.json`. */
  planner?: Worker
  readonly pool: WorktreePool
  readonly harnesses: Harnesses
  readonly budget: Budget
  readonly stopping: Stopping
  readonly emit: Emit
  /** Worktrees of next iterations that are being made, by name. */
  readonly ahead: Map<string, Promise<Worktree | undefined>>
  /** The iteration that each worker is in. */
  readonly current: Map<string, Iteration>
  /** What each worker is doing: who is at work, who waits for a task, who has none left to do. */
  readonly crew: Crew
  /** Who works and who does not, where that follows the tasks. */
  scaling?: Scaling
  /** Agents that have made a change in this swarm: they are allowed to. */
  readonly proven: Set<string>
  /** Releases and completions that failed, and are tried again. */
  readonly debts: Debts
  /** @throws OompaError (status 2) if there is none of this name. */
  readonly findAgent: (spec: AgentSpec) => Agent
  /** Harnesses whose CLI can be told what a run may cost, by the version that it was found to have. */
  readonly keepsCap: Set<string>
  /** What is protected: a change of it waits for a person, and reviewers have the target's. */
  readonly protection: Protection
  /** The programs of the repository that judge, as they were at the start. */
  readonly judges: Judges
  /** Command lines of the gate's test, as far as they are known by now. */
  testCommands(): readonly string[]
  /** Whether the loop claims a task for each iteration (`hooks/tasks`). */
  readonly claims: boolean
  /** Who reads the changes of a worker. */
  reviewers(lane: WorkerSettings): readonly (ReviewHook & ReviewerFacts)[]
  /** Author runs of one iteration at most, and reviews. */
  rounds(lane: WorkerSettings): number
  /** The environment that keeps an agent from moving the target or another worker's branch. */
  guard(iteration: Iteration): Promise<Readonly<Record<string, string>>>
  /** Compares what all worktrees share before and after each agent. */
  readonly watch: SharedWatch
  /** Writes workers' conversations down, where `codex-persist` is installed. */
  readonly persister: Persister
  /** What an agent printed, for the view. */
  output(worker: string, text: string): void
  /** Says on a terminal what is waited for, while nothing else is shown there. */
  aside(text: string): void
  /** When the tasks that are left were counted last, by `performance.now()`. */
  readonly counted: { at: number }
  /** What each ended iteration came to. */
  readonly outcomes: Ended[]
  /** Whether a worker has moved the target past us: nothing lands any more. */
  bypassed(): Promise<boolean>
  /** The commit that a name means now, or undefined: asked of one git that stays, so it costs no process. */
  commitOf(name: string): Promise<string | undefined>
  /** Where a resumed swarm goes on. */
  readonly resumed?: ResumePoint
  /** Brings the target up to its remote where changes are pushed: asked before each claim and each worktree. */
  readonly fresh: Fresh
  /** Whether a pull request is open, whose task others may wait for. */
  inReview(): boolean
  /**
   * Returns when the remote has a commit that landed, where landings are pushed and the tasks are not pushed with them.
   * @throws OompaError `unpushed` where it cannot be pushed now
   */
  pushed(commit: string): Promise<void>
  /** Makes a call to the store, now or later; gives whether it was done. */
  pay(debt: Debt): Promise<boolean>
  /**
   * Lands and pushes what is left when the workers have ended.
   * @param settle pays what is owed to the store
   */
  drain(settle: () => Promise<void>): Promise<void>
}

/** What swarms of other clones work on, as a list on the remote says it. Throws nothing: it is a hint. */
export interface Elsewhere {
  /**
   * Looks what the others work on, unless that was heard a moment ago: before each claim.
   * @param isFirst whether the worker begins to look for a task; who waits for one looks only where others are there
   */
  look(isFirst: boolean): Promise<void>
  /** Whether there are any. */
  others(): boolean
  /** Whether a claim has to be told before it is made: there are others, or nobody knows. */
  asks(): boolean
  /** Tells, in the background, that we work on a task. */
  tell(id: string): void
  /** The tasks; those that others work on, or that a worker of ours is about to claim, are held. */
  seen(listing: TaskListing): TaskListing
  /** Tells that we work on a task, then claims it; unless somebody else was quicker. */
  claim(id: string, act: () => Promise<ClaimAnswer>): Promise<ClaimAnswer>
  /** Takes us off the list. */
  leave(): Promise<void>
}

/** Which workers work, where that follows the tasks. */
export interface Scaling {
  /** Waits until a worker is wanted; false if it begins nothing more. */
  turn(worker: Worker): Promise<boolean>
  /** Aborted while the worker waits for a task, when the others are enough. */
  leaving(worker: string): AbortSignal | undefined
}

/** One parallel lane: gives its iterations in turn. */
export interface Worker extends AsyncIterable<Iteration> {
  /** `w1`, `w2`, … */
  readonly name: string
  readonly swarm: Swarm
  readonly settings: WorkerSettings
  /** `OOMPA_PORT_BASE`. */
  readonly portBase: number
  /** What it is called with, as in `claude:opus`: that of its settings, or a fallback for the time of a limit. */
  agent: AgentSpec
  /** Its prompts as they were when the swarm started: an agent cannot change them (docs/contract.md, *State*). */
  readonly prompt: PromptText
  readonly conversation: Persistence
  /** Says that it shall begin no further iteration, and why. */
  finish(why: string): void
  /** Ends the iteration in progress because something was thrown in it. */
  fail(error: unknown): Promise<void>
  /** Ends an iteration that the loop left by itself. */
  close(): Promise<void>
  readonly finished: boolean
  /** The ref of what its last iteration left: where the next one begins with `continue`. */
  left?: string
}

export type Outcome = 'landed' | 'done' | 'nothing' | 'kept' | 'refused' | 'failed' | 'interrupted' | 'waiting'

/** What an iteration came to, and whether it had held a task. */
export interface Ended {
  readonly outcome: Outcome
  readonly hadTask: boolean
}

/** One turn of a worker, and what its stages found out. */
export interface Iteration extends IterationFacts {
  readonly worker: string
  readonly lane: Worker
  /** `.w1-i1` */
  readonly name: string
  /** `oompa/w1-i1` */
  readonly branch: string
  /** The claim of its task, and further ones that its agent asked for by `CLAIM(…)`. */
  readonly claims: Claim[]
  /** Whether it has held a task, which may be complete or given back by now. */
  hadTask: boolean
  /** How things stood before its agent ran for the first time; unset until then. */
  start?: StartState
  /** Nothing was pending when it began: its agent is asked to plan. */
  planning: boolean
  /** Ids of tasks that its agent added. */
  readonly added: string[]
  /** Files of tools that were left in its worktree, and need not keep it there. */
  readonly litter: Set<string>
  /** How many tasks it has completed. */
  completed: number
  /** Ids of its tasks of which its agent said, by a move or a command, that they are done. */
  readonly moved: Set<string>
  /** What its agent has been told since its first prompt: a new session has to know it all. */
  readonly told: string[]
  /** What its agent said last. */
  said?: Said
  worktree?: Worktree
  /** The newest value of the target that its branch was built on; unset where nothing lands. */
  onto?: string
  /** The author's commits as they were before its branch was put onto a target that the person had rewritten. */
  readonly before: { readonly ref: string; readonly commit: string }[]
  /** Files that were left in conflict for its author: their markers are not to come back with the change. */
  readonly conflicted: LeftConflict[]
  /** The tip of its change, as it was proposed last. */
  commit?: string
  /** The session that the author's further turns resume, and whose it is: no other harness knows it. */
  session?: string
  sessionOf?: string
  /** What the iteration came to; set by the stage that knows. */
  outcome?: Outcome
  reason?: string
  /** For the notes of tasks that go back, where there is more to say than the reason. */
  notes?: string
  /** The ref where work that did not land is. */
  kept?: string
  /** The last refusal, for the notes of the task. */
  refusal?: Refusal
  /** What its reviews have come to so far. */
  reviews?: ReviewHistory
  /** What was approved, and by whom: the landing checks it once more. */
  approval?: { readonly pin: Pin; readonly by: readonly string[] }
  /** What its runs have come to, reviews among them. */
  readonly bills: Bill[]
  /** Why its change waits for a person, whatever else is said of it: what was changed while its agent was at work. */
  readonly held: string[]
  /** Somebody else had its task: what it made is kept, and nothing is to build on it. */
  givenUp?: boolean
  /** Somebody else has completed its task: the tasks come forward, though not by it. */
  outdone?: boolean
  /** Why what its author left is no change: it is told before anything else. */
  unfinished?: Refusal
}

/** How things stood before an iteration's agent ran. */
export interface StartState {
  /** Fences of claims that its worker held already: of an earlier iteration, or of a change that waits for a person. */
  readonly fences: ReadonlySet<string>
  /** How long the history of tasks was, bytes. */
  readonly history: number
  /** Of the person's checkout, where the agent works in it (`--here`). */
  readonly checkout?: CheckoutState
}

/** The end of an author's run. */
export type Said = Pick<TurnResult, 'text' | 'denials'> & { readonly signals: readonly Signal[] }

/** One author run of an iteration. Set `feedback` to have the author try again. */
export interface Attempt {
  /** From 1. */
  readonly number: number
  readonly iteration: Iteration
  /** Why the attempt before was refused. */
  readonly previous?: Refusal
  feedback?: Refusal
}

export interface Debts {
  /** By the claim's fence. */
  readonly open: Map<string, Debt>
  /** Fences of all that ever was owed: these claims are no later iteration's. */
  readonly fences: Set<string>
}

/** Looks at what is shared below `.git`, before and after each agent. */
export interface SharedWatch {
  /** Runs an agent of an iteration, and compares with before when it has ended. */
  during<T>(iteration: Iteration, run: () => Promise<T>): Promise<T>
  /** Compares now, in files alone: before we build on what they say. */
  look(): Promise<void>
  /** Lets go of what was held for the comparison. */
  close(): Promise<void>
}
