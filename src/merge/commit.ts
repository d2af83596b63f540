// Commits what an agent left uncommitted, so that work is never lost for want of a commit; what must not be in a
// repository stays where it is and is reported.

import { closeSync, lstatSync, openSync, type PathLike, readFileSync, readSync } from 'node:fs'
import path from 'node:path'
import { OompaError } from '../errors.js'
import { onDisk } from '../files/bytes.js'
import { contentId } from '../git/disk.js'
import { clearLeftLocks } from '../git/left-locks.js'
import { requireOurs } from '../git/ours.js'
import { standOnOwnBranch } from '../git/own-branch.js'
import { isMerging, readStatus, type StatusEntry } from '../git/read-status.js'
import { git, gitFailed, gitText } from '../git/run-git.js'
import { showConflicts } from '../git/sparse.js'
import type { Worktree } from '../words.js'
import { HUGE_BYTES, refusedContent, refusedName } from './secrets.js'

export interface LeftoverOptions {
  readonly message: string
  /** `Name <address>`; the worktree's own identity unless given. */
  readonly author?: string
  /** Files larger than this are left alone; 10 MB unless given. */
  readonly maxBytes?: number
}

export interface Leftovers {
  /** The commit that was made, if there was anything to commit. */
  readonly commit?: string
  /** Paths that are still uncommitted, and why. */
  readonly left: readonly { readonly path: string; readonly reason: string }[]
  /** Files of a merge that still conflict: nothing was committed. */
  readonly unresolved: readonly string[]
  /** The commit of HEAD now; undefined if there is none. */
  readonly head?: string
}

/**
 * Commits everything in a worktree that git does not ignore, except new files that look like secrets, are huge, or are
 * installed packages. A merge that the agent has resolved is concluded; any other is left as it is.
 * @throws OompaError `commit-failed` with git's own words, such as a missing identity or a failing signature;
 * `worktree-changed`, having done nothing
 */
export async function commitLeftovers(worktree: Pick<Worktree, 'path'>, options: LeftoverOptions): Promise<Leftovers> {
  const cwd = worktree.path
  const { own } = requireOurs(cwd)
  await clearLeftLocks(cwd)
  await standOnOwnBranch(cwd)
  const { entries, commit } = await readStatus(cwd)
  const on = commit ? { head: commit } : {}
  if (entries.length === 0 && !isMerging(cwd)) return { left: [], unresolved: [], ...on }

  const unmerged = entries.filter((entry) => entry.kind === 'unmerged')
  // An agent's own merge, outside of the person's sparse checkout: what is not on disk is not resolved.
  if (unmerged.length > 0) await showConflicts(cwd, own)
  const unresolved: string[] = []
  for (const entry of unmerged) if (await isUnresolved(cwd, own, entry)) unresolved.push(entry.path)
  if (unresolved.length > 0) return { left: [], unresolved, ...on }

  const judged = entries.map((entry) => ({
    ...entry,
    reason: entry.fresh ? refuse(cwd, entry.path, options.maxBytes ?? HUGE_BYTES) : undefined,
  }))
  const left = judged.flatMap(({ path: file, reason }) => (reason ? [{ path: file, reason }] : []))
  const staged = judged.filter((entry) => entry.reason && entry.kind === 'tracked').map((entry) => entry.path)
  if (staged.length > 0) await paths(cwd, ['reset', '--quiet', 'HEAD'], staged)
  // Not by `git add`, which looks into submodules, and runs what their configuration asks for.
  const wanted = judged.filter((entry) => !entry.reason).map((entry) => entry.path)
  if (wanted.length > 0) await update(cwd, wanted)

  const nothing = (await git(cwd, ['diff-index', '--cached', '--quiet', 'HEAD'])).status === 0
  if (nothing && !isMerging(cwd)) return { left, unresolved: [], ...on }
  const args = ['commit', '--quiet', '--no-verify', '--cleanup=whitespace', '-F', '-']
  if (options.author) args.push(`--author=${options.author}`)
  const made = await git(cwd, args, { input: options.message })
  if (made.status !== 0) throw commitFailed(cwd, made.stderr || made.stdout)
  const head = await gitText(cwd, ['rev-parse', 'HEAD'])
  return { commit: head, left, unresolved: [], head }
}

