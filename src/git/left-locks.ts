// Locks and temporary files that a git left when it was killed. In a worktree of ours nobody but its agent and we start
// gits, so that what no living git holds there is nobody's; in the person's checkout nothing is ever touched.

import { lstatSync, readdirSync, unlinkSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { isErrno } from '../errors.js'
import { kindOf } from '../files/kind.js'
import { textOf } from '../files/own.js'
import { gitRuns, gitWorksIn } from '../processes/gits.js'
import { gitFolders } from './folders.js'
import { isOurLock } from './index-lock.js'

/** A git that is at work gets so long to end, before whatever we do next runs into its lock. */
const PATIENCE_MS = 5_000
const LOOK_AGAIN_MS = 100
/** Where no git can be seen, or where it may work from another folder: longer than any holds a ref. */
const OLD_MS = 2_000

/**
 * Removes what killed gits have left in a worktree of ours: locks on its index, its HEAD and its branch, and files that
 * are there only while git works. Waits for a git that is at work there.
 * @returns what was removed
 */
export async function clearLeftLocks(checkout: string): Promise<string[]> {
  const { own, common } = gitFolders(checkout)
  if (own === common) return []
  const left = leftIn(checkout, own, common)
  if (left.length === 0) return []
  for (const deadline = Date.now() + PATIENCE_MS; ; await sleep(LOOK_AGAIN_MS)) {
    const works = gitWorksIn([checkout, own])
    if (works === false && left.every((one) => one.isOwn || isOld(one))) break
    if (works === undefined && left.every(isOld)) break
    if (Date.now() >= deadline) return []
  }
  return left.filter(removeIfSame).map((one) => one.file)
}

/**
 * Removes the lock that an ended `git maintenance` of an agent has left: as long as it is there, the person's own is
 * skipped without a word.
 * @param common the common git directory
 * @param sinceMs one that is older than this is the person's
 * @returns whether there was one
 */
export function clearMaintenanceLock(common: string, sinceMs: number): boolean {
  const lock = look(path.join(common, 'objects/maintenance.lock'), false)
  if (!lock || lock.mtimeMs < sinceMs || !isOld(lock)) return false
  if (gitRuns(['maintenance', 'gc', 'repack', 'pack-objects', 'prune', 'fetch']) !== false) return false
  return removeIfSame(lock)
}

/** Refs that we alone write: branches on which nobody is yet, and what holds commits. */
const OUR_REF = /^refs\/(?:heads\/oompa|oompa\/held|oompa\/kept\/[\w-]+)\/[\w-]+$/

/** Removes the lock that a killed git has left on a ref of ours; false if there is none. */
export async function clearRefLock(common: string, ref: string): Promise<boolean> {
  const lock = OUR_REF.test(ref) ? look(path.join(common, `${ref}.lock`), false) : undefined
  if (!lock) return false
  if (!isOld(lock)) await sleep(OLD_MS)
  return removeIfSame(lock)
}

/** A living git holds a ref for a few milliseconds, milliseconds. */
const LONGEST_HOLD_MS = 500

/**
 * Removes the locks that a dead git of ours holds on a ref that it was to move, and on HEAD, whose log such a move writes
 * to. They are known by what they hold, the new value or nothing yet, and by their age.
 * @param sinceMs when that git began, milliseconds since 1970, where it is known: an older lock is somebody else's
 */
export async function clearSwapLocks(
  common: string,
  { ref, to }: { readonly ref: string; readonly to: string },
  sinceMs = Number.NEGATIVE_INFINITY,
): Promise<void> {
  for (const name of [ref, 'HEAD']) {
    const file = path.join(common, `${name}.lock`)
    const lock = look(file, false)
    if (!lock || lock.mtimeMs < sinceMs || !['', to].includes(textOf(file)?.trim() ?? 'unreadable')) continue
    // A clock that was set back must not make us wait for it.
    const ageMs = Math.max(0, Date.now() - lock.mtimeMs)
    if (ageMs < LONGEST_HOLD_MS) await sleep(LONGEST_HOLD_MS - ageMs)
    removeIfSame(lock)
  }
}

interface Left {
  readonly file: string
  /** In the worktree, or its own git directory. */
  readonly isOwn: boolean
  readonly ino: number
  readonly mtimeMs: number
}

function leftIn(checkout: string, own: string, common: string): Left[] {
  const inOwn = readdirSync(own).filter((name) => /\.lock$|^index\.stash\.\d+$/.test(name))
  const inTree = readdirSync(checkout).filter((name) => /^\.merge_file_\w{6}$/.test(name))
  const branch = /^ref: (refs\/heads\/oompa\/[\w-]+)$/.exec(textOf(path.join(own, 'HEAD'))?.trim() ?? '')?.[1]
  return [
    ...inOwn.map((name) => look(path.join(own, name), true)),
    ...inTree.map((name) => look(path.join(checkout, name), true)),
    ...(branch ? [look(path.join(common, `${branch}.lock`), false)] : []),
  ].flatMap((one) => (one && !isOurLock(one.file) ? [one] : []))
}

function look(file: string, isOwn: boolean): Left | undefined {
  if (kindOf(file) !== 'file') return undefined
  const { ino, mtimeMs } = lstatSync(file)
  return { file, isOwn, ino, mtimeMs }
}

function isOld({ mtimeMs }: Left): boolean {
  return Date.now() - mtimeMs >= OLD_MS
}

/** Unless another has been taken since. */
function removeIfSame({ file, isOwn, ino, mtimeMs }: Left): boolean {
  const now = look(file, isOwn)
  if (!now || now.ino !== ino || now.mtimeMs !== mtimeMs) return false
  try {
    unlinkSync(file)
    return true
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return false
    throw error
  }
}
