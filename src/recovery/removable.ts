// Decides what may go: a worktree that is clean, whose work has landed, and that nobody uses. Everything else is
// listed with the reason; nothing here ever forces.

import path from 'node:path'
import { OompaError } from '../errors.js'
import { kindOf } from '../files/kind.js'
import { isAncestor } from '../git/ancestry.js'
import { gitFolders, type Repository } from '../git/folders.js'
import { heldByEntry } from '../git/hidden.js'
import { clearLeftLocks } from '../git/left-locks.js'
import { operationIn } from '../git/operations.js'
import { requireOurs } from '../git/ours.js'
import { unsavedWork } from '../git/read-status.js'
import { deleteRef } from '../git/refs.js'
import { isWorktreeName, registrationsOf } from '../git/registrations.js'
import { currentBranch, resolveCommit } from '../git/repository.js'
import { git, gitText } from '../git/run-git.js'
import { commitsOver, listWorktrees } from '../git/worktree-list.js'
import { landedBefore } from '../merge/landed.js'
import { openTools } from '../merge/tools.js'
import type { Returned, WorktreePool } from '../worktrees/contract.js'
import { occupied } from '../worktrees/occupied.js'
import { worktreePool } from '../worktrees/pool.js'
import { halfMadeEntry } from '../worktrees/register.js'

export interface Removal {
  /** Name of the worktree, `.w1-i1`; undefined for a branch without one. */
  readonly worktree?: string
  readonly branch?: string
}

export interface Leftover {
  readonly name: string
  readonly why: string
  /** A command that shows or lands it. */
  readonly look?: string
}

export interface Cleanup {
  readonly removed: readonly Removal[]
  readonly left: readonly Leftover[]
  /** What was kept of those that went, and where. */
  readonly said?: readonly string[]
}

/**
 * What could be removed now, and what stays. Changes nothing.
 * @param inUse the running swarm that has a worktree or branch of this name
 */
export async function planCleanup(
  repository: Repository,
  inUse: (name: string) => string | undefined,
): Promise<Cleanup> {
  const { root } = repository
  const removed: Removal[] = []
  const left: Leftover[] = []
  const all = await listWorktrees(root)
  const worktrees = all.filter(
    (entry) => path.dirname(entry.path) === root && isWorktreeName(path.basename(entry.path)),
  )
  const landed = await landedBranches(root)
  for (const entry of worktrees) {
    const name = path.basename(entry.path)
    const reason = await reasonToStay(repository, entry, inUse, landed)
    // The branch of one that is half made may hold what an earlier worktree of the name left.
    const branch = entry.branch !== undefined && landed.has(entry.branch) ? entry.branch : undefined
    if (!reason) removed.push({ worktree: name, branch })
    else {
      const { entryStays, ...why } = reason
      const isGone = kindOf(entry.path) === undefined
      left.push({ ...why, name: isGone ? (entry.branch ?? name) : name })
      // Its folder is gone: only git's note of it can go, and the branch stays.
      if (isGone && !entryStays && !inUse(name) && !entry.locked) removed.push({ worktree: name })
    }
  }
  for (const { name, why } of occupied(root)) {
    if (!inUse(name) && !left.some((one) => one.name === name)) left.push({ name, why: why.message, look: why.mend })
  }
  // Also by another checkout of a bare repository, and by one that a person made: it is not ours to take away.
  const checkedOut = new Set(all.map((entry) => entry.branch))
  for (const branch of await ourBranches(root)) {
    if (checkedOut.has(branch)) continue
    const user = inUse(branch)
    if (user) left.push({ name: branch, why: `swarm ${user} is running` })
    else if (landed.has(branch)) removed.push({ branch })
    else left.push(await unlanded(root, branch))
  }
  return { removed, left }
}

async function reasonToStay(
  { root, here }: Repository,
  entry: { readonly path: string; readonly branch?: string; readonly locked: boolean; readonly prunable: boolean },
  inUse: (name: string) => string | undefined,
  landed: ReadonlySet<string>,
): Promise<(Omit<Leftover, 'name'> & { readonly entryStays?: true }) | undefined> {
  const name = path.basename(entry.path)
  const user = inUse(name)
  if (user) return { why: `swarm ${user} is running` }
  if (entry.locked && halfMadeEntry(root, entry.path)) return undefined
  if (entry.locked) return { why: 'it is locked', look: `git worktree unlock ${name}` }
  if (here === entry.path) return { why: 'you are in it' }
  const isGone = kindOf(entry.path) === undefined
  const held = isGone ? heldOf(root, entry.path) : undefined
  if (held) return { ...held, entryStays: true }
  const changed = isGone ? undefined : whyNotOurs(entry.path)
  if (changed) return { why: changed.message, ...(changed.mend ? { look: changed.mend } : {}) }
  const operation = isGone ? undefined : operationIn(gitFolders(entry.path).own)
  if (operation) return { why: `${operation.name} is in progress in it`, look: `git -C ${name} status` }
  const unsaved = entry.prunable ? [] : await unsavedWork(entry.path)
  if (unsaved.length > 0)
    return {
      why: `${unsaved.length} uncommitted ${unsaved.length === 1 ? 'file' : 'files'}`,
      look: `git -C ${name} status`,
    }
  if (entry.branch === undefined && entry.prunable) return undefined
  if (entry.branch === undefined) return { why: 'it is on no branch', look: `git -C ${name} log --oneline -5` }
  if (!landed.has(entry.branch)) return unlanded(root, entry.branch)
  return undefined
}

