// What an approval holds for: the commit that was read, and what is nothing but a clean merge of it with a newer target.

import { OompaError } from '../errors.js'
import { openMerger } from '../git/merge-trees.js'
import { sharedObjects } from '../git/objects.js'
import { git } from '../git/run.js'

/** The commit and the merge base that were read. */
export interface Pin {
  readonly commit: string
  readonly base: string
}

/**
 * Whether `now` holds nothing that was not read: the same commit, or exactly what git makes by itself of the approved
 * commit and the newer base (a merge or a rebase without a conflict). A mended conflict or a fix is something else.
 * @param root the main checkout
 */
export async function stillHolds(root: string, pin: Pin, now: Pin): Promise<boolean> {
  if (pin.commit === now.commit) return true
  const merged = await mergedTree(root, pin.commit, now.base)
  if (merged === undefined) return false
  const tree = await git(root, ['rev-parse', '--verify', '--quiet', '--end-of-options', `${now.commit}^{tree}`])
  return tree.status === 0 && tree.stdout.trim() === merged
}

/** As a landing merges them; undefined if it cannot. */
async function mergedTree(root: string, ours: string, theirs: string): Promise<string | undefined> {
  const merger = openMerger(root, sharedObjects(root))
  try {
    const { clean, tree } = await merger.merge(ours, theirs)
    return clean ? tree : undefined
  } catch (error) {
    if (error instanceof OompaError && error.code === 'merge-failed') return undefined
    throw error
  } finally {
    merger.close()
  }
}
