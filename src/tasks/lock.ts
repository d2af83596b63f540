// A lock among processes for stores that are one file: held for a few milliseconds, free at once when its holder dies.
// Its own and not proper-lockfile's, whose stale takeover can have two winners: here a lock is the file with the highest
// number in a folder, numbers only grow, and the next number can be made only once.

import { linkSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { isErrno, OompaError } from '../errors.js'
import { isAlive } from '../processes/identity.js'
import { makeStateFolder, thisProcess } from './records.js'

/** How long we wait for a lock that is held for milliseconds before we say that something is wrong. */
const PATIENCE_MS = 30_000

/** A holder on another host, whose process we cannot see, is given this long. */
const FOREIGN_MS = 60_000

/** Runs `work` while nobody else does; `folder` is the lock's own, below `root`'s `.oompa/`. */
export async function withLock<T>(root: string, folder: string, work: () => T | Promise<T>): Promise<T> {
  const number = await acquire(root, folder)
  try {
    return await work()
  } finally {
    free(folder, number)
  }
}

async function acquire(root: string, folder: string): Promise<number> {
  makeStateFolder(root, folder)
  const until = Date.now() + PATIENCE_MS
  for (;;) {
    const number = tryAcquire(folder)
    if (number !== undefined) return number
    if (Date.now() > until) {
      throw new OompaError({
        code: 'locked',
        message: `Cannot change the tasks: ${folder} has been locked for ${PATIENCE_MS / 1000} seconds.`,
        mend: `Look at the process that ${path.join(folder, lockName(highest(folder)))} names.`,
      })
    }
    await new Promise((resolve) => setTimeout(resolve, 2 + Math.random() * 8))
  }
}

/** The number of the lock that we hold now, or undefined. */
function tryAcquire(folder: string): number | undefined {
  const top = highest(folder)
  if (top > 0 && isHeld(path.join(folder, lockName(top)))) return undefined
  const number = top + 1
  const draft = writeDraft(folder, JSON.stringify(thisProcess()))
  try {
    linkSync(draft, path.join(folder, lockName(number)))
  } catch (error) {
    if (isErrno(error, 'EEXIST')) return undefined
    throw error
  } finally {
    rmSync(draft, { force: true })
  }
  // Who was slow may have made a number that was used and cleared away already. The highest is never cleared away.
  if (highest(folder) > number || highest(folder) > number) {
    rmSync(path.join(folder, lockName(number)), { force: true })
    return undefined
  }
  for (const lower of numbers(folder)) if (lower < number) rmSync(path.join(folder, lockName(lower)), { force: true })
  return number
}

function isHeld(file: string): boolean {
  try {
    const text = readFileSync(file, 'utf8')
    if (text === 'free') return false
    const { pid, start, host } = JSON.parse(text)
    if (host === thisProcess().host) return isAlive(Number(pid), String(start))
    return Date.now() - statSync(file).mtimeMs < FOREIGN_MS
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return true // a higher one has taken its place: look again
    if (error instanceof SyntaxError) return false
    throw error
  }
}

function free(folder: string, number: number): void {
  renameSync(writeDraft(folder, 'free'), path.join(folder, lockName(number)))
}

let drafts = 0

function writeDraft(folder: string, text: string): string {
  const draft = path.join(folder, `.${process.pid}-${drafts++}`)
  writeFileSync(draft, text)
  return draft
}

function lockName(number: number): string {
  return `${number}.lock`
}

function numbers(folder: string): number[] {
  return readdirSync(folder).flatMap((name) => (/^\d+\.lock$/.test(name) ? Number.parseInt(name, 10) : []))
}

function highest(folder: string): number {
  return Math.max(0, ...numbers(folder))
}
