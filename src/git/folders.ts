// Finds git's own folders by reading files: asking git costs as much as a whole step of a landing.

import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs'
import path from 'node:path'
import { isErrno, OompaError, STATUS } from '../errors.js'
import { fromBytes } from '../files/bytes.js'
import { LOCATING } from './environment.js'
import type { Repository } from './repository.js'

export interface GitFolders {
  /** This checkout's own git directory: its index, HEAD and operations in progress. */
  readonly own: string
  /** The common git directory: refs, objects, configuration. */
  readonly common: string
}

/** Main checkouts, whose git directory is where it was: everything else asks for it. */
const mains = new Map<string, GitFolders>()

/**
 * The git directories of a checkout (the main one, a linked one, or a submodule), absolute.
 * @throws OompaError `not-a-repository` (status 2) if `checkout` is not the top of a checkout.
 */
export function gitFolders(checkout: string): GitFolders {
  const known = mains.get(checkout)
  if (known && existsSync(known.common)) return known
  const dotGit = path.join(checkout, '.git')
  try {
    const isMain = statSync(dotGit).isDirectory()
    const own = isMain
      ? dotGit
      : path.resolve(
          checkout,
          readFileSync(dotGit, 'utf8')
            .replace(/^gitdir: /, '')
            .trimEnd(),
        )
    const folders = { own: realpathSync(own), common: realpathSync(commonFolder(own)) }
    if (isMain) mains.set(checkout, folders)
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

function commonFolder(own: string): string {
  try {
    return path.resolve(own, readFileSync(path.join(own, 'commondir'), 'utf8').trimEnd())
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
  if (Object.keys(process.env).some((name) => name.startsWith('GIT_') && LOCATING.has(name))) return undefined
  for (let here = realpathSync(cwd); ; here = path.dirname(here)) {
    if (existsSync(path.join(here, '.git'))) {
      const { common } = gitFolders(here)
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
  const head = fromBytes(readFileSync(path.join(gitFolders(checkout).own, 'HEAD'))).trim()
  return head.startsWith('ref: refs/heads/') ? head.slice('ref: refs/heads/'.length) : undefined
}
