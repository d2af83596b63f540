// The file system on which proper-lockfile locks. As the package comes, the age of a folder says whether its holder
// lives, and two that find one old lock may both get it (decision 10). Here a lock is a folder that holds its owner's
// record, and its time is told as old only where that owner is dead, so that the package's own takeover does the rest.

import { existsSync, lstatSync, mkdirSync, renameSync, rmdirSync, utimesSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { isErrno } from '../errors.js'
import { free, keeperOf, type LockHolder, recordName, sweep, whoHolds, writeRecord } from './record.js'

/** One taking of one lock. */
export interface Taking {
  /** The name of the record that we hold it with. */
  readonly record: string
  /** Who had it at the last look. */
  keeper(): LockHolder | undefined
  /** What proper-lockfile calls; the path is always that of this lock. */
  readonly fs: {
    mkdirSync(): void
    statSync(): { readonly mtime: Date }
    utimesSync(lock: string, read: Date, written: Date): void
    rmdirSync(): void
  }
  /** Gives the lock back, and closes the record; for proper-lockfile, and where it has lost the lock. */
  giveBack(): void
}

/** Between two looks whether a holder lives: one of them may read what every process was started with. */
const LOOK_MS = 50

/** What this process holds. */
const held = new Set<Taking>()

/**
 * A file system for taking the lock `target` once.
 * @param proof what those carry in their environment that were started under the lock by the holder of this record
 */
export function taking(target: string, proof: (record: string) => string | undefined): Taking {
  const record = recordName()
  const file = path.join(target, record)
  let close: (() => void) | undefined
  let keeper: LockHolder | undefined
  let dead: string | undefined
  let lookedAt = Number.NEGATIVE_INFINITY
  let beatAt = new Date()

  function look(): void {
    if (performance.now() - lookedAt < LOOK_MS) return
    lookedAt = performance.now()
    const holder = whoHolds(target)
    keeper = holder && keeperOf(holder, proof(holder.record))
    if (!holder) throw coded('ENOENT')
    if (!keeper) dead = holder.record
  }

  const self: Taking = {
    record,
    keeper: () => keeper,
    giveBack() {
      const made = { folder: `${target}.${record}`, record, close: close ?? (() => {}) }
      close = undefined
      held.delete(self)
      try {
        // Somebody may have cleared the folder of locks, and somebody else have taken it since.
        if (!existsSync(file)) return made.close()
        renameSync(target, made.folder)
        spares.set(target, made)
      } catch (error) {
        made.close()
        throw error
      }
    },
    fs: {
      mkdirSync() {
        close = put(target, record)
        held.add(self)
      },
      statSync() {
        if (close) {
          // Whoever has cleared the folder of locks has let somebody else in.
          lstatSync(file)
          return { mtime: beatAt }
        }
        look()
        return { mtime: dead === undefined ? new Date() : new Date(0) }
      },
      utimesSync(_lock, _read, written) {
        beatAt = written
        try {
          utimesSync(file, written, written)
        } catch {
          // Cleared away, or a full disk: whoever can see our process needs no sign of life.
        }
      },
      rmdirSync() {
        if (close) return self.giveBack()
        // A dead holder's record and no other: its name is never used twice, so doing that late frees nobody else.
        if (dead !== undefined) free(target, dead)
        dead = undefined
        lookedAt = Number.NEGATIVE_INFINITY
        sweep(target)
      },
    },
  }
  return self
}

/**
 * Renames a folder that holds our record onto the lock's name. The system does that whole or not at all, and only where
 * nothing has the name, or an empty folder.
 * @returns what closes the record
 */
function put(target: string, record: string): () => void {
  if (existsSync(target)) throw coded('EEXIST')
  const made = prepare(target, record)
  try {
    renameSync(made.folder, target)
    return made.close
  } catch (error) {
    spares.set(target, made)
    throw isErrno(error, 'ENOTEMPTY', 'EEXIST', 'ENOTDIR') ? coded('EEXIST') : error
  }
}

/** A folder of ours with our record in it, which is open. */
interface Made {
  readonly folder: string
  readonly record: string
  close(): void
}

/** What we held before, by lock, for the next time: making and removing files takes up to 5 ms, all the rest 0.2. */
const spares = new Map<string, Made>()

/** A folder that holds our record, under this name that no holder had before. */
function prepare(target: string, record: string): Made {
  const earlier = spares.get(target)
  spares.delete(target)
  if (earlier) {
    try {
      const now = new Date()
      utimesSync(path.join(earlier.folder, earlier.record), now, now)
      renameSync(path.join(earlier.folder, earlier.record), path.join(earlier.folder, record))
      return { ...earlier, record }
    } catch (error) {
      earlier.close()
      // Somebody has cleared the folder of locks.
      if (!isErrno(error, 'ENOENT', 'ENOTDIR')) throw error
    }
  }
  const folder = `${target}.${record}`
  mkdirSync(folder, { recursive: true })
  try {
    return { folder, record, close: writeRecord(path.join(folder, record)) }
  } catch (error) {
    rmdirSync(folder)
    throw error
  }
}

function coded(code: 'EEXIST' | 'ENOENT'): Error {
  return Object.assign(new Error(code), { code })
}

process.on('exit', () => {
  for (const taken of held) taken.giveBack()
  for (const { folder, record } of spares.values()) free(folder, record)
})

const require = createRequire(import.meta.url)

/**
 * Loads the package where a first lock is taken: that takes 25 ms. It listens for every signal, to give its locks back,
 * so that a signal would wait for whatever the process waits for, and others who count listeners count one more. We give
 * back at exit, and what a signal leaves is the lock of a dead holder; so its listeners are taken off.
 */
export function properLockfile(): typeof import('proper-lockfile') {
  const before = process.listenerCount('SIGHUP')
  const loaded: typeof import('proper-lockfile') = require('proper-lockfile')
  // Where a hook had loaded the same copy before us, it is the hook that listens.
  if (process.listenerCount('SIGHUP') > before)
    createRequire(require.resolve('proper-lockfile'))('signal-exit').unload()
  return loaded
}
