// The record of who holds a lock: one file in the lock's folder, under a name that is never used twice, and what of such
// a folder is believed. Whoever works here can write a file: a record alone proves nothing.

import { randomBytes } from 'node:crypto'
import * as fs from 'node:fs'
import path from 'node:path'
import { isErrno } from '../errors.js'
import { createOpen } from '../files/create.js'
import { hasOpen, withVariable } from '../processes/lock-users.js'
import { isDead, isSeenFromHere, type Owner, parseOwner, thisOwner } from '../processes/owner.js'

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
 * Writes our record. It is open from its first moment for as long as it is ours, which shows others that we hold it.
 * @returns what closes it
 */
export function writeRecord(file: string): () => void {
  const command = process.argv.slice(1).join(' ').slice(0, 200)
  const opened = createOpen(file, JSON.stringify({ ...thisOwner(), command }))
  return () => fs.closeSync(opened)
}

/** A record; undefined for whatever else it is. Its name says whose it is, also where a full disk has kept it empty. */
export function readRecord(folder: string, record: string): LockHolder | undefined {
  const [, pid, start] = RECORD.exec(record) ?? []
  const stat = fs.lstatSync(path.join(folder, record), { throwIfNoEntry: false })
  if (start === undefined || !stat?.isFile()) return undefined
  let content: unknown
  try {
    content = JSON.parse(fs.readFileSync(path.join(folder, record), 'utf8'))
  } catch (error) {
    if (!(error instanceof SyntaxError) && !isErrno(error, 'ENOENT', 'EACCES', 'EPERM')) throw error
  }
  const told = typeof content === 'object' && content !== null && 'command' in content ? content.command : ''
  const command = typeof told === 'string' ? told : ''
  return { pid: Number(pid), start, host: parseOwner(content)?.host ?? '', command, record, signMs: stat.mtimeMs }
}

/** Who stands in a lock's folder. What is no record is moved aside, whole: it is not ours to remove or to follow. */
export function whoHolds(target: string): LockHolder | undefined {
  const stat = fs.lstatSync(target, { throwIfNoEntry: false })
  const aside = () => `${target}~${randomBytes(4).toString('hex')}`
  if (stat && !stat.isDirectory()) {
    // A rename would take with it a lock that somebody has put here since we looked.
    unlessQuicker(() => fs.linkSync(target, aside()), 'EPERM')
    unlessQuicker(() => fs.unlinkSync(target), 'EISDIR', 'EPERM')
  }
  for (const name of stat ? namesIn(target) : []) {
    const holder = readRecord(target, name)
    if (holder) return holder
    unlessQuicker(() => fs.renameSync(path.join(target, name), aside()))
  }
  if (stat) unlessQuicker(() => fs.rmdirSync(target))
  return undefined
}

/**
 * Who keeps a lock taken whose holder may have died, or undefined: it is free then. Of a dead holder it is what was
 * started under the lock and runs still (as with `flock`): it carries the lock's proof in its environment.
 */
export function keeperOf(holder: LockHolder, proof: string | undefined): LockHolder | undefined {
  if (!isGone(holder)) return holder
  const [heir] = proof === undefined ? [] : withVariable(proof)
  return heir === undefined ? undefined : { ...holder, heir }
}

/**
 * Whether a record's process is dead. One that can be seen from here has to have the record open, else somebody else
 * has written it: a lock is not held by a file, but by a process.
 */
function isGone(holder: LockHolder): boolean {
  if (isDead(holder, { lastMs: holder.signMs, leaseMs: LEASE_MS })) return true
  return isSeenFromHere(holder) && hasOpen(holder.pid, holder.record) === false
}

/** Empties the lock of this record and of no other: no name is used twice, so doing it twice, or late, frees nobody else. */
export function free(target: string, record: string): void {
  unlessQuicker(() => fs.unlinkSync(path.join(target, record)))
  unlessQuicker(() => fs.rmdirSync(target))
}

/** Removes what processes that died had prepared for this lock. */
export function sweep(target: string): void {
  const beginning = `${path.basename(target)}.`
  for (const entry of fs.readdirSync(path.dirname(target))) {
    // Other locks may have names that begin like this one's.
    if (!entry.startsWith(beginning) || !RECORD.test(entry.slice(beginning.length))) continue
    const prepared = path.join(path.dirname(target), entry)
    for (const name of namesIn(prepared)) {
      const holder = readRecord(prepared, name)
      if (holder && isGone(holder)) free(prepared, name)
    }
  }
}

function namesIn(folder: string): string[] {
  try {
    return fs.readdirSync(folder)
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return []
    throw error
  }
}

/** Somebody else may have done the same, or have taken the lock: both are as good. */
function unlessQuicker(act: () => void, ...more: string[]): void {
  try {
    act()
  } catch (error) {
    if (!isErrno(error, 'ENOENT', 'ENOTEMPTY', 'EEXIST', 'ENOTDIR', ...more)) throw error
  }
}
