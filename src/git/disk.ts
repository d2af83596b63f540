// Looks at what stands on disk where a checkout is to get a new file. Git counts ignored files as expendable; a person
// does not, so everything that is not tracked counts as in the way unless its content is the same.

import { lstatSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { fromBytes, onDisk } from '../files/bytes.js'
import type { RawChange } from './changes.js'
import type { OnDisk } from './overlap.js'
import { git } from './run-git.js'

/**
 * Gives a function that looks at one path.
 * @param removed tracked paths that are removed by the same move, which are not in the way
 */
export function looker(
  checkout: string,
  index: string,
  removed: ReadonlySet<string>,
): (change: RawChange) => Promise<OnDisk> {
  const parents = new Map<string, OnDisk>()
  const goingFiles = new Set<string>()
  for (const file of removed) {
    const facts = lstatSync(onDisk(checkout, file), { throwIfNoEntry: false })
    if (facts) goingFiles.add(`${facts.dev}:${facts.ino}`)
  }

  /** What the folders above a path are: a file in the way, a link that leads elsewhere, or nothing to worry about. */
  function above(folder: string): OnDisk {
    if (folder === '.') return 'nothing'
    const known = parents.get(folder)
    if (known) return known
    let found = above(path.posix.dirname(folder))
    if (found === 'nothing') {
      const facts = stat(folder)
      if (facts && !facts.isDirectory() && !removed.has(folder)) {
        found = facts.isSymbolicLink() ? 'below a link' : 'in the way'
      }
    }
    parents.set(folder, found)
    return found
  }

  function stat(file: string) {
    try {
      return lstatSync(onDisk(checkout, file), { throwIfNoEntry: false })
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOTDIR') return undefined
      throw error
    }
  }

  /** Whether a folder holds anything but files that are going. */
  function holdsOthers(folder: string): boolean {
    return readdirSync(onDisk(checkout, folder), { withFileTypes: true, encoding: 'buffer' }).some((entry) => {
      const inside = `${folder}/${fromBytes(entry.name)}`
      return entry.isDirectory() ? holdsOthers(inside) : !removed.has(inside)
    })
  }

  return async (change) => {
    const parent = above(path.posix.dirname(change.path))
    if (parent !== 'nothing') return parent
    const facts = stat(change.path)
    if (!facts) return 'nothing'
    // On a file system that ignores case, the file that is renamed away stands at its new name already.
    if (removed.has(change.path) || goingFiles.has(`${facts.dev}:${facts.ino}`)) return 'nothing'
    if (facts.isDirectory()) {
      if (change.newMode === '160000') return 'nothing'
      return holdsOthers(change.path) ? 'in the way' : 'nothing'
    }
    return (await sameContent(change, facts.isFile())) ? 'the same' : 'in the way'
  }

  async function sameContent(change: RawChange, isFile: boolean): Promise<boolean> {
    if (!isFile || (change.newMode !== '100644' && change.newMode !== '100755')) return false
    return (await contentId(checkout, index, change.path)) === change.newOid
  }
}

/** The id under which git would store a file, with its filters: not that of the bytes on disk. */
export async function contentId(checkout: string, index: string, file: string): Promise<string | undefined> {
  const args = ['hash-object', '--end-of-options', file]
  const { status, stdout } = await git(checkout, args, { env: { GIT_INDEX_FILE: index } })
  return status === 0 ? stdout.trim() : undefined
}
