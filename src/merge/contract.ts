// What landing is: the options that a person sets, what is landed, and how it can end.

import type { Emit } from '../events/contract.js'
import type { HookContext, MergeHook } from '../hooks/contract.js'
import type { Landing, Refusal, StatusEdits, StatusHistory, Worktree } from '../words.js'

export type Strategy = 'merge' | 'rebase' | 'squash'

/** Options of `mergeQueue({…})`, and defaults of `oompa merge`. */
export interface MergeOptions {
  /** A shell line, run on the merged tree before the target moves. None: what merges cleanly lands. */
  readonly test?: string
  /** The target, without `refs/heads/`; the branch that the main checkout is on unless given. */
  readonly into?: string
  /** What happens when somebody else has moved the target: `land` on top of it (unless given), or `stop`. */
  readonly moved?: 'land' | 'stop'
  /** `merge` (a merge commit, always) unless given. */
  readonly strategy?: Strategy
  /** Fetch before, push after each drained batch. */
  readonly push?: boolean
  /** That of the target's upstream unless given; else the only one, or `origin`. */
  readonly remote?: string
  /** How long the remote may be silent in a fetch or a push: `limits.remote` of `oompa.json`, 2 minutes unless given. */
  readonly remoteTimeoutMs?: number
  /** Says in a trailer of the landing what its iteration has cost (`Oompa-Cost`). */
  readonly cost?: boolean
  /** How many changes are tested together at most; chosen by the number of workers unless given. */
  readonly batch?: number
  /** Time limit of one run of the test; `limits.test` of `oompa.json` (30 minutes) unless given. */
  readonly testTimeoutMs?: number
  /** How often a test that fails on a single change is run again before it counts as failed; 1 unless given. */
  readonly retries?: number
}

/** A merge hook whose options can be read, so that `oompa merge` lands as the hook does. */
export type MergeHookWithOptions = MergeHook & { readonly options: MergeOptions }

/** Runs a command as hooks do: it and all that it starts end with us. */
export type CommandRunner = HookContext['run']

/** One change that is to land. */
export interface Candidate {
  /** What people call it: its branch without `refs/heads/`, or a commit's id. */
  readonly branch: string
  /** The commit that was reviewed: this one lands, wherever the branch is by then. */
  readonly commit: string
  /** The value of the target that it was built on: if the person has taken that out since, it stays out. */
  readonly base?: string
  /** A remote's history: it is merged although it changes no file, so that the target can be pushed. */
  readonly isHistory?: boolean
  /** It may have landed before, as another commit: by a squash or a rebase that somebody asks for once more. */
  readonly mayHaveLanded?: boolean
  /** For a remote's history: who puts the status of tasks together, where nothing else conflicts. */
  readonly statusHistory?: StatusHistory
  readonly worker?: string
  /** Where the worker is, if several machines work on the same tasks. */
  readonly machine?: string
  readonly iteration?: number
  readonly task?: { readonly id: string; readonly summary?: string }
  readonly reviewedBy?: readonly string[]
  /** What it has cost, for a trailer. */
  readonly spent?: string
  readonly status?: StatusEdits
}

/** What a landing needs from whoever asks for it. */
export interface LandContext {
  /** The main checkout, absolute. */
  readonly root: string
  readonly signal: AbortSignal
  /**
   * Ends a test that is running. A swarm gives none: when it is being stopped, the landing that is being tested comes
   * to its end (docs/contract.md, 11). `oompa merge` gives its own.
   */
  readonly testSignal?: AbortSignal
  /** Ends a fetch and a push, for who lands without a remote then; `signal` unless given. */
  readonly remoteSignal?: AbortSignal
  /** For options that say none. */
  readonly remoteTimeoutMs?: number
  readonly emit: Emit
  readonly run: CommandRunner
  /** How many workers land here, for the size of batches; those that have landed unless given. */
  readonly workers?: number
  /** Time limit of one run of the test, where the options name none. */
  readonly testTimeoutMs?: number
  /** `OOMPA_*` for the test. */
  readonly env: Readonly<Record<string, string>>
  /** How the status of tasks in two histories becomes one; undefined where tasks are not in the repository. */
  history?(): Promise<StatusHistory | undefined>
  /** What waits for the turn of this machine, where several land on one target now. */
  readonly lane?: HookContext['lane']
  /** Installs dependencies in a gate. */
  prepare?(worktree: Worktree): Promise<void>
}

/** How landing one candidate ended. `waits`: the person's checkout is in the way; try again. */
export type LandResult =
  | { readonly result: 'landed'; readonly landing: Landing }
  | { readonly result: 'refused'; readonly refusal: Refusal }
  | { readonly result: 'waits'; readonly reason: string; readonly paths: readonly string[] }
