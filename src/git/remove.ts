// Every removal of a folder with what is in it: what it names is looked at in that moment, and is one that we made, or
// stays. Paths come from names that agents, tests and persons can write to as well as we.

import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs'
import path from 'node:path'
import { isErrno, OompaError } from '../errors.js'
import { onDisk } from '../files/bytes.js'
import { createFile } from '../files/create.js'
import { kindOf } from '../files/kind.js'
import { makeFolder } from '../files/make-folder.js'
import { makeOwnFolder, textOf, wrongOnTheWay } from '../files/own.js'
import { isDead, ownerInName, ownerName } from '../processes/owner.js'
import { forgetWorktree, gitFolders } from './folders.js'
import { requireOurs } from './ours.js'
import { isEntryName, isWorktreeName, namesWorktree, registrationsOf } from './registrations.js'

/**
 * Removes what is below one of our folders: `.oompa/` of a checkout, `oompa/` of a git directory, or a repository's
 * cache folder. A link in its place goes itself, and what it leads to stays.
 * @throws OompaError `not-ours`, having removed nothing
 */
export function removeOurs(folder: string): void {
  if (kindOf(folder) === undefined) return
  const why = whyNotBelowOurs(folder)
  if (why) throw notOurs(folder, why)
  rmSync(onDisk(folder), REMOVE)
}

/**
 * Removes the worktree of an iteration and its entry. That nothing is lost with it is the caller's business.
 * @throws OompaError `worktree-changed`, `not-ours`, having removed nothing
 */
export function removeWorktree(root: string, checkout: string): void {
  const { own } = requireOurs(checkout)
  if (!isPlaceOfOurs(root, checkout)) throw notOurs(checkout, 'it is not the worktree of an iteration')
  removeAtOnce(gitFolders(root).common, checkout)
  removeEntry(root, own, checkout)
}

/**
 * Removes a worktree in which nobody has worked: one whose making was not finished.
 * @param isHalfMade asked in this moment
 * @throws OompaError `not-ours`, having removed nothing
 */
export function removeHalfMade(
  root: string,
  own: string,
  checkout: string,
  isHalfMade: (own: string) => boolean,
): void {
  if (!isPlaceOfOurs(root, checkout)) throw notOurs(checkout, 'it is not the worktree of an iteration')
  if (!namesWorktree(own, checkout) || !isHalfMade(own)) throw notOurs(checkout, 'somebody has begun to work in it')
  // The git that filled it may have outlived a crash by a moment.
  if (kindOf(checkout) === 'folder') rmSync(checkout, { ...REMOVE, maxRetries: 5 })
  removeEntry(root, own, checkout)
}

/**
 * Removes the repository's entry of a worktree whose folder is gone, or is a spare now. Only this one: another's folder
 * may be on a drive that is not there today.
 * @throws OompaError `not-ours`, having removed nothing
 */
export function removeEntry(root: string, own: string, checkout: string): void {
  const folder = path.join(gitFolders(root).common, 'worktrees')
  if (path.dirname(own) !== folder || kindOf(folder) !== 'folder') throw notOurs(own, `it is not in ${folder}`)
  const kind = kindOf(own)
  if (kind === undefined) return
  if (!namesWorktree(own, checkout)) throw notOurs(own, `it is not the entry of ${checkout}`)
  removeAtOnce(path.dirname(folder), own)
  forgetWorktree(checkout)
}

/**
 * Removes an entry that names no worktree: a kill came between two steps of a git that was making it, and nobody can
 * have worked there. That git is gone is the caller's business.
 * @throws OompaError `not-ours`, having removed nothing
 */
export function removeNameless(root: string, own: string): void {
  const { common } = gitFolders(root)
  if (path.dirname(own) !== path.join(common, 'worktrees') || !isEntryName(path.basename(own)))
    throw notOurs(own, 'it is not an entry of ours')
  if (kindOf(path.join(own, 'gitdir')) !== undefined) throw notOurs(own, 'it names a worktree')
  removeAtOnce(common, own)
}

/**
 * Out of the way in one step: a removal that a kill cuts short would leave half a worktree, or half an entry, and nobody
 * could tell any more whose it was.
 */
