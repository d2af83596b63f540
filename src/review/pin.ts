// What an approval holds for: the commit that was read, and what is nothing but a clean merge of it with a newer target.

import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { cacheFolder } from '../files/paths.js'
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
  const merged = await git(root, ['merge-tree', '--write-tree', pin.commit, now.base], { env: await neutral(root) })
  if (merged.status !== 0) return false
  const tree = await git(root, ['rev-parse', '--verify', '--quiet', '--end-of-options', `${now.commit}^{tree}`])
  return tree.status === 0 && tree.stdout.trim() === merged.stdout.split('\n')[0]
}

/** merge-tree in the checkout would obey the person's uncommitted `.gitattributes`, and run merge drivers there. */
async function neutral(root: string): Promise<Record<string, string>> {
  const folder = path.join(cacheFolder(root), 'empty')
  mkdirSync(folder, { recursive: true })
  const { stdout } = await git(root, ['rev-parse', '--path-format=absolute', '--git-dir'])
  return { GIT_DIR: stdout.trim(), GIT_WORK_TREE: folder }
}
