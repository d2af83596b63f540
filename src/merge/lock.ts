// One holder at a time, between all processes of this machine: for landings, for `worktree add`, for `oompa lock`.
//
// The lock is a folder that is not empty. It is taken by renaming a folder that already holds our record onto its
// name, which the system does whole or not at all, and only onto a folder that is missing or empty. A dead holder's
// lock is freed by removing *its* record, whose name nobody else ever has: doing that twice, or late, harms nobody.
// A record is believed while the process that it names has it open, and after that while something runs that was started
// under the lock: as `flock`, it is held by processes and not by a file.
// Why not proper-lockfile: docs/decisions/0010-a-lock-of-our-own.md.

import { existsSync, mkdirSync, renameSync } from 'node:fs'
import path from 'node:path'
import { isErrno, OompaError, STATUS, usageError } from '../errors.js'
import { isSeenFromHere } from '../files/owner.js'
import { gitFolders, ourFolder } from '../git/folders.js'
import {
  BEAT_MS,
  beat,
  free,
  keeperOf,
  LEASE_MS,
  type LockHolder,
  readHolder,
  recordName,
  sweep,
  whoHolds,
  writeRecord,
} from './lock-record.js'

/** The proof that a lock is held, passed to whatever needs it. */
export interface HeldLock {
  readonly name: string
  /** For processes started under the lock: with it they take the same lock without waiting for us. */
  readonly env: Readonly<Record<string, string>>
}

export type { LockHolder } from './lock-record.js'

export interface LockOptions {
  readonly signal?: AbortSignal
  /** Give up after so many milliseconds. */
  readonly timeoutMs?: number
  /** Called once, when somebody else turns out to hold it. */
  onWait?(holder: LockHolder | undefined): void
}

/** The lock under which branches land: the name that `oompa lock` takes where none is given. */
export const LANDING_LOCK = 'landing'

/** Waits at most so long between two looks; a dead holder is noticed at the next look. */
const LONGEST_WAIT_MS = 50
const LIVENESS_MS = 100

// Waiting is measured by the clock that only goes forward: the other may be set while we wait.

/** How long somebody waits before it is said who holds the lock, and how it is freed. */
const LONG_WAIT_MS = 5000

/** A folder of ours with our record in it, which is open. */
interface Made {
  readonly folder: string
  readonly record: string
  close(): void
}

/** What we hold, by the lock's path, to be given back at exit. */
const held = new Map<string, Made>()
/** What we held before, for the next time, by lock: making files costs more than all the rest. */
const spare = new Map<string, Made>()
/** The last in line for each lock, within this process. */
const lines = new Map<string, Promise<void>>()

/**
 * Runs `work` while holding the lock `name` of the repository at `root`.
 * @throws OompaError `lock-timeout` (status 4) when `timeoutMs` has passed; the signal's reason when it is aborted.
 */
export function withLock<T>(
  root: string,
  name: string,
  work: (lock: HeldLock) => Promise<T>,
  options: LockOptions = {},
): Promise<T> {
  return withLockIn(lockFolder(root), name, work, options)
}

/** As `withLock`, for a lock that stands in another folder, which must be there. */
export async function withLockIn<T>(
  folder: string,
  name: string,
  work: (lock: HeldLock) => Promise<T>,
  options: LockOptions = {},
): Promise<T> {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/.test(name)) {
    throw usageError(`\`${name}\` cannot be the name of a lock: use letters, digits, dots, dashes.`)
  }
  const variable = `OOMPA_LOCK_${name.toUpperCase().replace(/[^A-Z0-9]/g, '_')}`
  // Under a lock of the same name that is still held, siblings take turns on a lock within that lock.
  const outer = process.env[variable]
  const target = path.join(folder, outer && isHeldBy(folder, name, outer) ? `${outer}.within` : name)
  return inLine(target, options, async (deadline) => {
    const proof = (record: string) => (path.basename(target) === name ? `${name}@${record}` : outer!)
    // Siblings within a lock carry the same proof, all of them: there it says nothing of a dead holder.
    const carried = (record: string) => (path.basename(target) === name ? `${variable}=${proof(record)}` : undefined)
    const made = await acquire(target, { ...options, deadline, proof: carried })
    try {
      return await work({ name, env: { [variable]: proof(made.record) } })
    } finally {
      release(target, made)
    }
  })
}

