// Where in a worktree something may be put: inside it, by no detour, and never over a file that git tracks.

import { realpathSync } from 'node:fs'
import path from 'node:path'
import { isErrno, usageError } from '../errors.js'
import { fromBytes, onDisk } from '../files/bytes.js'
import { git } from '../git/run-git.js'

/**
 * A path that a person wrote, as one below the root.
 * @throws OompaError with status 2 if it is absolute, leaves the root, or is git's own
 */
export function insideRoot(written: string, what: string): string {
  const plain = path.normalize(written).replace(/\/+$/, '')
  const parts = plain.split(path.sep)
  if (plain === '' || plain === '.' || path.isAbsolute(plain) || parts.includes('..')) {
    throw usageError(`${what} names \`${written}\`, which is not a path inside the repository.`)
  }
  if (parts.some((part) => part.toLowerCase() === '.git')) {
    throw usageError(`${what} names \`${written}\`, which belongs to git.`)
  }
  return plain
}

/** Those of `paths` that are tracked in the worktree, or that hold tracked files. */
export async function trackedPaths(worktree: string, paths: readonly string[]): Promise<Set<string>> {
  const tracked = new Set<string>()
  if (paths.length === 0) return tracked
  const { stdout } = await git(worktree, ['--literal-pathspecs', 'ls-files', '-z', '--', ...paths])
  for (const file of stdout.split('\0')) {
    for (let at = file; at !== '' && at !== '.'; at = path.dirname(at)) tracked.add(at)
  }
  return tracked
}

/**
 * Whether `relative` leads through a link on its way: writing there would write somewhere else.
 * @param worktree absolute
 */
export function leadsAway(worktree: string, relative: string): boolean {
  const real = realpathSync(worktree)
  for (let at = path.dirname(relative); at !== '.'; at = path.dirname(at)) {
    try {
      if (fromBytes(realpathSync.native(onDisk(real, at), 'buffer')) !== path.join(real, at)) return true
    } catch (error) {
      if (!isErrno(error, 'ENOENT')) throw error
    }
  }
  return false
}
