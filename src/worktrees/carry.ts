// What an iteration left uncommitted, for the next one of the same worker (`continue`): copied, so that nothing is taken
// from the worktree in which it was made. What git ignores is not carried: the set-up of a worktree sees to that.

import { rmdirSync, rmSync } from 'node:fs'
import path from 'node:path'
import { onDisk } from '../files/bytes.js'
import { kindOf } from '../files/kind.js'
import { readStatus } from '../git/read-status.js'
import { copyTree } from './bring.js'
import { leadsAway } from './places.js'

/**
 * Brings the uncommitted files of one worktree into another that has none of its own; on another commit only new files,
 * since edits of others would take away what that commit has.
 * @returns the paths that were not brought
 */
export async function carryUncommitted(from: string, to: string): Promise<string[]> {
  const left = await readStatus(from)
  if (left.entries.length === 0) return []
  const here = await readStatus(to)
  // It goes on with what an earlier run left in it.
  if (here.entries.length > 0) return []
  const same = here.commit === left.commit
  const paths = left.entries.map((entry) => entry.path)
  const carried = left.entries.flatMap(({ path: file, kind }) => {
    // A repository within is somebody's, and a submodule's work is in its own store.
    if (leadsAway(to, file) || kindOf(path.join(from, file)) === 'folder') return []
    return same || (kind === 'untracked' && kindOf(path.join(to, file)) === undefined) ? [file] : []
  })
  // First what is gone: a folder may have become a file.
  for (const file of carried) removeWithFolders(to, file)
  for (const file of carried) {
    if (kindOf(path.join(from, file)) !== undefined) copyTree(path.join(from, file), path.join(to, file), true)
  }
  const brought = new Set(carried)
  return paths.filter((file) => !brought.has(file))
}

/** Removes a file, and the folders that have nothing in them then. */
function removeWithFolders(top: string, file: string): void {
  rmSync(onDisk(top, file), { force: true })
  try {
    for (let folder = path.dirname(file); folder !== '.'; folder = path.dirname(folder)) rmdirSync(onDisk(top, folder))
  } catch {
    // There is something else in it.
  }
}