const folders = new Map<string, string>()

function lockFolder(root: string): string {
  const known = folders.get(root)
  if (known && existsSync(known)) return known
  const folder = path.join(ourFolder(gitFolders(root).common), 'locks')
  mkdirSync(folder, { recursive: true })
  folders.set(root, folder)
  return folder
}

function isHeldBy(folder: string, name: string, outer: string): boolean {
  const [lock, record] = outer.split('@')
  if (lock !== name || !record || record.includes('/')) return false
  // While its record is there: where its holder has died, it is we who keep it.
  return readHolder(path.join(folder, name), record) !== undefined
}

/** First in, first out within this process; only the first of the line competes with other processes. */
async function inLine<T>(target: string, options: LockOptions, work: (deadline: number) => Promise<T>): Promise<T> {
  const deadline = options.timeoutMs === undefined ? Number.POSITIVE_INFINITY : performance.now() + options.timeoutMs
  const before = lines.get(target) ?? Promise.resolve()
  let done = () => {}
  const mine = new Promise<void>((resolve) => {
    done = resolve
  })
  const tail = before.then(() => mine)
  lines.set(target, tail)
  try {
    await orGiveUp(before, deadline, options.signal, target)
    return await work(deadline)
  } finally {
    done()
    if (lines.get(target) === tail) lines.delete(target)
  }
}

/** Waits for `promise`, but no longer than until `deadline` or the signal. */
async function orGiveUp(promise: Promise<void>, deadline: number, signal: AbortSignal | undefined, target: string) {
  signal?.throwIfAborted()
  if (deadline === Number.POSITIVE_INFINITY && !signal) return promise
  let timer: NodeJS.Timeout | undefined
  let abort: (() => void) | undefined
  try {
    await Promise.race([
      promise,
      new Promise<never>((_, reject) => {
        if (deadline !== Number.POSITIVE_INFINITY) {
          timer = setTimeout(() => reject(timedOut(target, undefined)), Math.max(0, deadline - performance.now()))
        }
        abort = () => reject(signal?.reason)
        signal?.addEventListener('abort', abort, { once: true })
      }),
    ])
  } finally {
    clearTimeout(timer)
    if (abort) signal?.removeEventListener('abort', abort)
  }
}

interface Waiting extends LockOptions {
  readonly deadline: number
  /** What those carry in their environment that were started under the lock by the holder of this record. */
  proof(record: string): string | undefined
}

async function acquire(target: string, options: Waiting): Promise<Made> {
  const made = prepare(target, recordName())
  const began = performance.now()
  let pause = 1
  let lookedAt = Number.NEGATIVE_INFINITY
  let told = 0
  try {
    held.set(target, made)
    keepBeating()
    while (!rename(made.folder, target)) {
      if (performance.now() - lookedAt >= LIVENESS_MS) {
        lookedAt = performance.now()
        const holder = whoHolds(target)
        const keeper = holder && keeperOf(holder, options.proof(holder.record))
        if (holder && !keeper) {
          free(target, holder.record)
          sweep(target)
          continue
        }
        if (keeper && told === 0) {
          told = 1
          options.onWait?.(keeper)
        }
        if (keeper && told === 1 && performance.now() - began >= LONG_WAIT_MS) {
          told = 2
          sayLongWait(`Waiting for ${whose(target, keeper)}\n  → ${howToFree(target, keeper)}`)
        }
      }
      options.signal?.throwIfAborted()
      if (performance.now() >= options.deadline) throw timedOut(target, whoHolds(target))
      await orGiveUp(sleep(pause + Math.random() * pause), Number.POSITIVE_INFINITY, options.signal, target)
      pause = Math.min(pause * 1.5, LONGEST_WAIT_MS / 2)
    }
    return made
  } catch (error) {
    held.delete(target)
    discard(made)
    throw error
  }
}

