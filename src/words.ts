// The words of the design as types: the values that stages hand to each other.

/** One turn of a worker. */
export interface IterationFacts {
  /** Id of the swarm: 8 hex digits. */
  readonly swarm: string
  /** Name of the worker, `w1`, `w2`, … */
  readonly worker: string
  /** Counts from 1. */
  readonly number: number
}

/** Where an iteration works. */
export interface Worktree {
  /** Directory name below the root, `.w1-i1`. */
  readonly name: string
  /** Absolute path. */
  readonly path: string
  /** Its branch without `refs/heads/`, `oompa/w1-i1`. */
  readonly branch: string
  /** The commit it was made at. */
  readonly base: string
}

/** One path of a change, as `git diff --name-status -M` tells it. */
export interface ChangedFile {
  readonly path: string
  /** The path before a rename or copy. */
  readonly from?: string
  readonly status: 'added' | 'modified' | 'removed' | 'renamed' | 'copied' | 'mode' | 'type'
}

/** A piece of work. Keys that a file has beyond these are kept in the file, and here in `extra`. */
export interface Task {
  readonly id: string
  readonly summary: string
  readonly description?: string
  readonly difficulty?: string
  readonly acceptance: readonly string[]
  readonly files: readonly string[]
  /** Ids that must be complete first. */
  readonly dependsOn: readonly string[]
  /** Ascending, 0 first; absent means last. */
  readonly priority?: number
  readonly role?: string
  readonly story?: string
  /** The store that it stands in, by its path below the root, where there are several (`tasks.stores`). */
  readonly store?: string
  /** Notes left by earlier attempts: where their work is, the last feedback. */
  readonly notes?: string
  readonly extra: Readonly<Record<string, unknown>>
}

/** The commits of a worktree's branch over its base: what is reviewed and landed. */
export interface Change extends IterationFacts {
  /** Which author run of the iteration made it, from 1. */
  readonly attempt: number
  /** Where the worker is, if several machines work on the same tasks. */
  readonly machine?: string
  readonly worktree: Worktree
  readonly branch: string
  /** The tip: what is reviewed, tested and landed is this commit. */
  readonly commit: string
  /** The merge base with the target. */
  readonly base: string
  /** The branch it is to land on, without `refs/heads/`. */
  readonly into: string
  readonly files: readonly ChangedFile[]
  readonly task?: Task
  /** The agent that wrote it, `claude:opus`. */
  readonly author?: string
  /** The author's final message. */
  readonly message?: string
  /**
   * Those of its paths that the gate's test runs from (`package.json`, the script that it names, the runner's
   * configuration, continuous integration): it is tested by its own version of them. Known from level 2 on.
   */
  readonly touchesTheTest?: readonly string[]
  /** Who approved it, for the `Reviewed-by` trailer; filled by the review stage. */
  readonly reviewedBy?: readonly string[]
  /** What its iteration has cost, as it is said: `$0.4200`, or `~$0.4200` where it is an estimate. */
  readonly cost?: string
  /** What the landing must write of the task's status, if `tasks/` is tracked or a task is claimed. */
  readonly status?: StatusEdits
}

/** One file of a tree that a landing writes; `content: null` removes it. */
export interface TreeEdit {
  readonly path: string
  readonly content: Uint8Array | null
  /** `100644` unless given. */
  readonly mode?: string
}

/** How the task's status travels with a landing (docs/contract.md, *State*). */
export interface StatusEdits {
  /**
   * Edits over the merged tree, so that status and work are one commit. Empty if `tasks/` is not tracked.
   * @param mergedCommit what `merged-commit` says (docs/contract.md, 16); undefined for a squash.
   * @param onto the commit that the change is stacked on, where that is not the target itself: in a batch, tasks that
   *   are one file have the status of those before it there.
   */
  edits(mergedCommit: string | undefined, onto?: string): Promise<readonly TreeEdit[]>
  /** After the ref has moved: moves the task's files. Safe to call again for the same landing. */
  settle(landing: Landing): Promise<void>
}

/** What two histories of one repository say of its tasks, for whoever puts them together. */
export interface StatusHistory {
  /** Whether a file holds the status of tasks, and nothing else. */
  isStatus(path: string): boolean
  /** Names of the tasks that a commit has complete. */
  completeIn(commit: string): Promise<ReadonlySet<string>>
  /**
   * Edits over `tree` that give it the status of `theirs` with what `ours` did to it since `base`.
   * @returns undefined if the files say more than that on both sides: then it is a conflict
   */
  merged(sides: HistorySides, tree: string): Promise<readonly TreeEdit[] | undefined>
}

/** Three commits. */
export interface HistorySides {
  readonly base: string
  readonly ours: string
  readonly theirs: string
}

/** A change that has reached the target branch. */
export interface Landing {
  /** The new value of the target. */
  readonly commit: string
  /** What `merged-commit` says; undefined for a squash. */
  readonly mergedCommit?: string
  /** The target branch, without `refs/heads/`. */
  readonly into: string
  /** How many changes were tested together, 1 without batches. */
  readonly batch?: number
  /** True if the change was landed already, or merging changed no file. */
  readonly nothing?: boolean
  /** It has not landed yet: a pull request is open for it, as `commit` on the branch `into`. */
  readonly pull?: { readonly url: string; readonly branch: string }
}

/** Why an attempt did not land, as feedback to its author. */
export interface Refusal {
  readonly refused: 'review' | 'conflict' | 'test' | 'approval' | 'policy' | 'task' | 'agent' | 'unavailable'
  /** For the author (and the task's notes): what to mend, with the output that shows it. */
  readonly feedback: string
  /** The author cannot mend it: do not try again in this iteration, keep the work. */
  readonly final?: boolean
  /** For programs and the log: conflicted paths, the test's status and so on. */
  readonly details?: Readonly<Record<string, unknown>>
}

export function isRefusal(value: Landing | Refusal): value is Refusal {
  return 'refused' in value
}

/** A reviewer's answer. `unavailable`: could not judge, which is neither yes nor no. */
export type Verdict =
  | { readonly approved: true; readonly feedback?: string; readonly by?: string }
  | { readonly approved: false; readonly feedback: string; readonly by?: string }
  | { readonly approved: 'unavailable'; readonly feedback: string; readonly by?: string }

/** An answer of an approve hook. */
export type Approval = { readonly approved: true } | { readonly wait: string }

/** Tokens of one run, never cumulative over a session. */
export interface Usage {
  readonly input: number
  readonly output: number
  readonly cacheRead: number
  readonly cacheWrite: number
}