/** Runs a git command on paths that may be any bytes and any number. */
async function paths(cwd: string, args: readonly string[], files: readonly string[]): Promise<void> {
  const full = [...args, '--pathspec-from-file=-', '--pathspec-file-nul']
  const env = { GIT_LITERAL_PATHSPECS: '1' }
  const { status, stdout, stderr } = await git(cwd, full, { input: files.join('\0'), env })
  if (status !== 0) throw gitFailed(cwd, full, status, stderr || stdout)
}

/** Puts files into the index as they are in the worktree, or takes out what is gone. */
async function update(cwd: string, files: readonly string[]): Promise<void> {
  const args = ['update-index', '--add', '--remove', '--replace', '-z', '--stdin']
  const { status, stdout, stderr } = await git(cwd, args, { input: files.map((file) => `${file}\0`).join('') })
  if (status !== 0) throw gitFailed(cwd, args, status, stderr || stdout)
}

function refuse(cwd: string, file: string, maxBytes: number): string | undefined {
  if (file.endsWith('/')) return 'a repository inside this one'
  const full = onDisk(cwd, file)
  const facts = lstatSync(full, { throwIfNoEntry: false })
  if (!facts) return undefined
  const named = refusedName(file, facts.isSymbolicLink())
  if (named) return named
  if (!facts.isFile()) return undefined
  if (facts.size > maxBytes) return `it is huge (${Math.round(facts.size / 1e6)} MB)`
  return refusedContent(firstPart(full))
}

/** The beginning of a file: a key stands on its own or near the top, and large files are data. */
function firstPart(file: PathLike): string {
  const buffer = Buffer.alloc(256 * 1024)
  const opened = openSync(file, 'r')
  try {
    return buffer.toString('latin1', 0, readSync(opened, buffer, 0, buffer.length, 0))
  } finally {
    closeSync(opened)
  }
}

/**
 * Whether nobody has decided about a file that conflicts: it has markers, or it is one of the two versions still where
 * git writes none (a binary file; one that a side has removed).
 */
async function isUnresolved(cwd: string, own: string, { path: file, conflict }: StatusEntry): Promise<boolean> {
  const full = onDisk(cwd, file)
  if (hasMarkers(full)) return true
  if (!conflict || !lstatSync(full, { throwIfNoEntry: false })?.isFile()) return false
  const [, ours] = conflict.versions
  const left = /^(UU|AA)$/.test(conflict.code) ? [ours] : conflict.versions
  const now = await contentId(cwd, path.join(own, 'index'), file)
  return now !== undefined && left.includes(now)
}

/** Both outer markers of a conflict on lines of their own: a heading underlined with `=======` is none. */
function hasMarkers(file: PathLike): boolean {
  if (!lstatSync(file, { throwIfNoEntry: false })?.isFile()) return false
  const text = readFileSync(file, 'latin1')
  return /^<{7,}( |$)/m.test(text) && /^>{7,}( |$)/m.test(text)
}

/** Explains what git says most often when it will not commit. */
function commitFailed(cwd: string, output: string): OompaError {
  const said = output.trim()
  const mend = /tell me who you are|empty ident|no email was given|auto-detection is disabled/i.test(said)
    ? 'git config user.name "Your Name" && git config user.email you@example.com'
    : /gpg|sign/i.test(said)
      ? 'Unlock the signing key (for gpg: `echo | gpg --sign >/dev/null`), or: git config commit.gpgSign false'
      : undefined
  return new OompaError({ code: 'commit-failed', message: `Git could not commit in ${cwd}: ${said}`, mend })
}
