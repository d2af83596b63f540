// Finds git's own folders by reading files: asking git costs as much as a whole step of a landing.

import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs'
import path from 'node:path'
import { isErrno, OompaError, STATUS } from '../errors.js'
import { fromBytes, onDisk } from '../files/bytes.js'
import { LOCATING } from './git-environment.js'
import { isWorktreeName, registrationsOf, worktreeChanged } from './registrations.js'

/** Where a repository is. */
export interface Repository {
  /** The main checkout, absolute, links resolved. */
  readonly root: string
  /** The common git directory, absolute. */
  readonly gitDir: string
  /** The worktree that the command was called in, absolute; the root unless it is a linked one. */
  readonly here: string
}

export interface GitFolders {
  /** This checkout's own git directory: its index, HEAD and operations in progress. */
  readonly own: string
  /** The common git directory: refs, objects, configuration. */
  readonly common: string
}

/** Main checkouts, whose git directory is where it was: everything else asks for it. */
const mains = new Map<string, GitFolders>()

/** Common git directories of the repositories that we work in: their word decides what a linked worktree is. */
const repositories = new Set<string>()

/** Linked worktrees that have been looked up. */
const linked = new Map<string, GitFolders>()

/** Says that a repository is one to work in: its worktrees are those that it knows, whatever stands in them. */
export function knowRepository(common: string): void {
  repositories.add(common)
}

/**
 * The git directories of a checkout (the main one, a linked one, or a submodule), absolute. Those of a linked worktree
 * of a repository that we work in are taken from the repository: what its own `.git` says is data that an agent wrote.
 * @throws OompaError `not-a-repository` (status 2) if `checkout` is not the top of a checkout, `worktree-changed` if it
 * was a worktree of ours and is none any more
 */
export function gitFolders(checkout: string): GitFolders {
  const known = mains.get(checkout)
  if (known && existsSync(known.common)) return known
  return linkedFolders(checkout) ?? foldersByDotGit(checkout)
}

/** As git finds them: for a checkout that no repository we work in knows, which is the person's. */
function foldersByDotGit(checkout: string): GitFolders {
  const dotGit = path.join(checkout, '.git')
  try {
    const isMain = statSync(onDisk(dotGit)).isDirectory()
    const own = isMain
      ? dotGit
      : path.resolve(
          checkout,
          fromBytes(readFileSync(onDisk(dotGit)))
            .replace(/^gitdir: /, '')
            .trimEnd(),
        )
    const folders = { own: realOf(own), common: realOf(commonFolder(own)) }
    if (isMain) mains.set(checkout, folders)
    knowRepository(folders.common)
    return folders
  } catch (cause) {
    if (!isErrno(cause, 'ENOENT', 'ENOTDIR')) throw cause
    throw new OompaError({
      code: 'not-a-repository',
      message: `${checkout} is not the top of a git checkout.`,
      mend: 'git init && git commit --allow-empty -m "Start"',
      status: STATUS.usage,
      cause,
    })
  }
}

/** The git directories of a linked worktree, by the word of the repositories that we work in; undefined if none has it. */
function linkedFolders(checkout: string): GitFolders | undefined {
  const before = linked.get(checkout)
  if (before && registrationsOf(before.common, checkout, path.basename(before.own)).length === 1) return before
  const parent = path.dirname(checkout)
  const isOurs = isWorktreeName(path.basename(checkout)) && existsSync(path.join(parent, '.git'))
  if (isOurs) gitFolders(parent)
  const found = [...repositories].flatMap((common) =>
    registrationsOf(common, checkout).map((own): GitFolders => ({ own, common })),
  )
  const [folders] = found
  if (found.length > 1) throw worktreeChanged(checkout, `${found.length} entries of the repository name it`)
  if (!folders && (before || isOurs)) throw worktreeChanged(checkout, 'the repository knows no worktree there')
  if (folders) linked.set(checkout, folders)
  return folders
}

/** Forgets a linked worktree that was taken away: whatever stands there next is another. */
export function forgetWorktree(checkout: string): void {
  linked.delete(checkout)
}

/**
 * Variables for a git of ours in the checkout `cwd`: a linked worktree's git directory by name, and for any other
 * checkout a ceiling, so that git never walks up. A worktree stands inside the person's checkout: a git that does not
 * find its own repository would go on in theirs.
 * @throws OompaError `worktree-changed`
 */
export function locating(cwd: string): Record<string, string> {
  const here = path.resolve(cwd)
  const folders = mains.has(here) ? undefined : linkedFolders(here)
  if (!folders) return { GIT_CEILING_DIRECTORIES: path.dirname(here) }
  return { GIT_DIR: folders.own, GIT_COMMON_DIR: folders.common, GIT_WORK_TREE: here }
}

function realOf(folder: string): string {
  return fromBytes(realpathSync.native(onDisk(folder), 'buffer'))
}

function commonFolder(own: string): string {
  try {
    return path.resolve(own, readFileSync(onDisk(own, 'commondir'), 'utf8').trimEnd())
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return own
    throw error
  }
}

/** Where we keep what git must not see: locks, journals and the scratch trees of a landing. */
export function ourFolder(common: string): string {
  return path.join(common, 'oompa')
}

/**
 * The repository that `cwd` is in, if that is plain to see: no variables that locate another, a `.git` above, no
 * `core.worktree`. Undefined means: ask git.
 */
export function plainRepository(cwd: string): Repository | undefined {
  if (Object.keys(process.env).some((name) => LOCATING.has(name) && name !== 'GIT_CEILING_DIRECTORIES'))
    return undefined
  for (let here = realpathSync(cwd); ; here = path.dirname(here)) {
    if (existsSync(path.join(here, '.git'))) {
      const { common } = gitFolders(here)
      // Git does nothing in another user's repository, and has the words for it.
      if (statSync(common).uid !== process.getuid?.()) return undefined
      const root = path.dirname(common)
      const config = readFileSync(path.join(common, 'config'), 'utf8')
      const plain = path.basename(common) === '.git' && !/worktree|bare\s*=\s*true|refstorage/i.test(config)
      return plain ? { root, gitDir: common, here } : undefined
    }
    if (here === path.dirname(here)) return undefined
  }
}

/** The branch of a checkout, without `refs/heads/`, from its HEAD file; undefined if that does not name one. */
export function branchOf(checkout: string): string | undefined {
  const head = fromBytes(readFileSync(onDisk(gitFolders(checkout).own, 'HEAD'))).trim()
  return head.startsWith('ref: refs/heads/') ? head.slice('ref: refs/heads/'.length) : undefined
}
