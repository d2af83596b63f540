// The record of who holds a lock: one file in the lock's folder, under a name that is never used twice.

import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync, rmdirSync, rmSync, unlinkSync } from 'node:fs'
import path from 'node:path'
import { isErrno } from '../errors.js'
import { isAlive, thisProcess } from '../processes/identity.js'

/** Who holds a lock. */
export interface LockHolder {
  readonly pid: number
  /** As `processStart` gives it. */
  readonly start: string
  readonly host: string
  /** What it was started as, for people. */
  readonly command: string
}

/** Ourselves, as a record says it. */
export const me = { ...thisProcess(), command: process.argv.slice(1).join(' ').slice(0, 200) }

/** Who holds the lock now, if anybody does. */
export function whoHolds(target: string): (LockHolder & { record: string }) | undefined {
  try {
    const [record] = readdirSync(target)
    const holder = record === undefined ? undefined : readHolder(target, record)
    return holder && record !== undefined ? { ...holder, record } : undefined
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined
    throw error
  }
}

export function readHolder(target: string, record: string): LockHolder | undefined {
  try {
    return JSON.parse(readFileSync(path.join(target, record), 'utf8')) as LockHolder
  } catch (error) {
    if (isErrno(error, 'ENOENT') || error instanceof SyntaxError) return undefined
    throw error
  }
}

/** Whether a process lives can only be told on its own machine; a holder on another one is taken to live. */
export function isDead(holder: LockHolder): boolean {
  return holder.host === me.host && !isAlive(holder.pid, holder.start)
}

/** Empties the lock of this record and of no other. */
export function free(target: string, record: string): void {
  try {
    unlinkSync(path.join(target, record))
    rmdirSync(target)
  } catch (error) {
    // Freed by somebody else, or taken again already: both are as good.
    if (!isErrno(error, 'ENOENT', 'ENOTEMPTY', 'EEXIST')) throw error
  }
}

/** A name for a record, which is never used twice. */
export function recordName(): string {
  return `${me.pid}-${me.processStart}-${randomBytes(4).toString('hex')}`
}

const RECORD = /^\d+-.+-[0-9a-f]{8}$/

/** Removes what processes that died while they waited have prepared. */
export function sweep(target: string): void {
  const folder = path.dirname(target)
  for (const entry of readdirSync(folder)) {
    const name = path.basename(target)
    // Other locks may have names that begin like this one's.
    if (!entry.startsWith(`${name}.`) || !RECORD.test(entry.slice(name.length + 1))) continue
    const holder = whoHolds(path.join(folder, entry))
    if (holder && isDead(holder)) rmSync(path.join(folder, entry), { recursive: true, force: true })
  }
}
