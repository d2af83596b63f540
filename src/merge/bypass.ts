// Notices that a worker's commits reached the target without having been landed: unreviewed, untested. We stop and say
// how to look and how to undo; we never move the ref back, because only a person knows what was built on it since.

import { appendFileSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { isErrno, OompaError } from '../errors.js'
import { makeFolder } from '../files/make-folder.js'
import { proofFolder } from '../files/paths.js'
import { isAncestor } from '../git/ancestry.js'
import { gitFolders } from '../git/folders.js'
import { git, gitText } from '../git/run-git.js'

/** More than a few thousand landings back, nobody asks. */
const MOST_BYTES = 200_000

/** They are named on a command line. */
const MOST_WITHDRAWN = 500

/** What this process has landed, by repository. */
const landedHere = new Map<string, Set<string>>()

/**
 * Writes down that this value of a target is ours: for us, and outside the repository for other processes of ours. What
 * lies in the repository an agent can write, and would call a commit of its own landed.
 */
export function recordLanded(root: string, commit: string): void {
  landedHere.set(root, (landedHere.get(root) ?? new Set()).add(commit))
  append(landedFile(root), commit)
}

function append(file: string, commit: string): void {
  try {
    makeFolder(path.dirname(file), 0o700)
    appendFileSync(file, `${commit}\n`, { mode: 0o600 })
    if (statSync(file).size < MOST_BYTES) return
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n')
    writeFileSync(`${file}.new`, `${lines.slice(lines.length / 2).join('\n')}\n`, { mode: 0o600 })
    renameSync(`${file}.new`, file)
  } catch {
    // A home that is read-only, a full disk: another process will say that the target moved, and lands upon it.
  }
}

/** Values of targets that we have taken landings out of, by repository: what is gone with them is nobody's doing. */
const withdrawn = new Map<string, Set<string>>()

/** Says that landings are taken out of a target that has this value; to other loops of this clone as well. */
export function recordWithdrawn(root: string, from: string): void {
  withdrawn.set(root, (withdrawn.get(root) ?? new Set()).add(from))
  append(withdrawnFile(root), from)
}

/** The values of which `recordWithdrawn` was told. */
export function withdrawnFrom(root: string): readonly string[] {
  return [...linesOf(withdrawnFile(root)).slice(-MOST_WITHDRAWN), ...(withdrawn.get(root) ?? [])]
}

/** Whether a commit had landed when landings were taken out of a target: its work is kept with that value since. */
export async function isWithdrawn(root: string, commit: string): Promise<boolean> {
  for (const value of withdrawnFrom(root)) if (await isAncestor(root, commit, value)) return true
  return false
}

/** Whether this process has moved a target of the repository. */
export function hasLanded(root: string): boolean {
  return landedHere.has(root)
}

const withdrawnFile = (root: string) => path.join(proofFolder(root), 'withdrawn')

function landedFile(root: string): string {
  return path.join(proofFolder(root), 'landed')
}

/** Values of targets that are ours, as `recordLanded` was told. */
export function landedCommits(root: string): string[] {
  return [...linesOf(landedFile(root)), ...(landedHere.get(root) ?? [])]
}

/** Changes that a hook of the person's own or another machine is landing, by repository. */
const offered = new Map<string, Set<string>>()

/** Says that a commit may reach the target by a hook of the person's own; call the answer when it did, or did not. */
export function offerToHook(root: string, commit: string): (landed: boolean) => void {
  const all = offered.get(root) ?? new Set()
  offered.set(root, all.add(commit))
  return (landed) => {
    if (landed) recordLanded(root, commit)
    all.delete(commit)
  }
}

/** Says that another machine may land this commit with its own; to other processes of this clone as well. */
export function recordOffered(root: string, commit: string): void {
  offered.set(root, (offered.get(root) ?? new Set()).add(commit))
  append(offeredFile(root), commit)
}

const offeredFile = (root: string) => path.join(proofFolder(root), 'offered')

export interface Bypass {
  readonly into: string
  /** Where it was the remote's branch that a worker pushed to. */
  readonly remote?: string
  readonly from: string
  readonly to: string
  /** Commits of workers that nobody landed, newest first. */
  readonly commits: readonly string[]
}

/**
 * Whether the target moved from `from` to `to` over commits of workers' branches that we did not land.
 * A target that moved in any other way is a new base, and nobody's business.
 */
export async function detectBypass(root: string, into: string, from: string, to: string): Promise<Bypass | undefined> {
  const foreign = await foreignCommits(root, from, to)
  if (foreign.length === 0) return undefined
  const workers = madeByWorkers(root)
  const commits = foreign.filter((commit) => workers.has(commit))
  return commits.length > 0 ? { into, from, to, commits } : undefined
}

/**
 * Whether the remote's branch, as it was fetched or pushed to, has commits of workers that we did not land: an agent
 * has pushed past its guard. What the target has is the target's own matter.
 */
export async function detectPushed(
  root: string,
  into: string,
  remote: string,
  fetched: string,
): Promise<Bypass | undefined> {
  const made = rememberMade(root)
  const ours = await gitText(root, ['rev-parse', '--verify', `refs/heads/${into}^{commit}`])
  const commits = (await foreignCommits(root, ours, fetched)).filter((commit) => made.has(commit))
  if (commits.length === 0) return undefined
  // What was there before the oldest of them: the remote's own log may know nothing of it.
  const from = await git(root, ['merge-base', ours, fetched])
  return { into, remote, from: from.stdout.trim() || ours, to: fetched, commits }
}

/** Commits from `from` to `to` that we did not land, newest first. */
export async function foreignCommits(root: string, from: string, to: string): Promise<readonly string[]> {
  if (from === to) return []
  const landed = [...landedCommits(root), ...linesOf(offeredFile(root)), ...(offered.get(root) ?? [])]
  if (landed.includes(to)) return []
  const since = new Set(await revisions(root, [to, `^${from}`]))
  const ours = landed.filter((commit) => since.has(commit)).map((commit) => `^${commit}`)
  return ours.length > 0 ? revisions(root, [to, `^${from}`, ...ours]) : [...since]
}

const madeSoFar = new Map<string, Set<string>>()

/** What workers have made, also those whose worktrees and branches are gone since. */
export function rememberMade(root: string): ReadonlySet<string> {
  const known = madeSoFar.get(root) ?? new Set()
  for (const commit of madeByWorkers(root)) known.add(commit)
  madeSoFar.set(root, known)
  return known
}

/**
 * Commits that were made in workers' worktrees, by git's own logs of their branches and HEADs. That a commit is on a
 * worker's branch says nothing: a branch begins at the target, and may have taken it in since.
 */
export function madeByWorkers(root: string): Set<string> {
  const { common } = gitFolders(root)
  const branches = list(path.join(common, 'logs/refs/heads/oompa')).map((name) => `logs/refs/heads/oompa/${name}`)
  const worktrees = list(path.join(common, 'worktrees'))
    .filter((name) => /^[.-]?w\d+-i\d+/.test(name))
    .map((name) => `worktrees/${name}/logs/HEAD`)
  const made = new Set<string>()
  for (const log of [...branches, ...worktrees]) {
    for (const line of readText(path.join(common, log)).split('\n')) {
      const [facts = '', action = ''] = line.split('\t')
      const isMade =
        /^(commit|cherry-pick|revert|rebase|am|pull|merge)\b/.test(action) && !/fast-forward|start\)/i.test(action)
      if (isMade) made.add(facts.split(' ')[1] ?? '')
    }
  }
  return made
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return []
    throw error
  }
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'EISDIR')) return ''
    throw error
  }
}

