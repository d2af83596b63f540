// Notices that a worker's commits reached the target without having been landed: unreviewed, untested. We stop and say
// how to look and how to undo; we never move the ref back, because only a person knows what was built on it since.

import { appendFileSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { isErrno, OompaError } from '../errors.js'
import { gitFolders, ourFolder } from '../git/folders.js'
import { git, gitText } from '../git/run.js'

/** More than a few thousand landings back, nobody asks. */
const MOST_BYTES = 200_000

/** Writes down that this value of a target is ours. */
export function recordLanded(root: string, commit: string): void {
  const file = landedFile(root)
  appendFileSync(file, `${commit}\n`)
  if (statSync(file).size < MOST_BYTES) return
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n')
  writeFileSync(`${file}.new`, `${lines.slice(lines.length / 2).join('\n')}\n`)
  renameSync(`${file}.new`, file)
}

function landedFile(root: string): string {
  return path.join(ourFolder(gitFolders(root).common), 'landed')
}

function landedCommits(root: string): string[] {
  return readText(landedFile(root)).trimEnd().split('\n')
}

export interface Bypass {
  readonly into: string
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
  if (from === to) return undefined
  const landed = landedCommits(root)
  if (landed.includes(to)) return undefined
  const since = new Set(await revisions(root, [to, `^${from}`]))
  const ours = landed.filter((commit) => since.has(commit)).map((commit) => `^${commit}`)
  const foreign = ours.length > 0 ? await revisions(root, [to, `^${from}`, ...ours]) : [...since]
  if (foreign.length === 0) return undefined
  const workers = madeByWorkers(root)
  const commits = foreign.filter((commit) => workers.has(commit))
  return commits.length > 0 ? { into, from, to, commits } : undefined
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

async function revisions(root: string, which: readonly string[]): Promise<string[]> {
  return (await gitText(root, ['rev-list', '--max-count=10000', ...which])).split('\n').filter(Boolean)
}

/** The error with which landing stops. */
export async function bypassError(root: string, bypass: Bypass): Promise<OompaError> {
  const { into, from, to, commits } = bypass
  const [first] = commits
  const branches = await git(root, ['branch', '--contains', first!, '--format=%(refname:short)', '--list', 'oompa/*'])
  const whose = branches.stdout.trim().split('\n').join(', ')
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
