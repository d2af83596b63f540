// Decides what may go: a worktree that is clean, whose work has landed, and that nobody uses. Everything else is
// listed with the reason; nothing here ever forces.

import path from 'node:path'
import { isAncestor } from '../git/history.js'
import { currentBranch, type Repository, resolveCommit } from '../git/repository.js'
import { git, gitText } from '../git/run.js'
import { commitsOver, listWorktrees, unsavedWork } from '../git/worktrees.js'
import { worktreePool } from './pool.js'

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
}

const OURS = /^\.w\d+-i\d+$/

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
  const worktrees = (await listWorktrees(root)).filter(
    (entry) => path.dirname(entry.path) === root && OURS.test(path.basename(entry.path)),
  )
  const landed = await landedBranches(root)
  for (const entry of worktrees) {
    const name = path.basename(entry.path)
    const why = await reasonToStay(repository, entry, inUse, landed)
    if (why) left.push({ name, ...why })
    else removed.push({ worktree: name, branch: entry.branch })
  }
  const checkedOut = new Set(worktrees.map((entry) => entry.branch))
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
): Promise<Omit<Leftover, 'name'> | undefined> {
  const name = path.basename(entry.path)
  const user = inUse(name)
  if (user) return { why: `swarm ${user} is running` }
  if (entry.locked) return { why: 'it is locked', look: `git worktree unlock ${name}` }
  if (here === entry.path) return { why: 'you are in it' }
  if (entry.prunable) return undefined
  const unsaved = await unsavedWork(entry.path)
  if (unsaved.length > 0)
    return {
      why: `${unsaved.length} uncommitted ${unsaved.length === 1 ? 'file' : 'files'}`,
      look: `git -C ${name} status`,
    }
  if (entry.branch === undefined) return { why: 'it is on no branch', look: `git -C ${name} log --oneline -5` }
  if (!landed.has(entry.branch)) return unlanded(root, entry.branch)
  return undefined
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
    if (tip && (await isAncestor(root, tip, target === 'HEAD' ? 'HEAD' : `refs/heads/${target}`))) landed.add(branch)
    else if (tip && (await containedElsewhere(root, branch, tip))) landed.add(branch)
  }
  return landed
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
export async function performCleanup(repository: Repository, plan: Cleanup): Promise<Cleanup> {
  const { root } = repository
  const pool = worktreePool({ root })
  const removed: Removal[] = []
  const left = [...plan.left]
  for (const one of plan.removed) {
    const tip = one.branch === undefined ? undefined : await resolveCommit(root, `refs/heads/${one.branch}`)
    if (one.worktree !== undefined) {
      const returned = await pool.release({ path: path.join(root, one.worktree) })
      if (!returned.gone) {
        left.push({ name: one.worktree, why: returned.why })
        continue
      }
    }
    // With the old value: a commit that came in meanwhile keeps its branch.
    if (tip) await git(root, ['update-ref', '-d', `refs/heads/${one.branch}`, tip])
    removed.push(one)
  }
  return { removed, left }
}