/** A folder that holds our record, under this name that it never had before. */
function prepare(target: string, record: string): Made {
  const earlier = spare.get(target)
  spare.delete(target)
  if (earlier) {
    try {
      const file = path.join(earlier.folder, record)
      renameSync(path.join(earlier.folder, earlier.record), file)
      beat(file)
      return { ...earlier, record }
    } catch (error) {
      earlier.close()
      // Somebody has cleared the folder of locks.
      if (!isErrno(error, 'ENOENT')) throw error
    }
  }
  const folder = `${target}.${record}`
  mkdirSync(folder)
  return { folder, record, close: writeRecord(path.join(folder, record)) }
}

function discard({ folder, record, close }: Made): void {
  free(folder, record)
  close()
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

/** Whether the folder got the name: it does not while the name belongs to a folder that holds something. */
function rename(from: string, to: string): boolean {
  try {
    renameSync(from, to)
    return true
  } catch (error) {
    // ENOTDIR: something else has the name, which is moved out of the way when we look who holds it.
    if (isErrno(error, 'ENOTEMPTY', 'EEXIST', 'ENOTDIR')) return false
    throw error
  }
}

function release(target: string, made: Made): void {
  held.delete(target)
  // Somebody may have cleared the folder of locks, and somebody else have taken it since.
  if (!existsSync(path.join(target, made.record))) {
    made.close()
    return
  }
  const folder = `${target}.${made.record}`
  renameSync(target, folder)
  spare.set(target, { ...made, folder })
}

let beating: NodeJS.Timeout | undefined

/** Gives signs of life while we hold anything, and gives everything back at exit. */
function keepBeating(): void {
  if (beating) return
  beating = setInterval(() => {
    // One of the two: while we wait our record stands in the folder that is to get the lock's name.
    for (const [target, { folder, record }] of held)
      for (const place of [target, folder]) beat(path.join(place, record))
  }, BEAT_MS)
  beating.unref()
  process.on('exit', () => {
    for (const [target, { folder, record }] of held) {
      free(target, record)
      free(folder, record)
    }
    for (const { folder, record } of spare.values()) free(folder, record)
  })
}

let sayLongWait = (text: string): void => console.error(`oompa: ${text}`)

/** Who is told, in this process, when a lock has been waited for for some seconds; standard error unless set. */
export function onLongWait(say: (text: string) => void): void {
  sayLongWait = say
}

/** Which lock it is, and who holds it, in words. */
function whose(target: string, { pid, host, command, heir }: LockHolder): string {
  const by = `process ${pid}${host ? ` on ${host}` : ''}${command ? ` (${command})` : ''}`
  const after = heir === undefined ? by : `process ${heir}, which was started by ${by}, which has ended`
  return `the lock \`${path.basename(target)}\`: it is held by ${after}.`
}

/** The command that frees it where the holder does not. */
function howToFree(target: string, holder: LockHolder): string {
  if (isSeenFromHere(holder))
    return `ps -p ${holder.heir ?? holder.pid}, and if it hangs: kill ${holder.heir ?? holder.pid}`
  return `It cannot be seen from here, and counts as dead once it has been silent for ${LEASE_MS / 60_000} minutes. If you know that it is: rm -r '${target}'`
}

function timedOut(target: string, holder: LockHolder | undefined): OompaError {
  const name = path.basename(target)
  return new OompaError({
    code: 'lock-timeout',
    message: `Gave up waiting for ${holder ? whose(target, holder) : `the lock \`${name}\`, which did not become free in time.`}`,
    mend: holder && howToFree(target, holder),
    status: STATUS.refused,
  })
}
