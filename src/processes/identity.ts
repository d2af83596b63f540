// Which process is meant: a pid alone may have been given to somebody else, a pid with its start time may not.

import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { closeSync, openSync, readFileSync, readlinkSync, readSync } from 'node:fs'
import { hostname } from 'node:os'

/** A process, so that it can be told from a later one with the same pid. */
export interface ProcessIdentity {
  readonly pid: number
  /** As `processStart` gives it. */
  readonly start: string
}

/** One line of the process table. */
export interface ProcessFacts extends ProcessIdentity {
  readonly parent: number
  readonly group: number
  /** 0 where the system does not say (macOS). */
  readonly session: number
  /** Start time as a number that grows: clock ticks since boot, or seconds. Only for comparing. */
  readonly started: number
  /** CPU time in ms of it and of those children that it has seen end; undefined where the system does not say. */
  readonly cpuMs?: number
}

const linux = process.platform === 'linux'
const buffer = Buffer.alloc(4096)
let space: string | undefined

/** The pid namespace that a system starts with (`PROC_PID_INIT_INO` of the kernel). */
const FIRST_NAMESPACE = 'pid:[4026531836]'

/**
 * Where the pids that we see mean something: 8 hex digits that stand for one boot of one kernel and, in a container, for
 * its pid namespace. The host's name says neither: a restarted container has another, and two machines may share one.
 */
export function processSpace(): string {
  space ??= linux ? linuxSpace() : word(bootSession() || hostname())
  return space
}

function linuxSpace(): string {
  const boot = readOr(() => readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim())
  const namespace = readOr(() => readlinkSync('/proc/self/ns/pid'))
  return boot ? spaceOf(boot, namespace) : word(hostname())
}

/** The word for a boot and a pid namespace of Linux. Pure. */
export function spaceOf(boot: string, namespace: string): string {
  return !namespace || namespace === FIRST_NAMESPACE ? boot.slice(0, 8) : word(`${boot} ${namespace}`)
}

/** macOS has an id for each boot, too. */
function bootSession(): string {
  const { stdout } = spawnSync('sysctl', ['-n', 'kern.bootsessionuuid'], { encoding: 'utf8', stdio: 'pipe' })
  return stdout?.trim() ?? ''
}

function word(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 8)
}

function readOr(read: () => string): string {
  try {
    return read()
  } catch {
    return ''
  }
}

/** The line of one process; undefined if it has ended (a zombie has). */
function linuxFacts(pid: number): ProcessFacts | undefined {
  let file: number
  try {
    file = openSync(`/proc/${pid}/stat`, 'r')
  } catch {
    return undefined
  }
  let length = 0
  try {
    length = readSync(file, buffer, 0, buffer.length, 0)
  } catch {
    // It ended between opening and reading.
  } finally {
    closeSync(file)
  }
  const text = buffer.toString('latin1', 0, length)
  // The name stands in parentheses and may itself hold spaces and parentheses.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  if (fields.length < 20 || fields[0] === 'Z' || fields[0] === 'X') return undefined
  return {
    pid,
    parent: Number(fields[1]),
    group: Number(fields[2]),
    session: Number(fields[3]),
    started: Number(fields[19]),
    start: `${processSpace()}.${fields[19]}`,
    // In ticks of 10 ms on every Linux that Node runs on.
    cpuMs: 10 * (Number(fields[11]) + Number(fields[12]) + Number(fields[13]) + Number(fields[14])),
  }
}

/** What `ps` prints, for systems without /proc. */
function psFacts(selection: readonly string[]): ProcessFacts[] {
  const { stdout } = spawnSync('ps', [...selection, '-o', 'pid=,ppid=,pgid=,stat=,lstart='], {
    encoding: 'utf8',
    env: { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' },
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  return parsePs(stdout ?? '').map((facts) => ({ ...facts, start: `${processSpace()}.${facts.start}` }))
}

/** Reads `pid ppid pgid stat lstart` lines; zombies are left out. */
export function parsePs(text: string): ProcessFacts[] {
  return text.split('\n').flatMap((line) => {
    const match = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\S+)\s+(.+?)\s*$/.exec(line)
    if (!match || match[4]!.startsWith('Z')) return []
    const start = match[5]!.replace(/\s+/g, '_')
    return {
      pid: Number(match[1]),
      parent: Number(match[2]),
      group: Number(match[3]),
      session: 0,
      started: Date.parse(`${match[5]} UTC`) / 1000,
      start,
    }
  })
}

/** One line of the process table, or undefined if there is no such process any more. */
export function processFacts(pid: number): ProcessFacts | undefined {
  if (!Number.isInteger(pid) || pid <= 0) return undefined
  return linux ? linuxFacts(pid) : psFacts(['-p', String(pid)])[0]
}

/** All lines of the process table for which the system lets us look. `pids` is a listing of /proc. */
export function factsOf(pids: readonly number[]): ProcessFacts[] {
  return linux ? pids.flatMap((pid) => linuxFacts(pid) ?? []) : psFacts(['-A'])
}

/** A word that says when a process started, and in which space (`processSpace`); undefined if none has this pid. */
export function processStart(pid: number): string | undefined {
  return processFacts(pid)?.start
}

/** Whether that very process is still there: the pid lives, and it started when we say it did. */
export function isAlive(pid: number, start: string): boolean {
  return processStart(pid) === start
}
