// Long-lived worktrees with a name, `../<repo>-NAME` on `feature/NAME`: made, listed and removed by a person.
// Removal never forces: what is not committed, or has landed nowhere, stays.

import { existsSync } from 'node:fs'
import path from 'node:path'
import { OompaError, STATUS, usageError } from '../errors.js'
import { isAncestor } from '../git/ancestry.js'
import { branchOf } from '../git/folders.js'
import { unsavedWork } from '../git/read-status.js'
import { deleteRef } from '../git/refs.js'
import { resolveCommit } from '../git/repository.js'
import { git, gitText } from '../git/run-git.js'
import { gitFor } from '../git/simple-git.js'
import { commitsOver, listWorktrees, type WorktreeEntry } from '../git/worktree-list.js'
import { WORKTREE_LOCK, withLock } from '../locks/index.js'
import { count } from '../views/format.js'

export interface NamedWorktree {
  readonly name: string
  /** Absolute. */
  readonly path: string
  /** The branch that is checked out there, without `refs/heads/`; undefined on a detached HEAD. */
  readonly branch?: string
  readonly story?: string
  /** Files with changes that are not committed. */
  readonly unsaved: number
  /** Commits that the target has not. */
  readonly ahead: number
  readonly merged: boolean
  /** The directory is gone. */
  readonly gone: boolean
}

/** A named worktree as the place of a loop. */
export interface NamedLoop {
  readonly name: string
  /** Absolute. */
  readonly path: string
  readonly branch: string
  /** The tasks that its loop takes: of this story, of these stores, at most of this priority number; all unless given. */
  readonly story?: string
  readonly priority?: number
  readonly stores?: readonly string[]
}

/** The named worktree at `here`, if it is one: `../<repo>-NAME`, made for `feature/NAME`. */
export async function namedLoop(root: string, here: string): Promise<NamedLoop | undefined> {
  const name = here.startsWith(namedPath(root, '')) ? here.slice(namedPath(root, '').length) : ''
  if (!NAME.test(name)) return undefined
  const branch = namedBranch(name)
  if (!(await resolveCommit(root, `refs/heads/${branch}`))) return undefined
  const said = async (key: string) => (await git(root, ['config', '--get', `branch.${branch}.${key}`])).stdout.trim()
  const [story, priority, stores] = await Promise.all(['oompaStory', 'oompaPriority', 'oompaStores'].map(said))
  return {
    name,
    path: here,
    branch,
    ...(story ? { story } : {}),
    ...(priority && /^\d+$/.test(priority) ? { priority: Number(priority) } : {}),
    ...(stores ? { stores: stores.split(',') } : {}),
  }
}

const NAME = /^[A-Za-z0-9_][A-Za-z0-9_-]*$/

/** @throws OompaError with status 2 */
function checkName(name: string): void {
  if (NAME.test(name)) return
  throw usageError(`\`${name}\` is no name for a worktree: use letters, digits, \`-\` and \`_\`.`)
}

/** `../<repo>-NAME` */
export function namedPath(root: string, name: string): string {
  return path.join(path.dirname(root), `${path.basename(root)}-${name}`)
}

function namedBranch(name: string): string {
  return `feature/${name}`
}

/**
 * Makes the worktree on its branch, which goes on where it is if it was there already.
 * @param from the commit or branch that a new branch starts at
 * @throws OompaError `in-the-way` (status 4), `worktree-failed`
 */
export async function makeNamed(
  root: string,
  name: string,
  from: string,
  { story, priority, stores }: Pick<NamedLoop, 'story' | 'priority' | 'stores'> = {},
): Promise<NamedWorktree> {
  checkName(name)
  const folder = namedPath(root, name)
  const branch = namedBranch(name)
  if (existsSync(folder)) {
    throw new OompaError({
      code: 'in-the-way',
      message: `${folder} is there already.`,
      mend: 'oompa worktree list',
      status: STATUS.refused,
    })
  }
  const base = await resolveCommit(root, from)
  if (!base) throw usageError(`There is no commit \`${from}\` to start from.`, 'oompa worktree new NAME --from main')
  const there = await resolveCommit(root, `refs/heads/${branch}`)
  await withLock(root, WORKTREE_LOCK, async () => {
    const args = there
      ? ['worktree', 'add', '--', folder, branch]
      : ['worktree', 'add', '--no-track', '-b', branch, '--', folder, base]
    const { status, stderr } = await git(root, args)
    // A failing post-checkout hook of an older git makes the status 1 with the worktree made: ask for it, not for 0.
    if (status === 0 || existsSync(path.join(folder, '.git'))) return
    throw new OompaError({
      code: stderr.includes('already') ? 'in-the-way' : 'worktree-failed',
      message: `git could not make ${folder} on ${branch}: ${stderr.trim()}`,
      mend: 'oompa worktree list',
      status: stderr.includes('already') ? STATUS.refused : STATUS.failed,
    })
  })
  if (story) await gitFor(root).addConfig(`branch.${branch}.oompaStory`, story)
  if (stores) await gitFor(root).addConfig(`branch.${branch}.oompaStores`, stores.join(','))
  if (priority !== undefined) await gitFor(root).addConfig(`branch.${branch}.oompaPriority`, String(priority))
  return { name, path: folder, branch, ...(story ? { story } : {}), unsaved: 0, ahead: 0, merged: !there, gone: false }
}