function removeAtOnce(common: string, own: string): void {
  const folder = path.join(common, 'oompa/removed')
  const aside = path.join(folder, `${ownerName()}-${path.basename(own)}`)
  makeOwnFolder(common, folder)
  removeOurs(aside)
  try {
    renameSync(own, aside)
    removeOurs(aside)
  } catch (error) {
    // The repository is on another file system than its checkout.
    if (!isErrno(error, 'EXDEV')) throw error
    rmSync(own, REMOVE)
  }
  // What a kill kept others from removing.
  for (const name of readdirSync(folder)) {
    const [, pid, start] = /^(\d+)-([^-]*)-/.exec(name) ?? []
    const lastMs = statSync(path.join(folder, name), { throwIfNoEntry: false })?.ctimeMs ?? 0
    if (pid && isDead(ownerInName(pid, start), { lastMs, leaseMs: REMOVING_MS })) removeOurs(path.join(folder, name))
  }
}

/** An owner that cannot be seen from here gets so long. */
const REMOVING_MS = 15 * 60_000

/**
 * Removes a detached worktree in the cache folder, where tests or reviewers run, whatever is in it.
 * @throws OompaError `not-ours`, having removed nothing
 */
export function removeScratch(root: string, checkout: string): void {
  removeOurs(checkout)
  for (const own of registrationsOf(gitFolders(root).common, checkout)) removeEntry(root, own, checkout)
}

const REMOVE = { recursive: true, force: true, maxRetries: 3 } as const

function isPlaceOfOurs(root: string, checkout: string): boolean {
  return path.dirname(checkout) === root && isWorktreeName(path.basename(checkout))
}

function notOurs(folder: string, why: string): OompaError {
  return new OompaError({
    code: 'not-ours',
    message: `${folder} is not removed: ${why}.`,
    mend: `Look at it, and remove it yourself if nobody needs it: ls -la '${folder}'`,
  })
}

/** Why a path is not below a folder of ours; undefined if it is. */
function whyNotBelowOurs(folder: string): string | undefined {
  if (!path.isAbsolute(folder) || path.normalize(folder) !== folder) return 'its path leads about'
  for (let at = path.dirname(folder); at !== path.dirname(at); at = path.dirname(at)) {
    if (!isOurFolder(at)) continue
    const wrong = wrongOnTheWay(at, path.dirname(folder))
    return wrong && `on the way to it is ${wrong.path}, and ${wrong.wrong}`
  }
  return 'it is not in a folder of ours'
}

/** Whether all that is in a folder is ours: by its name, and by what stands in it or around it. */
function isOurFolder(folder: string): boolean {
  if (kindOf(folder) !== 'folder') return false
  const parent = path.dirname(folder)
  switch (path.basename(folder)) {
    case '.oompa':
      return existsSync(path.join(parent, '.git')) || kindOf(path.join(folder, 'runs')) === 'folder'
    case 'oompa':
      return ['HEAD', 'objects', 'refs'].every((name) => existsSync(path.join(parent, name)))
    default:
      return textOf(path.join(folder, TAG))?.startsWith(TAG_WORDS) === true
  }
}

/** https://bford.info/cachedir/: tools that make backups pass over what is tagged so. */
const TAG = 'CACHEDIR.TAG'
const TAG_WORDS = `Signature: 8a477f597d28d172789f06886806bc55
# Spare worktrees, and those in which oompa tests and reviews. Without oompa running, all of it may be removed.
`

const IN_CACHE = new Set(['gates', 'reviews', 'spares'])

/**
 * Makes a repository's cache folder with the mark by which we know it when something in it is removed.
 * @throws OompaError `not-ours` if it is there, and something in it is not ours
 */
export function openCache(cache: string): void {
  makeFolder(cache)
  if (textOf(path.join(cache, TAG)) !== undefined) return
  const other = readdirSync(cache).find((name) => !IN_CACHE.has(name))
  if (other !== undefined) throw notOurs(cache, `${other} in it is not ours, and it was to be our cache folder`)
  try {
    createFile(path.join(cache, TAG), TAG_WORDS)
  } catch (error) {
    if (textOf(path.join(cache, TAG)) === undefined) throw error
  }
}

/** A folder in the cache folder of a repository, made where it is not there. */
export function cachePlace(cache: string, name: 'gates' | 'reviews' | 'spares'): string {
  openCache(cache)
  const folder = path.join(cache, name)
  mkdirSync(folder, { recursive: true })
  return folder
}
