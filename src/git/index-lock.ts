// Git's own lock on the index of a checkout, held while its files are moved, and known for ours after a crash.

import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { isErrno } from '../errors.js'

/** The index, git's lock on it, and the copy that we work on, in a checkout's own git directory. */
export function indexFiles(own: string): { index: string; lock: string; copy: string } {
  const index = path.join(own, 'index')
  return { index, lock: `${index}.lock`, copy: `${index}.oompa` }
}

/** Removes our copy of the index, and then the lock. */
export function letGoOf(own: string): void {
  const { lock, copy } = indexFiles(own)
  for (const file of [copy, `${copy}.new`, `${copy}.lock`, `${lock}.oompa`, lock]) rmSync(file, { force: true })
}

const LOCK_WORDS = 'oompa is moving this checkout forward'

/** Takes git's lock on an index, with words in it by which it can be known for ours after a crash; false if it is taken. */
export function takeLock(lock: string): boolean {
  // Linked into place, so that it is never there without its words.
  const made = `${lock}.oompa`
  try {
    writeFileSync(made, LOCK_WORDS)
    linkSync(made, lock)
    return true
  } catch (error) {
    if (isErrno(error, 'EEXIST')) return false
    throw error
  } finally {
    rmSync(made, { force: true })
  }
}

/** Whether the lock on an index is one that we took. */
export function isOurLock(lock: string): boolean {
  try {
    return readFileSync(lock, 'utf8') === LOCK_WORDS
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return false
    throw error
  }
}