/** Every named worktree, in the order of git. */
export async function listNamed(root: string, target: string): Promise<NamedWorktree[]> {
  const prefix = `${namedPath(root, '')}`
  const entries = (await listWorktrees(root)).filter(
    ({ path: folder }) => folder.startsWith(prefix) && !folder.slice(prefix.length).includes(path.sep),
  )
  return Promise.all(entries.map((entry) => describeNamed(root, entry, entry.path.slice(prefix.length), target)))
}

async function describeNamed(root: string, entry: WorktreeEntry, name: string, target: string): Promise<NamedWorktree> {
  const story = await git(root, ['config', '--get', `branch.${namedBranch(name)}.oompaStory`])
  const head = entry.branch ? await resolveCommit(root, `refs/heads/${entry.branch}`) : entry.head
  const [unsaved, ahead, merged] = await Promise.all([
    entry.prunable ? [] : unsavedWork(entry.path),
    head ? commitsOver(root, target, head) : 0,
    head ? isLanded(root, head, target) : true,
  ])
  return {
    name,
    path: entry.path,
    ...(entry.branch ? { branch: entry.branch } : {}),
    ...(story.status === 0 ? { story: story.stdout.trim() } : {}),
    unsaved: unsaved.length,
    ahead,
    merged,
    gone: entry.prunable,
  }
}

/** Whether the target has the work of a commit: as an ancestor, or because merging it would change nothing (a squash). */
export async function isLanded(root: string, commit: string, target: string): Promise<boolean> {
  if (await isAncestor(root, commit, target)) return true
  const merged = await git(root, ['merge-tree', '--write-tree', target, commit])
  if (merged.status !== 0) return false
  return merged.stdout.split('\n')[0] === (await gitText(root, ['rev-parse', '--verify', `${target}^{tree}`]))
}

/**
 * Removes the worktree, and its branch if that has landed. What is on another branch stays on it.
 * @returns the branch that went, if one did
 * @throws OompaError `not-found` (status 2), `unsaved-work` or `unmerged-work` (status 4)
 */
export async function removeNamed(root: string, name: string, target: string): Promise<{ branch?: string }> {
  checkName(name)
  const entry = (await listWorktrees(root)).find((one) => one.path === namedPath(root, name))
  if (!entry) throw usageError(`There is no worktree \`${name}\`.`, 'oompa worktree list', 'not-found')
  const found = await describeNamed(root, entry, name, target)
  if (found.unsaved > 0) {
    throw refused(
      'unsaved-work',
      `${found.path} has ${count(found.unsaved, 'file')} not committed.`,
      `git -C '${found.path}' status`,
    )
  }
  const own = found.branch === namedBranch(name)
  const tip = own ? await resolveCommit(root, `refs/heads/${found.branch}`) : entry.head
  if (!found.merged && (own || !found.branch)) {
    throw refused(
      'unmerged-work',
      `${found.branch ?? 'The detached HEAD'} of ${found.path} has ${count(found.ahead, 'commit')} that ${target} has not.`,
      found.branch ? `oompa merge ${found.branch}` : `git -C '${found.path}' switch -c ${namedBranch(name)}`,
    )
  }
  await withLock(root, WORKTREE_LOCK, async () => {
    const { status, stderr } = await git(root, ['worktree', 'remove', '--', found.path])
    if (status !== 0)
      throw refused(
        'unsaved-work',
        `git does not remove ${found.path}: ${stderr.trim()}`,
        `git -C '${found.path}' status`,
      )
  })
  if (!own || !tip) return {}
  // With the value that was looked at: a commit made meanwhile keeps its branch.
  if (!(await deleteRef(root, `refs/heads/${found.branch}`, tip))) return {}
  await git(root, ['config', '--remove-section', `branch.${found.branch}`])
  return { branch: found.branch }
}

function refused(code: string, message: string, mend: string): OompaError {
  return new OompaError({ code, message, mend, status: STATUS.refused })
}

/** @throws OompaError `other-branch` (status 2): on another branch it is somebody else's work */
export function mustBeOnBranch({ name, path: folder, branch }: NamedLoop): void {
  const on = branchOf(folder)
  if (on === branch) return
  throw new OompaError({
    code: 'other-branch',
    message: `The worktree ${name} is on ${on ?? 'no branch'}, and its loop works on ${branch}.`,
    mend: `git -C '${folder}' checkout ${branch}`,
    status: STATUS.usage,
  })
}
