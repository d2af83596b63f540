// Registers a linked worktree by writing the files that git would (gitrepository-layout(5), worktrees/): `git
// worktree add` starts four processes for it, which is most of what an iteration on a small repository costs.
// Whatever is out of the ordinary is left to git, and with it the words for what is wrong.

import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { isErrno } from '../errors.js'
import { kindOf } from '../files/kind.js'
import { textOf } from '../files/own.js'
import { gitFolders, ourFolder } from '../git/folders.js'
import { heldByEntry } from '../git/hidden.js'
import { namesWorktree, registrations } from '../git/registrations.js'
import { removeEntry, removeHalfMade, removeOurs } from '../git/remove.js'
import { isDead, thisOwner } from '../processes/owner.js'

/** What makes a worktree more than these files: another store of refs, a configuration or a sparse checkout of its own. */
const SPECIAL = /refstorage|worktreeconfig|relativeworktrees|sparsecheckout/i

/**
 * Makes the empty worktree `full` on `branch`, which need not exist: `git reset --hard <commit>` in it makes both the
 * branch and the files. Until `finishWorktree` it is locked, as git locks those that it is making.
 * @param dotGit where the worktree's `.git` file is written: a folder that the caller moves to `full`, or `full`
 * @returns its own git directory, or undefined if git has to do it (done nothing)
 */
export function registerWorktree(root: string, full: string, branch: string, dotGit = full): string | undefined {
  const { common } = gitFolders(root)
  if (SPECIAL.test(readFileSync(path.join(common, 'config'), 'utf8'))) return undefined
  const folder = path.join(common, 'worktrees')
  for (const one of [folder, ourFolder(common)]) mkdirSync(one, { recursive: true })
  if (isTaken(root, full, branch)) return undefined
  const own = path.join(folder, path.basename(full).replace(/^\.+/, ''))
  const made = mkdtempSync(path.join(ourFolder(common), 'worktree-'))
  try {
    writeFileSync(path.join(made, 'commondir'), '../..\n')
    writeFileSync(path.join(made, 'gitdir'), `${path.join(full, '.git')}\n`)
    writeFileSync(path.join(made, 'HEAD'), `ref: refs/heads/${branch}\n`)
    const { pid, start, host } = thisOwner()
    writeFileSync(path.join(made, 'locked'), `${MAKING} ${pid} ${start} ${host}\n`)
    // At once and whole, and before anything leads to it: `git worktree prune` takes away what is half there.
    renameSync(made, own)
  } catch (error) {
    removeOurs(made)
    if (isErrno(error, 'EEXIST', 'ENOTEMPTY', 'ENOTDIR')) return undefined
    throw error
  }
  mkdirSync(dotGit, { recursive: true })
  writeFileSync(path.join(dotGit, '.git'), `gitdir: ${own}\n`)
  return own
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

/** Whether a checkout is on the branch, or a registration that is not dead names the place: git knows what that means. */
function isTaken(root: string, full: string, branch: string): boolean {
  const { common } = gitFolders(root)
  const head = `ref: refs/heads/${branch}`
  if (textOf(path.join(common, 'HEAD'))?.trimEnd() === head) return true
  return registrations(common).some((own) => {
    const on = textOf(path.join(own, 'HEAD'))?.trimEnd()
    if (!namesWorktree(own, full)) return on === head
    // Its folder went without git, or a crash came between two steps of ours; what it was on is in the branch.
    const isDead = kindOf(full) === undefined && (isHalfMade(own) || kindOf(path.join(own, 'locked')) === undefined)
    if (isDead && heldByEntry(own) === undefined) removeEntry(root, own, full)
    return kindOf(own) !== undefined
  })
}
