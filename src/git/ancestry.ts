// How two commits are related, as git says it. Names or ids, as `root` sees them.

import { sharedObjects } from './objects.js'
import { git, gitFailed, gitText } from './run.js'

/** Whether `ancestor` is reachable from `commit` (a commit is its own ancestor); false if one of them does not exist. */
export async function isAncestor(root: string, ancestor: string, commit: string): Promise<boolean> {
  const objects = sharedObjects(root)
  const [a, b] = await Promise.all([ancestor, commit].map((name) => objects.info(`${name}^{commit}`)))
  if (!a || !b || a.oid === b.oid) return a !== undefined && b !== undefined
  return (await git(root, ['merge-base', '--is-ancestor', a.oid, b.oid])).status === 0
}

/**
 * The best common ancestor, or undefined if there is none.
 * @throws OompaError `git-failed` if one of them does not exist
 */
export async function mergeBase(root: string, a: string, b: string): Promise<string | undefined> {
  const args = ['merge-base', '--end-of-options', a, b]
  const { status, stdout, stderr } = await git(root, args)
  if (status > 1) throw gitFailed(root, args, status, stderr)
  return stdout.split('\n')[0] || undefined
}

/** The first value that `branch` had with the commit in it, along its first parents. */
export async function firstWith(root: string, commit: string, branch: string): Promise<string> {
  const list = async (which: string) =>
    (await gitText(root, ['rev-list', which, `${commit}..${branch}`])).split('\n').filter(Boolean)
  const since = new Set(await list('--ancestry-path'))
  return (await list('--first-parent')).findLast((one) => since.has(one)) ?? commit
}
