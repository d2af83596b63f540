// Reads what a branch changed over another: the tip, the merge base, and the files, as a reviewer and a policy see it.

import type { ChangedFile, Worktree } from '../words.js'
import { git, gitFailed, gitText } from './run.js'

/** The part of a `Change` that git knows. */
export interface ChangeFacts {
  /** The tip. */
  readonly commit: string
  /** The merge base with the target; the empty tree's id if they have no commit in common. */
  readonly base: string
  readonly files: readonly ChangedFile[]
  /** Commits over the base. */
  readonly commits: number
  /** The branch that the worktree is on now; undefined on a detached HEAD. An agent may have left its own. */
  readonly head?: string
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
 * What the HEAD of a worktree changes over `into` (a branch without `refs/heads/`, or any commit).
 * @throws OompaError `git-failed` if one of them does not exist
 */
export async function describeChange(worktree: Pick<Worktree, 'path'>, into: string): Promise<ChangeFacts> {
  const [commit, head] = await Promise.all([
    gitText(worktree.path, ['rev-parse', '--verify', 'HEAD^{commit}']),
    git(worktree.path, ['symbolic-ref', '--quiet', 'HEAD']),
  ])
  const facts = await describeCommit(worktree.path, commit, into)
  return head.status === 0 ? { ...facts, head: head.stdout.trim().replace(/^refs\/heads\//, '') } : facts
}

/** What a commit changes over `into`. */
export async function describeCommit(checkout: string, commit: string, into: string): Promise<ChangeFacts> {
  const base = await mergeBase(checkout, commit, into)
  const from = base ?? (await gitText(checkout, ['hash-object', '-t', 'tree', '--stdin'], { input: '' }))
  const [files, count] = await Promise.all([
    from === commit ? [] : rawChanges(checkout, from, commit, true),
    base === undefined
      ? gitText(checkout, ['rev-list', '--count', commit])
      : gitText(checkout, ['rev-list', '--count', `${base}..${commit}`]),
  ])
  return { commit, base: from, commits: Number(count), files: files.map(changedFile) }
}

/** The best common ancestor, or undefined if there is none. */
export async function mergeBase(checkout: string, a: string, b: string): Promise<string | undefined> {
  const args = ['merge-base', '--end-of-options', a, b]
  const { status, stdout, stderr } = await git(checkout, args)
  if (status > 1) throw gitFailed(checkout, args, status, stderr)
  return stdout.split('\n')[0] || undefined
}

/** The difference of two commits or trees, path by path. */
export async function rawChanges(checkout: string, from: string, to: string, renames: boolean): Promise<RawChange[]> {
  const args = ['diff-tree', '-r', '-z', '--raw', '--no-abbrev', renames ? '-M' : '--no-renames', from, to]
  return parseRaw(await gitText(checkout, args))
}

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