const linesOf = (file: string): string[] => readText(file).split('\n').filter(Boolean)

async function revisions(root: string, which: readonly string[]): Promise<string[]> {
  return (await gitText(root, ['rev-list', '--max-count=10000', ...which])).split('\n').filter(Boolean)
}

/** The error with which landing stops. */
export async function bypassError(root: string, bypass: Bypass): Promise<OompaError> {
  const { into, from, to, commits, remote } = bypass
  const [first] = commits
  const { gitFor } = await import('../git/simple-git.js')
  const branches = await gitFor(root).branch(['--contains', first!, '--list', 'oompa/*'])
  const whose = branches.all.join(', ')
  if (remote !== undefined) return pushedError(bypass, remote, whose)
  return new OompaError({
    code: 'bypassed',
    message: `${into} was moved past us, from ${from.slice(0, 12)} to ${to.slice(0, 12)}, over ${commits.length} commit${commits.length === 1 ? '' : 's'} of ${whose || 'a worker'} that nobody reviewed, tested and landed. Landing has stopped.`,
    mend: [
      `To look:  git log --oneline ${from.slice(0, 12)}..${into}`,
      `To undo:  git checkout ${into} && git reset --keep ${from.slice(0, 12)}   (keeps your uncommitted edits)`,
      'To keep it: start again; it is a new base then.',
    ].join('\n    '),
  })
}

function pushedError({ into, from, to, commits }: Bypass, remote: string, whose: string): OompaError {
  const short = (oid: string) => oid.slice(0, 12)
  return new OompaError({
    code: 'bypassed',
    message: `${remote}/${into} has ${commits.length} commit${commits.length === 1 ? '' : 's'} of ${whose || 'a worker'} that nobody reviewed, tested and landed: it was pushed to past us. Nothing of it is taken in. Landing has stopped.`,
    mend: [
      `To look:  git log --oneline ${short(from)}..${short(to)}`,
      `To undo:  git push --force-with-lease=${into}:${to} ${remote} ${from}:refs/heads/${into}`,
      `To keep it: git merge ${short(to)}, and start again.`,
    ].join('\n    '),
  })
}
