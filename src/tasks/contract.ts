// What a task store is: where tasks are, who holds them, and how they change hands. Few members, all used by the loop.

import type { Owner } from '../processes/owner.js'
import type { StatusEdits, StatusHistory, Task, TreeEdit } from '../words.js'
import type { TaskEngine } from './task-engine.js'

/** Who claims. Written into the claim record, so that a dead holder can be told from a live one. */
export interface Claimer {
  /** `w1` in a swarm; any name from a shell. */
  readonly worker: string
  readonly swarm?: string
  /** A process whose end ends the claim; none for a claim that lives by its lease. */
  readonly pid?: number
}

/** A task held by a worker. `fence` changes with every claim: a holder that comes back late has an old one. */
export interface Claim {
  readonly task: Task
  readonly holder: Claimer
  readonly fence: string
  readonly since: string
}

export interface ClaimRequest {
  readonly claimer: Claimer
  /** This one and no other; otherwise the first that is ready, by priority, then file name. */
  readonly id?: string
  readonly story?: string
  /** At most this priority number. */
  readonly priority?: number
  readonly role?: string
  readonly files?: readonly string[]
  /** Tasks of these stores only, where there are several. */
  readonly stores?: readonly string[]
  /** Ids that are complete in stores beside this one: what waits for them alone is ready. */
  readonly done?: readonly string[]
}

export type ClaimAnswer =
  | { readonly answer: 'claimed'; readonly claim: Claim }
  | { readonly answer: 'already-taken' | 'not-found' | 'dependency-missing' | 'none'; readonly why: string }

export interface TaskProblem {
  readonly path: string
  readonly line?: number
  readonly reason: string
}

export interface TaskListing {
  /** In the order in which they would be claimed. */
  readonly pending: readonly (Task & { readonly ready: boolean; readonly waitsFor: readonly string[] })[]
  /**
   * `stale` says why there is no sign of life. `bare` says that it is nobody's: somebody has moved it by hand, or its
   * record was removed; it goes back to pending only where a person names it.
   */
  readonly current: readonly (Task & { readonly claim?: Claim; readonly stale?: string; readonly bare?: string })[]
  readonly complete: readonly Task[]
  /** Files that are not tasks, cycles, missing prerequisites: they never stop the good ones. */
  readonly problems: readonly TaskProblem[]
  /** What it was put together from, for whoever puts several stores together. */
  readonly found?: FoundTasks
}

/** A task as a store has read it. */
export interface FoundTask {
  readonly task: Task
  /** Its place among equals: its file's name, or its number in a list. */
  readonly place: string
  /** For problems. */
  readonly path: string
  /** Held back by the one who wrote it. */
  readonly blocked?: boolean
}

export interface FoundCurrent extends FoundTask {
  readonly claim?: Claim
  /** Why it shows no sign of life. */
  readonly stale?: string
  /** Why it is nobody's. */
  readonly bare?: string
}

export interface FoundTasks {
  readonly pending: readonly FoundTask[]
  readonly current: readonly FoundCurrent[]
  readonly complete: readonly FoundTask[]
  readonly problems: readonly TaskProblem[]
}

/** What completion writes into the task (docs/contract.md). */
export interface Completion {
  readonly by: string
  readonly at: string
  readonly reviewRounds?: number
  readonly mergedCommit?: string
  readonly notes?: string
}

