// What recovery needs of a swarm that starts: a part of it, so that nothing here knows the loop.

import type { Settings } from '../config/contract.js'
import type { Emit } from '../events/contract.js'
import type { HookContext } from '../hooks/contract.js'
import type { Claim, TaskStore } from '../tasks/contract.js'
import type { WorktreePool } from '../worktrees/contract.js'

/** The swarm that starts, and puts in order what others left. */
export interface Recovering {
  readonly id: string
  readonly repository: { readonly root: string }
  readonly settings: Pick<Settings, 'tasksStore'>
  /** Its own store by `hooks/tasks`. */
  readonly hooks: { readonly tasks?: TaskStore }
  readonly level: number
  /** The target; undefined where nothing lands. */
  readonly into?: string
  readonly store?: TaskStore
  readonly pool: WorktreePool
  /** It goes on where it stopped: the refs of kept work by `w1-3`, for the prompts. */
  readonly resumed?: { readonly kept: Map<string, string> }
  readonly emit: Emit
  commitOf(ref: string): Promise<string | undefined>
  pushed(commit: string): Promise<void>
  /** Brings the target up to what was pushed, with all until that time of `performance.now()`. */
  readonly fresh: { now(until?: number): Promise<boolean> }
  /** Where several machines land on the target: what gives this one its turn. */
  readonly lane?: HookContext['lane']
  readonly stopping: { readonly ending: AbortSignal }
  pay(debt: Debt): Promise<boolean>
}

/** One call to the store that has to be made. */
export interface Debt {
  readonly claim: Claim
  readonly facts: { readonly worker: string; readonly iteration?: number; readonly task: string }
  /** What fails, as in "Task x could not be …". */
  readonly what: 'given back' | 'completed'
  act(store: TaskStore): Promise<void>
  /** Says that it was done. */
  done(): Promise<void> | void
  /** Why it could not be done the last time, a sentence. */
  readonly why?: string
}

/** An iteration whose name an earlier run has used. */
export interface Reused {
  readonly swarm: string
  readonly worker: string
  readonly number: number
  /** Its worktree, `.w1-i1`, and its branch. */
  readonly name: string
  readonly branch: string
  readonly lane: { readonly swarm: Pick<Recovering, 'repository' | 'emit' | 'commitOf'> }
}
