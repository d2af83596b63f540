// A detached worktree at one commit that is thrown away after use: reviewers look at a change here, not where its author works.

import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { OompaError } from '../errors.js'
import { cacheFolder } from '../files/paths.js'
import { cachePlace, removeScratch } from '../git/remove.js'
import { git, gitText } from '../git/run-git.js'

/** Runs `work` while nothing else adds or removes worktrees of this repository. */
export type WorktreeLock = <T>(root: string, work: () => Promise<T>) => Promise<T>

export interface Scratch {
  /** Absolute; in the user's cache folder, where the main checkout's `node_modules` is not found by accident. */
  readonly path: string
  /** What was changed in it since it was made: paths, and a word for commits. */
  edits(): Promise<readonly string[]>
  remove(): Promise<void>
}

/** One at a time between all processes: `git worktree add` races with itself (10 at once: 23 of 200 fail). */
const repositoryLock: WorktreeLock = async (root, work) => {
  const { WORKTREE_LOCK, withLock } = await import('../locks/index.js')
  return withLock(root, WORKTREE_LOCK, work)
}

/**
 * Opens a detached worktree at `commit`.
 * @param name what it is for, part of the folder's name
 * @param shown a commit whose files are checked out in place of those of `commit`, which HEAD names all the same
 * @throws OompaError `scratch-failed` with git's own words
 */
export async function openScratch(
  root: string,
  commit: string,
  name: string,
  shown: string = commit,
  lock: WorktreeLock = repositoryLock,
): Promise<Scratch> {
  const plain = name.replace(/[^A-Za-z0-9_-]/g, '-')
  const folder = path.join(cachePlace(cacheFolder(root), 'reviews'), `${plain}-${randomBytes(4).toString('hex')}`)
  // Ours alone, detached, and thrown away by design: what was edited in it has been reported.
  const remove = () => lock(root, async () => removeScratch(root, folder))
  const made = await lock(root, () => git(root, ['worktree', 'add', '--quiet', '--detach', '--', folder, shown]))
  if (made.status !== 0 && !existsSync(path.join(folder, '.git'))) {
    await remove()
    throw new OompaError({
      code: 'scratch-failed',
      message: `Cannot open a worktree at ${commit.slice(0, 10)} to review it: ${made.stderr.trim()}`,
      mend: 'oompa check',
    })
  }
  if (shown === commit) return { path: folder, edits: () => editsIn(folder, commit), remove }
  try {
    await gitText(folder, ['reset', '--soft', commit])
    const before = new Set(await statusIn(folder))
    return { path: folder, edits: () => editsIn(folder, commit, before), remove }
  } catch (error) {
    await remove()
    throw error
  }
}

async function statusIn(folder: string): Promise<string[]> {
  const { stdout } = await git(folder, [
    'status',
    '--porcelain',
    '-z',
    '--untracked-files=normal',
    '--no-renames',
    '--ignore-submodules=dirty',
  ])
  return stdout.split('\0').filter((line) => line !== '')
}

async function editsIn(folder: string, commit: string, before: ReadonlySet<string> = new Set()): Promise<string[]> {
  const paths = (await statusIn(folder)).flatMap((line) => (before.has(line) ? [] : line.slice(3)))
  const head = await git(folder, ['rev-parse', '--verify', '--quiet', 'HEAD'])
  return head.stdout.trim() === commit ? paths : [...paths, `a commit of its own (${head.stdout.trim().slice(0, 10)})`]
}
