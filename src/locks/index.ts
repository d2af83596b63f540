// One holder at a time, between all processes of this machine: for landings, for `git worktree add`, for lists and graphs,
// for `oompa lock`. The package proper-lockfile holds it, on a file system of ours that knows who lives (why:
// docs/decisions/0010-proper-lockfile.md). Here stand who waits, in which order and how long, and what runs under a lock.

import path from 'node:path'
import { isErrno, messageOf, OompaError, STATUS, usageError } from '../errors.js'
import { gitFolders, ourFolder } from '../git/folders.js'
import { isSeenFromHere } from '../processes/owner.js'
import { properLockfile, type Taking, taking } from './file-system.js'
import { BEAT_MS, LEASE_MS, type LockHolder, readRecord } from './record.js'

export type { LockHolder } from './record.js'

/** The proof that a lock is held, passed to whatever needs it. */
export interface HeldLock {
  readonly name: string
  /** For processes started under the lock: with it they take the same lock without waiting for us. */
  readonly env: Readonly<Record<string, string>>
}

export interface LockOptions {
  readonly signal?: AbortSignal
  /** Give up after so many milliseconds. */
  readonly timeoutMs?: number
  /** Called once, when somebody else turns out to hold it. */
  onWait?(holder: LockHolder | undefined): void
}

/** The lock under which branches land: the name that `oompa lock` takes where none is given. */
export const LANDING_LOCK = 'landing'

/** Only one `git worktree add` or `remove` at a time: it races with itself (10 at once: 23 of 200 fail). */
export const WORKTREE_LOCK = 'worktree'

/** Waits at most so long between two tries. */
const LONGEST_WAIT_MS = 50

/** How long somebody waits before it is said who holds the lock, and how it is freed. */
const LONG_WAIT_MS = 5000

/** Somebody of this process in line for a lock, and what ends its sleep. */
interface InLine {
  wake(): void
}

/** Who of this process waits for a lock or has it, by the lock's path, the first in front. */
const lines = new Map<string, InLine[]>()

let say = (text: string): void => console.error(`oompa: ${text}`)

/** Who is told, in this process, when a lock is waited for for some seconds, or is lost; standard error unless set. */
export function onLockWarning(listener: (text: string) => void): void {
  say = listener
}

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
  return withLockIn(path.join(ourFolder(gitFolders(root).common), 'locks'), name, work, options)
}

/** As `withLock`, for a lock that stands in another folder. */
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
  // Under a lock of the same name that is still held, siblings take turns on a lock within that lock. They carry the
  // same proof, all of them: there it says nothing of a dead holder.
  const outer = outerProof(folder, name, process.env[variable])
  const target = path.join(folder, outer === undefined ? name : `${outer}.within`)
  const proof = (record: string) => outer ?? `${name}@${record}`
  const taken = taking(target, (record) => (outer === undefined ? `${variable}=${proof(record)}` : undefined))
  return inLine(target, options, async (turn) => {
    const giveBack = await take(target, taken, turn, options)
    let result: T
    try {
      result = await work({ name, env: { [variable]: proof(taken.record) } })
    } catch (error) {
      // What the work says comes first; that the lock could not be given back is said, too.
      try {
        giveBack()
      } catch (second) {
        say(`The lock \`${name}\` could not be given back: ${messageOf(second)}`)
      }
      throw error
    }
    giveBack()
    return result
  })
}

/** The proof that we were started with, while its record is there: where its holder has died, it is we who keep it. */
function outerProof(folder: string, name: string, proof: string | undefined): string | undefined {
  const [lock, record] = proof?.split('@') ?? []
  if (lock !== name || !record || record.includes('/')) return undefined
  return readRecord(path.join(folder, name), record) && proof
}

interface Turn {
  /** First in, first out within this process: only the first competes with other processes. */
  isFirst(): boolean
  sleep(ms: number): Promise<void>
}

async function inLine<T>(target: string, { signal }: LockOptions, work: (turn: Turn) => Promise<T>): Promise<T> {
  const line = lines.get(target) ?? []
  const self: InLine = { wake() {} }
  const wake = () => self.wake()
  lines.set(target, line)
  line.push(self)
  signal?.addEventListener('abort', wake, { once: true })
  try {
    return await work({
      isFirst: () => line[0] === self,
      sleep: (ms) =>
        new Promise((resolve) => {
          const timer = setTimeout(resolve, ms)
          self.wake = () => {
            clearTimeout(timer)
            resolve()
          }
        }),
    })
  } finally {
    signal?.removeEventListener('abort', wake)
    line.splice(line.indexOf(self), 1)
    line[0]?.wake()
    if (line.length === 0) lines.delete(target)
  }
}

/** Waits until the lock is ours. @returns what gives it back */
async function take(target: string, taken: Taking, turn: Turn, options: LockOptions): Promise<() => void> {
  // Measured by the clock that only goes forward: the other may be set while we wait.
  const began = performance.now()
  let told = 0
  for (let pause = 1; ; pause = Math.min(pause * 1.5, LONGEST_WAIT_MS / 2)) {
    options.signal?.throwIfAborted()
    const giveBack = turn.isFirst() ? tryOnce(target, taken) : undefined
    if (giveBack) return giveBack
    const holder = taken.keeper()
    const waited = performance.now() - began
    if (holder && told === 0) {
      told = 1
      options.onWait?.(holder)
    }
    if (holder && told === 1 && waited >= LONG_WAIT_MS) {
      told = 2
      say(`Waiting for ${whose(target, holder)}\n  → ${howToFree(target, holder)}`)
    }
    const left = (options.timeoutMs ?? Number.POSITIVE_INFINITY) - waited
    if (left <= 0) throw timedOut(target, holder)
    await turn.sleep(Math.min(left, pause + Math.random() * pause))
  }
}

function tryOnce(target: string, taken: Taking): (() => void) | undefined {
  try {
    const release = properLockfile().lockSync(target, {
      lockfilePath: target,
      realpath: false,
      stale: LEASE_MS,
      update: BEAT_MS,
      fs: taken.fs,
      // Never an end of the process, which is what the package does unless told: landings are right without a lock.
      onCompromised() {
        taken.giveBack()
        say(`The lock \`${path.basename(target)}\` was removed while we held it: somebody else may hold it as well.`)
      },
    })
    return () => {
      try {
        release()
      } catch (error) {
        // One that was removed has been spoken of.
        if (!isErrno(error, 'ERELEASED')) throw error
      }
    }
  } catch (error) {
    if (isErrno(error, 'ELOCKED')) return undefined
    throw error
  }
}

/** Which lock it is, and who holds it, in words. */
function whose(target: string, { pid, host, command, heir }: LockHolder): string {
  const by = `process ${pid}${host ? ` on ${host}` : ''}${command ? ` (${command})` : ''}`
  const after = heir === undefined ? by : `process ${heir}, which was started by ${by}, which has ended`
  return `the lock \`${path.basename(target)}\`: it is held by ${after}.`
}

/** The command that frees it where the holder does not. */
function howToFree(target: string, holder: LockHolder): string {
  const pid = holder.heir ?? holder.pid
  if (isSeenFromHere(holder)) return `ps -p ${pid}, and if it hangs: kill ${pid}`
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