/** Where tasks are, against which the conformance suite proves any store. */
export interface TaskStore {
  readonly name: string
  list(): Promise<TaskListing>
  claim(request: ClaimRequest): Promise<ClaimAnswer>
  /** @throws OompaError `not-yours` (status 4) if the claim is not the holder's any more. */
  complete(claim: Claim, completion: Completion): Promise<void>
  /**
   * Back to pending, the reason and where the work is kept in its notes.
   * @throws OompaError `not-yours` (status 4)
   */
  release(claim: Claim, reason: string): Promise<void>
  /** @throws OompaError `duplicate-task` (status 4), `bad-task` (status 2) */
  add(task: NewTask): Promise<Task>
  /** Says that the claims live: called each heartbeat. */
  renew?(claims: readonly Claim[]): Promise<void>
  /** Calls back when something may have changed; a hint, never a fact. Returns what ends it. */
  watch?(changed: () => void): () => Promise<void>
  /**
   * Gives a current task to somebody else, with a new fence, if its claim is still the one with this fence (undefined:
   * if nobody's): how stale claims and a person's `--force` take over.
   * @throws OompaError `not-yours` (status 4)
   */
  take?(id: string, claimer: Claimer, expected: string | undefined): Promise<Claim>
  /** Puts a complete task back to pending, for a person; false if it is not complete. */
  reopen?(id: string, reason: string, by: string): Promise<boolean>
  /** Where the tasks are, absolute, if they are files. */
  readonly path?: string
  /** How tasks that stand in the repository travel with the work (docs/contract.md, *State*). */
  readonly tracked?: TrackedTasks
  /** Says that whoever opened it is done with it. */
  close?(): Promise<void>
  /** What it takes to put a task back that somebody has moved or removed who may not. */
  readonly snapshots?: TaskSnapshots
  /** The stores that it is put together from, by their paths below the root. */
  readonly shards?: ReadonlyMap<string, TaskStore>
  /** The server that the tasks stand on, if there is one: `oompa engine`. */
  readonly engine?: TaskEngine
}

/** Where a task stands, and all that it takes to put it back there. */
export interface TaskPlace {
  readonly id: string
  readonly state: TaskState
  /** The name of its file. */
  readonly name: string
  /** What its file holds, to the byte. */
  readonly text: string
  /** The record of its claim, wherever its file is by now. */
  readonly record?: ClaimRecord
}

export type TaskState = 'pending' | 'current' | 'complete'

/** The tasks of a store at one moment, in memory. */
export interface TaskSnapshot {
  /** The folder that was read, absolute: another one holds other tasks. */
  readonly where: string
  /** Where it stands below the root, with slashes as git has them; undefined for a folder elsewhere. */
  readonly tree?: string
  /** By id. */
  readonly tasks: ReadonlyMap<string, TaskPlace>
  /** What holds no task, though its name is that of one: `pending/x.edn`. */
  readonly spoiled: ReadonlySet<string>
  /** What stands in the place of a folder and is none. */
  readonly wrong: readonly TaskProblem[]
  /** Whether the folder of all tasks is itself a folder, and no link to one. */
  readonly isFolder: boolean
}

export interface TaskSnapshots {
  /** @param before a link in the place of what was a folder then is wrong, wherever it leads */
  take(before?: TaskSnapshot): Promise<TaskSnapshot>
  /**
   * Puts a task where `task` says, with its text, over nothing that is there.
   * @param now where it stands instead; undefined if it is gone
   * @returns where a text that differs was kept, below the root; false if somebody else has moved it meanwhile
   */
  putBack(task: TaskPlace, now?: TaskPlace): Promise<{ readonly kept?: string } | false>
  /** Keeps the text of a task whose file holds something else now; gives where, below the root. */
  keep(task: TaskPlace): Promise<string>
  /** Moves aside what stands in the place of a folder, and makes the folder; gives where it is now, below the root. */
  clear(wrong: TaskProblem): Promise<string>
}

/** What an agent did to the copy of the tasks in its worktree, read as requests. */
export interface TaskRequests {
  /** New tasks; `path` is below the worktree. */
  readonly adds: readonly { readonly path: string; readonly task: Task }[]
  /** It moved a task of its own to complete. */
  readonly ready: boolean
  /** Ids of tasks that it moved to complete, its own or not. */
  readonly completed: readonly string[]
  /** Everything else that it did, with why nothing comes of it. */
  readonly ignored: readonly { readonly path: string; readonly reason: string }[]
}

/** What a landing is to write of tasks. */
export interface StatusRequest {
  /** The target, without `refs/heads/`. */
  readonly into: string
  /** Claims that the landing completes. */
  readonly claims: readonly Claim[]
  readonly completion: Omit<Completion, 'mergedCommit'>
  /** Ids of tasks that were added for this change and stand in no commit yet. */
  readonly added?: readonly string[]
}

