// After a crash: what a dead landing had begun to do to a checkout is finished if its target moved, else undone.

import { existsSync, renameSync, rmSync } from 'node:fs'
import { treeChanges } from '../git/changes.js'
import { allCheckouts } from '../git/checkouts.js'
import { contentId } from '../git/disk.js'
import { gitFolders } from '../git/folders.js'
import { indexFiles, isOurLock, letGoOf } from '../git/index-lock.js'
import { clearSwapLocks } from '../git/left-locks.js'
import { applyMove, parseIndex } from '../git/move.js'
import { resolveCommit } from '../git/repository.js'
import { gitText } from '../git/run-git.js'
import { type Intent, leftIntents } from './journal.js'

export interface RecoveredMove {
  readonly checkout: string
  /** `finished`: the target had moved, and the checkout has followed. `undone`: it had not. */
  readonly done: 'finished' | 'undone'
}

/**
 * Mends the checkouts that dead landings left half moved. Call it under the landing lock.
 * Costs one look into a folder if there is nothing to mend.
 */
export async function recoverMoves(root: string): Promise<RecoveredMove[]> {
  const done: RecoveredMove[] = []
  for (const { intent, forget } of leftIntents(root)) {
    await clearSwapLocks(gitFolders(root).common, intent)
    const value = await resolveCommit(root, intent.ref)
    // Only checkouts of this repository: what stands in the journal an agent can write.
    const known = allCheckouts(root)
    const isKnown = (one: { path: string; own: string }) =>
      known.some(({ path: place, own }) => place === one.path && own === one.own)
    for (const checkout of intent.checkouts.filter(isKnown)) {
      const { index, lock, copy } = indexFiles(checkout.own)
      rmSync(`${lock}.oompa`, { force: true })
      // Our lock on the index says that we had not let go of it, and nobody else can have changed it since.
      if (!isOurLock(lock)) continue
      if (value === intent.to && existsSync(copy)) {
        renameSync(copy, index)
        done.push({ checkout: checkout.path, done: 'finished' })
      } else if (value !== intent.to && existsSync(copy)) {
        await undo(checkout.path, index, copy, intent)
        done.push({ checkout: checkout.path, done: 'undone' })
      }
      letGoOf(checkout.own)
    }
    forget()
  }
  return done
}

/** Puts back the files that were written or removed; a file with any other content is the person's, and stays. */
async function undo(checkout: string, index: string, copy: string, intent: Intent): Promise<void> {
  const changes = await treeChanges(checkout, intent.from, intent.to)
  const [before, after] = await Promise.all(
    [index, copy].map(
      async (file) =>
        parseIndex(await gitText(checkout, ['ls-files', '-t', '-s', '-z'], { env: { GIT_INDEX_FILE: file } })).entries,
    ),
  )
  const back = { set: [], unset: [], flagged: [], write: [] as typeof changes, remove: [] as typeof changes }
  for (const change of changes) {
    const had = before?.get(change.path)
    const got = after?.get(change.path)
    // What the copy does not have as the new commit says was never touched.
    if (had?.oid === got?.oid && had?.mode === got?.mode) continue
    const on = await contentId(checkout, index, change.path)
    if (had && (on === undefined || on === change.newOid)) back.write.push({ ...change, newMode: had.mode })
    if (!had && on === change.newOid) back.remove.push(change)
  }
  // Files are written from the index as it was, through a copy, so that the lock in the person's name is not needed.
  await applyMove(checkout, index, back)
}
