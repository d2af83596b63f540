// Finds out whether an agent has what was in the stash: one that pops an entry by another git than its own leaves no
// record where there are more entries (git asks no hook then), but it has the files.

import { toBytes } from '../files/bytes.js'
import { sharedObjects } from '../git/objects.js'
import { git, gitBytes } from '../git/run-git.js'
import type { Iteration } from './contract.js'

/** More files than this need not be looked at: one that is the same says it. */
const MOST_FILES = 200

/** The workers in whose worktree a file is what this entry of the stash made of it, and what their base did not have. */
export async function whoPopped(root: string, entry: string, iterations: readonly Iteration[]): Promise<string[]> {
  const changed = await git(root, ['diff-tree', '-r', '-z', '--raw', '--no-renames', `${entry}^1`, entry])
  const files = stashedFiles(changed.stdout).slice(0, MOST_FILES)
  const workers: string[] = []
  for (const { worker, worktree } of iterations) {
    if (worktree && (await hasAny(root, worktree, files))) workers.push(worker)
  }
  return workers
}

interface Stashed {
  readonly path: string
  readonly oid: string
}

/** Reads `diff-tree --raw -z`; what the entry removed is in no worktree to be seen. */
function stashedFiles(text: string): Stashed[] {
  const parts = text.split('\0')
  return parts.flatMap((facts, at) => {
    const oid = /^:\d+ 100\d+ \S+ (\S+) [AM]$/.exec(facts)?.[1]
    const path = parts[at + 1]
    return oid && path && !path.includes('\n') ? [{ path, oid }] : []
  })
}

async function hasAny(
  root: string,
  worktree: { path: string; base: string },
  files: readonly Stashed[],
): Promise<boolean> {
  for (const { path, oid } of files) {
    // One at a time: a file that is not there ends the command.
    const { status, stdout } = await gitBytes(worktree.path, ['hash-object', '--stdin-paths'], {
      input: toBytes(`${path}\n`),
    })
    if (status !== 0 || stdout.toString('latin1').trim() !== oid) continue
    const before = await sharedObjects(root).info(`${worktree.base}:${path}`)
    if (before?.oid !== oid) return true
  }
  return false
}