/** What the repository's entry of a worktree whose folder is gone holds, that nothing else does. */
function heldOf(root: string, full: string): Omit<Leftover, 'name'> | undefined {
  for (const own of registrationsOf(gitFolders(root).common, full)) {
    const held = heldByEntry(own)
    if (held) return { why: `its folder is gone, and ${path.relative(root, own)} holds ${held}`, look: `ls ${own}` }
  }
  return undefined
}

function whyNotOurs(full: string): OompaError | undefined {
  try {
    requireOurs(full)
    return undefined
  } catch (error) {
    if (error instanceof OompaError && error.code === 'worktree-changed') return error
    throw error
  }
}

async function unlanded(root: string, branch: string): Promise<Leftover> {
  const count = await commitsOver(root, 'HEAD', `refs/heads/${branch}`)
  return {
    name: branch,
    why: `${count} ${count === 1 ? 'commit has' : 'commits have'} not landed`,
    look: `oompa merge ${branch}`,
  }
}

async function ourBranches(root: string): Promise<string[]> {
  const text = await gitText(root, ['for-each-ref', '--format=%(refname:short)', 'refs/heads/oompa/'])
  return text.split('\n').filter((name) => /^oompa\/w\d+-i\d+$/.test(name))
}

/** Branches of ours whose commits are all in HEAD, or in another branch of the person's. */
async function landedBranches(root: string): Promise<Set<string>> {
  const target = (await currentBranch(root)) ?? 'HEAD'
  const landed = new Set<string>()
  for (const branch of await ourBranches(root)) {
    const tip = await resolveCommit(root, `refs/heads/${branch}`)
    if (!tip) continue
    const within = await isAncestor(root, tip, target === 'HEAD' ? 'HEAD' : `refs/heads/${target}`)
    if (within || (await containedElsewhere(root, branch, tip)) || (await rewritten(root, target, tip)))
      landed.add(branch)
  }
  return landed
}

/** Whether a squash or a rebase has landed it: then the target says so, and has none of its commits. */
async function rewritten(root: string, target: string, tip: string): Promise<boolean> {
  if (target === 'HEAD') return false
  const tools = openTools(root)
  try {
    return (await landedBefore(tools, target, tip)) !== undefined
  } finally {
    tools.close()
  }
}

async function containedElsewhere(root: string, branch: string, tip: string): Promise<boolean> {
  const text = await gitText(root, [
    'for-each-ref',
    '--contains',
    tip,
    '--format=%(refname)',
    'refs/heads/',
    'refs/oompa/kept/',
  ])
  return text
    .split('\n')
    .some((ref) => ref !== '' && !ref.startsWith('refs/heads/oompa/') && ref !== `refs/heads/${branch}`)
}

/** Removes what was planned; what has changed meanwhile stays. */
export async function performCleanup(
  repository: Repository,
  plan: Cleanup,
  inUse: (name: string) => string | undefined = () => undefined,
): Promise<Cleanup> {
  const { root } = repository
  const pool = worktreePool({ root })
  const removed: Removal[] = []
  const left = [...plan.left]
  const said: string[] = []
  await clearLocks(root, inUse)
  for (const one of plan.removed) {
    const name = one.worktree ?? one.branch ?? ''
    const user = inUse(name)
    if (user) {
      left.push({ name, why: `swarm ${user} is running` })
      continue
    }
    const tip = one.branch === undefined ? undefined : await resolveCommit(root, `refs/heads/${one.branch}`)
    if (one.worktree !== undefined) {
      const returned = await putAway(root, path.join(root, one.worktree), pool)
      if (!returned.gone) {
        left.push({ name: one.worktree, why: returned.why })
        continue
      }
      said.push(...(returned.said ?? []))
    }
    // With the old value: a commit that came in meanwhile keeps its branch.
    if (tip) await deleteRef(root, `refs/heads/${one.branch}`, tip)
    removed.push(one)
  }
  return { removed, left, ...(said.length > 0 ? { said } : {}) }
}

/** Locks that a killed git has left in worktrees of ours that nobody uses: a person's git would be refused there. */
async function clearLocks(root: string, inUse: (name: string) => string | undefined): Promise<void> {
  for (const { path: full } of await listWorktrees(root)) {
    const name = path.basename(full)
    if (path.dirname(full) !== root || !isWorktreeName(name) || inUse(name)) continue
    if (kindOf(full) === undefined || whyNotOurs(full)) continue
    await clearLeftLocks(full)
  }
}

async function putAway(root: string, full: string, pool: WorktreePool): Promise<Returned> {
  if (pool.discardHalfMade(path.basename(full))) return { gone: true }
  if (kindOf(full) !== undefined) return pool.release({ path: full })
  const { status, stderr } = await git(root, ['worktree', 'remove', full])
  return status === 0 ? { gone: true } : { gone: false, why: stderr.trim() }
}
