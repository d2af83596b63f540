// Registers the worktree of an iteration: `git worktree add`, locked with who is making it until it has its files, so
// that nothing takes it away meanwhile, and whoever comes after a crash knows that nobody has worked in it.

import { rmSync, statSync } from 'node:fs'
import path from 'node:path'
import { OompaError } from '../errors.js'
import { kindOf } from '../files/kind.js'
import { textOf } from '../files/own.js'
import { gitFolders } from '../git/folders.js'
import { heldByEntry } from '../git/hidden.js'
import { clearRefLock } from '../git/left-locks.js'
import { isEntryName, namesWorktree, registrations } from '../git/registrations.js'
import { removeEntry, removeHalfMade, removeNameless } from '../git/remove.js'
import { git } from '../git/run-git.js'
import { isDead, thisOwner } from '../processes/owner.js'
import type { WorktreeRequest } from './contract.js'

/**
 * Makes the empty worktree `full` on its branch, made or moved to the base: `git reset --hard` in it makes the files.
 * Until `finishWorktree` it is locked. Only one at a time: `WORKTREE_LOCK`.
 * @returns its own git directory
 * @throws OompaError `worktree-failed` with git's own words
 */
export async function registerWorktree(root: string, full: string, request: WorktreeRequest): Promise<string> {
  const { common } = gitFolders(root)
  const entryOf = () => registrations(common).find((own) => namesWorktree(own, full))
  for (const own of registrations(common)) if (isNameless(own)) removeNameless(root, own)
  const before = entryOf()
  if (before) removeDead(root, before, full)
  const { pid, start, host } = thisOwner()
  const lock = ['--lock', '--reason', `${MAKING} ${pid} ${start} ${host}`]
  const where = ['-B', request.branch, full, request.base]
  const add = () => git(root, ['worktree', 'add', '--quiet', '--no-track', '--no-checkout', ...lock, ...where])
  let { status, stderr } = await add()
  if (status !== 0 && (await clearRefLock(common, `refs/heads/${request.branch}`))) ({ status, stderr } = await add())
  const own = entryOf()
  if (status !== 0 || !own) throw worktreeFailed(request, stderr.trim() || `git ended with status ${status}`)
  return own
}

/** The error for a worktree that could not be made. */
export function worktreeFailed(request: WorktreeRequest, why: string): OompaError {
  return new OompaError({
    code: 'worktree-failed',
    message: `Cannot make the worktree ${request.name} on ${request.branch}: ${why}`,
    mend: 'oompa cleanup --dry-run',
  })
}

/** Its folder went without git, or a crash came between two steps of ours; what it was on is in the branch. */
function removeDead(root: string, own: string, full: string): void {
  const isGone = kindOf(full) === undefined && (isHalfMade(own) || kindOf(path.join(own, 'locked')) === undefined)
  if (isGone && heldByEntry(own) === undefined) removeEntry(root, own, full)
}

/** A git was killed that was making or removing it: there is one at a time, so it is none that is at it now. */
function isNameless(own: string): boolean {
  return (
    isEntryName(path.basename(own)) && kindOf(path.join(own, 'gitdir')) === undefined && heldByEntry(own) === undefined
  )
}

const MAKING = 'oompa is making it:'

/** It has its files, and is the person's as much as ours from now on. */
export function finishWorktree(own: string): void {
  rmSync(path.join(own, 'locked'), { force: true })
}

/** Making one takes seconds; an owner that cannot be seen from here is given this long. */
const MAKING_MS = 15 * 60_000

/** Whether it has not got its files yet: then nobody has ever worked in it. */
function isBeingMade(own: string): boolean {
  return textOf(path.join(own, 'locked'))?.startsWith(MAKING) === true
}

/** Whether a crash came before it had its files. */
function isHalfMade(own: string): boolean {
  const locked = path.join(own, 'locked')
  const text = textOf(locked) ?? ''
  if (!text.startsWith(MAKING)) return false
  const [pid, start = '', host = ''] = text.slice(MAKING.length).trim().split(' ')
  const lastMs = statSync(locked, { throwIfNoEntry: false })?.mtimeMs ?? 0
  return isDead({ pid: Number(pid), start, host }, { lastMs, leaseMs: MAKING_MS })
}

/** The repository's entry of a worktree that a crash left half made: nobody has ever worked in it. */
export function halfMadeEntry(root: string, full: string): string | undefined {
  return registrations(gitFolders(root).common).find((one) => namesWorktree(one, full) && isHalfMade(one))
}

/** Takes away a worktree that a crash left half made, with whatever is there of it; false if `full` is none. */
export function discardHalfMade(root: string, full: string): boolean {
  const own = halfMadeEntry(root, full)
  if (!own) return false
  removeHalfMade(root, own, full, isHalfMade)
  return true
}

/** Takes away a worktree that we could not fill. */
export function discardUnfilled(root: string, own: string, full: string): void {
  removeHalfMade(root, own, full, isBeingMade)
}
