// What the loop asks of worktrees: get one for a name, and give it back.

import type { Worktree } from '../words.js'

export interface WorktreeRequest {
  /** Directory name below the root, `.w1-i1`. */
  readonly name: string
  /** Branch without `refs/heads/`. */
  readonly branch: string
  /** Commit to start from. */
  readonly base: string
  /** Nobody waits for it yet: those that somebody waits for are made first. */
  readonly ahead?: boolean
}

/** What became of a worktree that was given back. */
export type Returned =
  /** With the commit that it was on, and what a person should know of what was kept. */
  | { readonly gone: true; readonly commit?: string; readonly said?: readonly string[] }
  | { readonly gone: false; readonly why: string }

/** Worktrees of one repository: made one at a time across processes, and kept as spares when they are given back. */
export interface WorktreePool {
  /**
   * Makes the worktree at `base` on a new branch, from a spare checkout if there is one.
   * @throws OompaError `worktree-failed`, `disk-full` with what stands in the way
   */
  acquire(request: WorktreeRequest): Promise<Worktree>
  /** Takes away a worktree that a crash left before it had its files; false if the one of this name is not such. */
  discardHalfMade(name: string): boolean
  /**
   * Moves a worktree that has no commit of its own yet to another commit. Edits stay.
   * @throws OompaError `git-failed` if one is in the way, having done nothing
   */
  refresh(worktree: Worktree, base: string): Promise<Worktree>
  /**
   * Takes the directory away if nothing in it would be lost: a clean one becomes a spare, any other stays.
   * The branch is the caller's business.
   */
  release(worktree: Pick<Worktree, 'path'>): Promise<Returned>
}
