// Questions about how commits are related.

import { git } from './run.js'

/** Whether `ancestor` is reachable from `commit` (a commit is its own ancestor). */
export async function isAncestor(root: string, ancestor: string, commit: string): Promise<boolean> {
  return (await git(root, ['merge-base', '--is-ancestor', ancestor, commit])).status === 0
}
