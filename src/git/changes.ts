// Reads what a branch changed over another: the tip, the merge base, and the files, as a reviewer and a policy see it.

import type { ChangedFile } from '../words.js'
import { isAncestor, mergeBase } from './ancestry.js'
import { knownById } from './known.js'
import { gitText } from './run-git.js'

/** The part of a `Change` that git knows. */
export interface ChangeFacts {
  /** The tip. */
  readonly commit: string
  /** The merge base with the target; the empty tree's id if they have no commit in common. */
  readonly base: string
  readonly files: readonly ChangedFile[]
}

/** One path of a difference between two trees. */
export interface RawChange {
  readonly path: string
  readonly from?: string
  readonly status: string
  readonly oldMode: string
  readonly newMode: string
  readonly oldOid: string
  readonly newOid: string
}

/**
 * What a commit changes over `into` (a branch with `refs/heads/`, or any commit).
 * @param root a checkout of the repository
 * @param built what it was built on: the base where `into` does not have that any more
 * @throws OompaError `git-failed` if one of them does not exist
 */
export async function describeCommit(root: string, commit: string, into: string, built?: string): Promise<ChangeFacts> {
  const base = await changeBase(root, commit, into, built)
  const from = base ?? (await gitText(root, ['hash-object', '-t', 'tree', '--stdin'], { input: '' }))
  return { commit, base: from, files: (await treeChanges(root, from, commit, true)).map(changedFile) }
}

/**
 * The commit over which a change is read: the merge base with `into`, or what it was built on where that was taken out
 * of `into` since.
 */
export async function changeBase(
  root: string,
  commit: string,
  into: string,
  built: string | undefined,
): Promise<string | undefined> {
  const isGone =
    built !== undefined && !(await isAncestor(root, built, into)) && (await isAncestor(root, built, commit))
  return isGone ? built : mergeBase(root, commit, into)
}

/**
 * The difference of two commits or trees, path by path.
 * @param renames whether a file that went and one that came may be a rename
 */
export async function treeChanges(checkout: string, from: string, to: string, renames = false): Promise<RawChange[]> {
  if (from === to) return []
  const known = renames ? withRenames : plain
  const before = known.get([from, to])
  if (before) return [...before]
  // A .gitmodules may say that submodules are passed over.
  const args = ['-r', '-z', '--raw', '--no-abbrev', '--ignore-submodules=none', renames ? '-M' : '--no-renames']
  const changes = parseRaw(await gitText(checkout, ['diff-tree', ...args, from, to]))
  known.keep([from, to], changes)
  return [...changes]
}

/** Not those of a rewritten repository. */
const MOST_CHANGES = 100
const isSmall = (changes: readonly RawChange[]) => changes.length <= MOST_CHANGES
const plain = knownById<readonly RawChange[]>(isSmall)
const withRenames = knownById<readonly RawChange[]>(isSmall)

/** Reads `git diff --raw -z`. */
function parseRaw(text: string): RawChange[] {
  const tokens = text.split('\0')
  const changes: RawChange[] = []
  for (let at = 0; at < tokens.length && tokens[at]; ) {
    const [oldMode = '', newMode = '', oldOid = '', newOid = '', status = ''] = tokens[at++]!.slice(1).split(' ')
    const first = tokens[at++]!
    const renamed = status.startsWith('R') || status.startsWith('C')
    const path = renamed ? tokens[at++]! : first
    changes.push({ path, ...(renamed ? { from: first } : {}), status: status[0]!, oldMode, newMode, oldOid, newOid })
  }
  return changes
}

/** As the words of the design say it. */
function changedFile(change: RawChange): ChangedFile {
  const statuses = { A: 'added', D: 'removed', R: 'renamed', C: 'copied', T: 'type' } as const
  const known = statuses[change.status as keyof typeof statuses]
  const status = known ?? (change.oldOid === change.newOid && change.oldMode !== change.newMode ? 'mode' : 'modified')
  return { path: change.path, ...(change.from === undefined ? {} : { from: change.from }), status }
}
