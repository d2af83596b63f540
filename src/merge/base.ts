// What a change was built on. The person may take commits out of the target while an agent works (amend, rebase,
// reset), and git's merge base is then older than what the branch began at: the commits between would come back.

import { readFileSync } from 'node:fs'
import path from 'node:path'
import { isErrno } from '../errors.js'
import { isAncestor, mergeBase } from '../git/ancestry.js'
import { gitFolders } from '../git/folders.js'
import { git } from '../git/run-git.js'
import { madeByWorkers } from './bypass.js'

/** Further back in a branch's log nobody has built on. */
const MOST_VALUES = 200

interface LogLine {
  readonly from: string
  readonly to: string
  readonly action: string
}

/** What git has logged of a ref, the latest first; empty where it logs nothing. */
function logOf(root: string, ref: string): LogLine[] {
  let text: string
  try {
    text = readFileSync(path.join(gitFolders(root).common, 'logs', ref), 'utf8')
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR', 'EISDIR')) return []
    throw error
  }
  return text
    .trimEnd()
    .split('\n')
    .flatMap((line) => {
      const [, from, to, action = ''] = /^([0-9a-f]{40,64}) ([0-9a-f]{40,64}) [^\t]*\t?(.*)$/.exec(line) ?? []
      return from && to ? { from, to, action } : []
    })
    .reverse()
}

/** From where to where a target was moved by each landing, the latest first, as far as git has logged it. */
export function loggedLandings(root: string, into: string): { readonly from: string; readonly to: string }[] {
  return logOf(root, `refs/heads/${into}`).filter(({ action }) => action.startsWith('oompa: land '))
}

/** Values that a ref has had, the latest first, each once. */
function formerValues(root: string, ref: string): string[] {
  return [...new Set(logOf(root, ref).map((line) => line.to))].slice(0, MOST_VALUES)
}

/** The commit that a branch began at, or was last begun anew at; undefined where git has not logged it. */
export function branchStart(root: string, branch: string): string | undefined {
  return logOf(root, `refs/heads/${branch}`).find(
    ({ from, action }) => /^0+$/.test(from) || /^branch: (Created from|Reset to)\b/.test(action),
  )?.to
}

/**
 * The newest value of the target that a worker's commit is built on: where its branch began, or what was merged since.
 * @param into the target, without `refs/heads/`
 * @param began where its branch began
 */
export async function builtOn(root: string, into: string, commit: string, began: string): Promise<string> {
  const values = formerValues(root, `refs/heads/${into}`)
  const at = values.indexOf(began)
  const since = at < 0 ? values : values.slice(0, at)
  if (since.length === 0) return began
  // A value that came after the beginning is in it if it is among these: one question, however much has landed meanwhile.
  const added = await git(root, ['rev-list', commit, `^${began}`, '--'])
  const own = new Set(added.status === 0 ? added.stdout.split('\n') : [])
  let workers: ReadonlySet<string> | undefined
  for (const value of since) {
    if (!own.has(value) || !(await isAncestor(root, began, value))) continue
    // The target may have been at a worker's own commit for a while, by hand: that is its work, not what it is built on.
    workers ??= madeByWorkers(root)
    if (!workers.has(value)) return value
  }
  return began
}

/** Whether `commit` is built on a commit that is no longer in the history of `onto`. */
export async function isTakenOut(
  root: string,
  base: string | undefined,
  commit: string,
  onto: string,
): Promise<boolean> {
  if (base === undefined || base === commit) return false
  return !(await isAncestor(root, base, onto)) && (await isAncestor(root, base, commit))
}

/** What the work on a worker's branch was built on; undefined for any other branch, which is merged as it is. */
export async function workerBase(
  root: string,
  into: string,
  branch: string,
  commit: string,
): Promise<string | undefined> {
  const began = /^oompa\/w\d+-i\d+$/.test(branch) ? branchStart(root, branch) : undefined
  return began && (await isAncestor(root, began, commit)) ? builtOn(root, into, commit, began) : undefined
}

/**
 * What a merge of a branch and its remote would bring back: a commit that the person has taken out of the branch and the
 * remote still has, or one that was taken out of the remote and the branch still has.
 * @param into the branch, without `refs/heads/`
 */
export async function broughtBack(
  root: string,
  { into, remote, ours, theirs }: { into: string; remote: string; ours: string; theirs: string },
): Promise<{ readonly from: 'branch' | 'remote'; readonly commit: string } | undefined> {
  for (const value of formerValues(root, `refs/heads/${into}`)) {
    if (await isAncestor(root, value, ours)) continue
    const common = await mergeBase(root, value, theirs)
    if (common && !(await isAncestor(root, common, ours))) return { from: 'branch', commit: common }
  }
  for (const value of formerValues(root, `refs/remotes/${remote}/${into}`)) {
    if ((await isAncestor(root, value, ours)) && !(await isAncestor(root, value, theirs))) {
      return { from: 'remote', commit: value }
    }
  }
  return undefined
}
