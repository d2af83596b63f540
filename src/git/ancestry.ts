// How two commits are related, as git says it. Names or ids, as `root` sees them.

import { hasWholeHistory, knownById } from './known.js'
import { sharedObjects } from './objects.js'
import { git, gitFailed, gitText } from './run-git.js'

const ancestors = knownById<boolean>()
const bases = knownById<string>()

/** Whether `ancestor` is reachable from `commit` (a commit is its own ancestor); false if one of them does not exist. */
export async function isAncestor(root: string, ancestor: string, commit: string): Promise<boolean> {
  const [a, b] = await idsOf(root, [ancestor, commit])
  if (!a || !b || a === b) return a !== undefined && b !== undefined
  const known = ancestors.get([a, b])
  if (known !== undefined) return known
  const { status } = await git(root, ['merge-base', '--is-ancestor', a, b])
  if (status <= 1 && hasWholeHistory(root)) ancestors.keep([a, b], status === 0)
  return status === 0
}

/**
 * The best common ancestor, or undefined if there is none.
 * @throws OompaError `git-failed` if one of them does not exist
 */
export async function mergeBase(root: string, one: string, other: string): Promise<string | undefined> {
  const [a = one, b = other] = await idsOf(root, [one, other])
  const known = bases.get([a, b])
  if (known !== undefined) return known
  const args = ['merge-base', '--end-of-options', a, b]
  const { status, stdout, stderr } = await git(root, args)
  if (status > 1) throw gitFailed(root, args, status, stderr)
  const base = stdout.split('\n')[0] || undefined
  return hasWholeHistory(root) ? bases.keep([a, b], base) : base
}

function idsOf(root: string, names: readonly string[]): Promise<(string | undefined)[]> {
  const objects = sharedObjects(root)
  return Promise.all(names.map(async (name) => (await objects.info(`${name}^{commit}`))?.oid))
}

/** The first value that `branch` had with the commit in it, along its first parents. */
export async function firstWith(root: string, commit: string, branch: string): Promise<string> {
  const list = async (which: string) =>
    (await gitText(root, ['rev-list', which, `${commit}..${branch}`])).split('\n').filter(Boolean)
  const since = new Set(await list('--ancestry-path'))
  return (await list('--first-parent')).findLast((one) => since.has(one)) ?? commit
}