/** A change never contains the status of tasks; a landing does. */
export interface TrackedTasks {
  /**
   * The difference below the tasks between `base` and what stands in `worktree` now, committed or not.
   * @param own ids of the tasks that the worker holds
   */
  requests(worktree: string, base: string, own: readonly string[]): Promise<TaskRequests>
  /**
   * Puts the tasks back to what they are in `base`, as one commit on the worktree's branch; `adds` that no commit holds
   * are removed.
   * @returns the commit, or undefined if there was nothing to put back
   */
  restore(worktree: string, base: string, adds?: TaskRequests['adds']): Promise<string | undefined>
  /**
   * The status that travels with a landing. Its `edits` throw OompaError `not-yours` or `already-complete` (status 4):
   * the work is kept and given up.
   */
  statusEdits(request: StatusRequest): StatusEdits
  /** What of our doing no landing has carried, over the target's tree: for one commit when the swarm drains. */
  drain(into: string): Promise<readonly TreeEdit[]>
  /** After a crash, committed-complete wins: ids of tasks whose files were moved to where the target has them. */
  recover(into: string): Promise<readonly string[]>
  /** For when another clone has gone on with the same tasks, and both histories become one. */
  history(): Promise<StatusHistory>
  /**
   * For when the checkout is not on the target, whose tasks are then kept elsewhere (src/tasks/tracked/away.ts). Of
   * several stores each has its own.
   */
  away?(): Promise<AwayTasks>
}

/** The tasks as files of a branch, apart from any checkout. */
export interface AwayTasks {
  /** Folders or files of the tasks, below the root, as git names them; none if they are not in the repository. */
  readonly paths: readonly string[]
  /** The records of its claims. */
  readonly records: Records
  /** The same store over a copy of these paths below `base`. */
  copyIn(base: string): TaskStore
  /** What stands on disk by our doing and in no commit of the target: what `drain` gives, and the claims. */
  ours(into: string): Promise<OurTasks>
  /** Whether all that `disk` has otherwise than `committed` is our doing. */
  isOurs(path: string, disk: Uint8Array, committed: Uint8Array): Promise<boolean>
}

export interface OurTasks {
  readonly edits: readonly TreeEdit[]
  /** The claims among them, by the key of their record. */
  readonly claims: readonly { readonly key: string; readonly record: ClaimRecord }[]
}

/** A task to be added; the id is made from the summary where there is none. */
export type NewTask = Partial<Omit<Task, 'summary'>> & {
  readonly summary: string
  readonly format?: 'edn' | 'json'
  /** Who asked for it, where the loop adds it for an agent; else who adds it. */
  readonly by?: Pick<Claimer, 'worker' | 'swarm'>
}

/** What a claim record says. The time of its file is the last sign of life. */
export interface ClaimRecord {
  readonly id: string
  readonly worker: string
  readonly swarm?: string
  /** The process that it lives and dies with; without one it lives by its lease. */
  readonly owner?: Owner
  readonly fence: string
  readonly since: string
}

export interface Records {
  read(key: string): (ClaimRecord & { readonly heartbeatMs: number }) | undefined
  write(key: string, record: ClaimRecord): void
  /** The record that this process has written for a claim of its own, whatever has become of the file. */
  own(key: string): ClaimRecord | undefined
  /** Writes a record that somebody has removed, where there is none. */
  restore(key: string, record: ClaimRecord): void
  /** Says that the claim lives, if it is still this one. */
  renew(key: string, fence: string): void
  remove(key: string): void
  /** Of what there is a record: one look at the folder, and not one for each task. */
  keys(): ReadonlySet<string>
  /** What stands in the place of records and is none: it counts as no record. */
  problems(): TaskProblem[]
  /** How long a claim lives without a sign of life: `limits.lease` of `oompa.json`. */
  readonly leaseMs: number
  /** A folder of this store for its lock and the like. */
  readonly folder: string
}
