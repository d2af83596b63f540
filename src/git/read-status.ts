// Reads what a checkout has that no commit has, and what it is on: by one git process, and one more for each submodule.

import { existsSync } from 'node:fs'
import path from 'node:path'
import { gitFolders } from './folders.js'
import { nestedWork } from './nested.js'
import { git, gitFailed } from './run-git.js'

/** One path of `git status --porcelain=v2`. */
export interface StatusEntry {
  readonly kind: 'tracked' | 'unmerged' | 'untracked'
  readonly path: string
  /** Not in HEAD: it is new, staged or not. */
  readonly fresh: boolean
  /** Of an unmerged path: the two letters of git status, and the ids of its versions: base, ours, theirs. */
  readonly conflict?: { readonly code: string; readonly versions: readonly string[] }
}

export interface Status {
  /** The commit of HEAD; undefined before the first one. */
  readonly commit?: string
  /** The branch that is checked out, without `refs/heads/`; undefined on a detached HEAD. */
  readonly branch?: string
  /** What is not committed, ignored files left out. */
  readonly entries: readonly StatusEntry[]
  /** Whether there are files that git ignores; where it was asked for. */
  readonly hasIgnored?: boolean
}

export interface StatusOptions {
  /** Look for ignored files, too. */
  readonly ignored?: boolean
  /** Leave out what git does not track. */
  readonly trackedOnly?: boolean
}

const ARGS = [
  ...['status', '--porcelain=v2', '--branch', '-z', '--untracked-files=all', '--no-renames', '--no-ahead-behind'],
  // Whatever `.gitmodules` says about showing it. What is in it is looked at apart: git would run what it asks for.
  '--ignore-submodules=dirty',
]

/**
 * The status of a checkout.
 * @throws OompaError `git-failed` if git cannot read it
 */
export async function readStatus(checkout: string, options: StatusOptions = {}): Promise<Status> {
  const ignored = options.ignored ? ['--ignored=matching'] : []
  const args = [...ARGS, ...ignored, ...(options.trackedOnly ? ['--untracked-files=no'] : [])]
  const { status, stdout, stderr } = await git(checkout, args)
  if (status !== 0) throw gitFailed(checkout, args, status, stderr)
  const read = parseStatus(stdout)
  const found = options.ignored ? { ...read, hasIgnored: /(^|\0)! /.test(stdout) } : read
  // Work within a submodule is work.
  const known = new Set(found.entries.map((entry) => entry.path))
  const nested = (await nestedWork(checkout)).filter((link) => !known.has(link))
  const entries = nested.map((link): StatusEntry => ({ kind: 'tracked', path: link, fresh: false }))
  return nested.length > 0 ? { ...found, entries: [...found.entries, ...entries] } : found
}

/** Reads `git status --porcelain=v2 --branch -z`. */
function parseStatus(text: string): Status {
  let commit: string | undefined
  let branch: string | undefined
  const entries = text.split('\0').flatMap((line): StatusEntry[] => {
    const fields = line.split(' ')
    if (line.startsWith('# branch.oid ') && fields[2] !== '(initial)') commit = fields[2]
    if (line.startsWith('# branch.head ') && line !== '# branch.head (detached)') branch = line.slice(14)
    if (line.startsWith('1 ')) {
      return [{ kind: 'tracked', path: fields.slice(8).join(' '), fresh: fields[1]!.startsWith('A') }]
    }
    if (line.startsWith('u ')) {
      const conflict = { code: fields[1]!, versions: fields.slice(7, 10) }
      return [{ kind: 'unmerged', path: fields.slice(10).join(' '), fresh: false, conflict }]
    }
    if (line.startsWith('? ')) return [{ kind: 'untracked', path: line.slice(2), fresh: true }]
    return []
  })
  return { ...(commit ? { commit } : {}), ...(branch ? { branch } : {}), entries }
}

/** What is not committed in a checkout, ignored files left out: its paths. */
export async function unsavedWork(checkout: string): Promise<readonly string[]> {
  try {
    return (await readStatus(checkout)).entries.map((entry) => entry.path)
  } catch {
    // A worktree that git cannot read is never taken for a clean one.
    return ['(git status failed)']
  }
}

/** Whether a merge is in progress. */
export function isMerging(checkout: string): boolean {
  return existsSync(path.join(gitFolders(checkout).own, 'MERGE_HEAD'))
}
