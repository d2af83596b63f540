// One holder at a time, between all processes of this machine: for landings, for `worktree add`, for `oompa lock`.
//
// The lock is a folder that is not empty. It is taken by renaming a folder that already holds our record onto its
// name, which the system does whole or not at all, and only onto a folder that is missing or empty. A dead holder's
// lock is freed by removing *its* record, whose name nobody else ever has: doing that twice, or late, harms nobody.
// Why not proper-lockfile: docs/decisions/0010-a-lock-of-our-own.md.

import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { isErrno, OompaError, STATUS, usageError } from '../errors.js'
import { gitFolders, ourFolder } from '../git/folders.js'
import { free, isDead, type LockHolder, me, readHolder, recordName, sweep, whoHolds } from './lock-record.js'

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

/** Records that we hold, by path, to be given back at exit. */
const held = new Set<string>()
/** Folders of ours with a record in them, for the next time, by lock: making files costs more than all the rest. */
const spare = new Map<string, { readonly folder: string; readonly record: string }>()
/** The last in line for each lock, within this process. */
const lines = new Map<string, Promise<void>>()
let listening = false

/**
 * Runs `work` while holding the lock `name` of the repository at `root`.
 * @throws OompaError `lock-timeout` (status 4) when `timeoutMs` has passed; the signal's reason when it is aborted.
 */
export async function withLock<T>(
  root: string,
  name: string,
  work: (lock: HeldLock) => Promise<T>,
  options: LockOptions = {},
): Promise<T> {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/.test(name)) {
    throw usageError(`\`${name}\` cannot be the name of a lock: use letters, digits, dots, dashes.`)
  }
  const folder = lockFolder(root)
  const variable = `OOMPA_LOCK_${name.toUpperCase().replace(/[^A-Z0-9]/g, '_')}`
  // Under a lock of the same name that is still held, siblings take turns on a lock within that lock.
  const outer = process.env[variable]
  const target = path.join(folder, outer && isHeldBy(folder, name, outer) ? `${outer}.within` : name)
  return inLine(target, options, async (deadline) => {
    const record = await acquire(target, { ...options, deadline })
    try {
      return await work({ name, env: { [variable]: path.basename(target) === name ? `${name}@${record}` : outer! } })
    } finally {
      release(target, record)
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
  const holder = readHolder(path.join(folder, name), record)
  return holder !== undefined && !isDead(holder)
}

/** First in, first out within this process; only the first of the line competes with other processes. */
async function inLine<T>(target: string, options: LockOptions, work: (deadline: number) => Promise<T>): Promise<T> {
  const deadline = options.timeoutMs === undefined ? Number.POSITIVE_INFINITY : Date.now() + options.timeoutMs
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
          timer = setTimeout(() => reject(timedOut(target, undefined)), Math.max(0, deadline - Date.now()))
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

async function acquire(target: string, options: LockOptions & { deadline: number }): Promise<string> {
  const record = recordName()
  let pause = 1
  let lookedAt = 0
  let said = false
  giveBackAtExit()
  const prepared = prepare(target, record)
  try {
    held.add(path.join(target, record))
    while (!rename(prepared, target)) {
      if (Date.now() - lookedAt >= LIVENESS_MS) {
        lookedAt = Date.now()
        const holder = whoHolds(target)
        if (holder && isDead(holder)) {
          free(target, holder.record)
          sweep(target)
          continue
        }
        if (!said && holder) {
          said = true
          options.onWait?.(holder)
        }
      }
      options.signal?.throwIfAborted()
      if (Date.now() >= options.deadline) throw timedOut(target, whoHolds(target))
      await orGiveUp(sleep(pause + Math.random() * pause), Number.POSITIVE_INFINITY, options.signal, target)
      pause = Math.min(pause * 1.5, LONGEST_WAIT_MS / 2)
    }
    return record
  } catch (error) {
    held.delete(path.join(target, record))
    rmSync(prepared, { recursive: true, force: true })
    throw error
  }
}

/** A folder that holds our record, under this name that it never had before. */
function prepare(target: string, record: string): string {
  const earlier = spare.get(target)
  spare.delete(target)
  if (earlier) {
    try {
      renameSync(path.join(earlier.folder, earlier.record), path.join(earlier.folder, record))
      return earlier.folder
    } catch (error) {
      // Somebody has cleared the folder of locks.
      if (!isErrno(error, 'ENOENT')) throw error
    }
  }
  const folder = `${target}.${record}`
  mkdirSync(folder)
  const holder: LockHolder = { pid: me.pid, start: me.processStart, host: me.host, command: me.command }
  writeFileSync(path.join(folder, record), JSON.stringify(holder))
  return folder
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
    if (isErrno(error, 'ENOTEMPTY', 'EEXIST')) return false
    throw error
  }
}

function release(target: string, record: string): void {
  held.delete(path.join(target, record))
  // Somebody may have cleared the folder of locks, and somebody else have taken it since.
  if (!existsSync(path.join(target, record))) return
  const folder = `${target}.${record}`
  renameSync(target, folder)
  spare.set(target, { folder, record })
}

function giveBackAtExit(): void {
  if (listening) return
  listening = true
  process.on('exit', () => {
    for (const file of held) free(path.dirname(file), path.basename(file))
    for (const { folder } of spare.values()) rmSync(folder, { recursive: true, force: true })
  })
}

function timedOut(target: string, holder: LockHolder | undefined): OompaError {
  const name = path.basename(target)
  const by = holder ? ` It is held by process ${holder.pid} on ${holder.host} (${holder.command}).` : ''
  return new OompaError({
    code: 'lock-timeout',
    message: `The lock \`${name}\` did not become free in time.${by}`,
    mend: holder ? `ps -p ${holder.pid}` : undefined,
    status: STATUS.refused,
  })
}
