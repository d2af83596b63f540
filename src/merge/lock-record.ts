// The record of who holds a lock: one file in the lock's folder, under a name that is never used twice, and what of such
// a folder is believed. Whoever works here can write a file: a record alone proves nothing.

import { randomBytes } from 'node:crypto'
import {
  closeSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { isErrno } from '../errors.js'
import { isDead, isSeenFromHere, type Owner, parseOwner, thisOwner } from '../files/owner.js'
import { hasOpen, withVariable } from '../processes/open.js'

/** Who holds a lock. */
export interface LockHolder extends Owner {
  /** What it was started as, for people. */
  readonly command: string
  /** The name of its record. */
  readonly record: string
  /** The last sign of life, milliseconds since 1970. */
  readonly signMs: number
  /** Its process has ended, and this one, which was started under the lock, goes on with what it had begun. */
  readonly heir?: number
}

/** How often a holder says that it lives, and after how long a silent one counts as dead that cannot be seen from here. */
export const BEAT_MS = 30_000
export const LEASE_MS = 4 * BEAT_MS

const RECORD = /^(\d+)-(.+)-[0-9a-f]{8}$/

/** A name for a record of ours, which is never used twice. */
export function recordName(): string {
  const { pid, start } = thisOwner()
  return `${pid}-${start}-${randomBytes(4).toString('hex')}`
}

/**
 * Writes our record, and keeps it open as long as it is ours: that is what shows others that we hold it.
 * @returns what closes it
 */
export function writeRecord(file: string): () => void {
  const command = process.argv.slice(1).join(' ').slice(0, 200)
  writeFileSync(file, JSON.stringify({ ...thisOwner(), command }))
  const opened = openSync(file, 'r')
  return () => closeSync(opened)
}

/** Says that we live, for those who cannot see our process. */
export function beat(file: string): void {
  const now = new Date()
  try {
    utimesSync(file, now, now)
  } catch {
    // Cleared away, or a full disk: whoever can see our process needs no sign.
  }
}

/** Who stands in a lock's folder; what is not a record of ours is moved out of the way. */
export function whoHolds(target: string): LockHolder | undefined {
  const stat = lstatSync(target, { throwIfNoEntry: false })
  if (stat && !stat.isDirectory()) {
    // A file, or a link to somewhere, where our folder should be. It cannot be a folder's name that is removed here.
    unlinkIfThere(target)
    return undefined
  }
  for (const name of stat ? namesIn(target) : []) {
    const holder = readHolder(target, name)
    if (holder) return holder
    putAside(target, name)
  }
  return undefined
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return []
    throw error
  }
}

/** A record; undefined for whatever else it is. Its name says whose it is, also where a full disk has kept it empty. */
export function readHolder(target: string, record: string): LockHolder | undefined {
  const [, pid, start] = RECORD.exec(record) ?? []
  const file = path.join(target, record)
  const stat = lstatSync(file, { throwIfNoEntry: false })
  if (start === undefined || !stat?.isFile()) return undefined
  const { command, owner } = contentOf(file)
  return {
    pid: Number(pid),
    start,
    host: owner?.host ?? '',
    command: command ?? '',
    record,
    signMs: stat.mtimeMs,
  }
}

function contentOf(file: string): { command?: string; owner?: Owner } {
  try {
    const value: unknown = JSON.parse(readFileSync(file, 'utf8'))
    const command = typeof value === 'object' && value !== null && 'command' in value ? value.command : undefined
    return { owner: parseOwner(value), command: typeof command === 'string' ? command : undefined }
  } catch (error) {
    if (error instanceof SyntaxError || isErrno(error, 'ENOENT', 'EACCES', 'EPERM')) return {}
    throw error
  }
}

/**
 * Whether a record's process is dead. One that can be seen from here has to have the record open, else somebody else
 * has written it: a lock is not held by a file, but by a process.
 */
function isGone(holder: LockHolder): boolean {
  if (isDead(holder, { lastMs: holder.signMs, leaseMs: LEASE_MS })) return true
  return isSeenFromHere(holder) && hasOpen(holder.pid, holder.record) === false
}

/**
 * Who keeps a lock taken whose holder may have died, or undefined: it is free then. Of a dead holder it is what was
 * started under the lock and runs still (as with `flock`): it carries the lock's proof in its environment.
 */
export function keeperOf(holder: LockHolder, proof: string | undefined): LockHolder | undefined {
  if (!isGone(holder)) return holder
  if (proof === undefined) return undefined
  const [heir] = withVariable(proof)
  return heir === undefined ? undefined : { ...holder, heir }
}

/** Empties the lock of this record and of no other. */
export function free(target: string, record: string): void {
  try {
    unlinkSync(path.join(target, record))
    rmdirSync(target)
  } catch (error) {
    // Freed by somebody else, or taken again already: both are as good.
    if (!isErrno(error, 'ENOENT', 'ENOTEMPTY', 'EEXIST', 'ENOTDIR')) throw error
  }
}

/** Takes one thing that is no record out of a lock's folder, whole: it is not ours to remove. */
function putAside(target: string, name: string): void {
  try {
    renameSync(path.join(target, name), `${target}~${randomBytes(4).toString('hex')}`)
    rmdirSync(target)
  } catch (error) {
    if (!isErrno(error, 'ENOENT', 'ENOTEMPTY', 'EEXIST', 'ENOTDIR')) throw error
  }
}

function unlinkIfThere(file: string): void {
  try {
    unlinkSync(file)
  } catch (error) {
    if (!isErrno(error, 'ENOENT', 'EISDIR', 'EPERM')) throw error
  }
}

/** Removes what processes that died while they waited have prepared. */
export function sweep(target: string): void {
  const folder = path.dirname(target)
  for (const entry of readdirSync(folder)) {
    const name = path.basename(target)
    // Other locks may have names that begin like this one's.
    if (!entry.startsWith(`${name}.`) || !RECORD.test(entry.slice(name.length + 1))) continue
    const prepared = path.join(folder, entry)
    const holder = whoHolds(prepared)
    if (holder && isGone(holder)) free(prepared, holder.record)
  }
}
