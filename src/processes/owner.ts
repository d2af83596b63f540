// Who a lock, a claim, a swarm or a half-made thing belongs to, and whether that process still lives: one record and one
// rule, for everything that we write down for others to find. The rule, and why: docs/decisions/0019-who-lives.md.

import { hostname, uptime } from 'node:os'
import { isAlive, processSpace, processStart } from './identity.js'

/** A process, as it stands in what it owns. */
export interface Owner {
  readonly pid: number
  /** As `processStart` gives it: the space in which the pid means something, a dot, and when the process started. */
  readonly start: string
  /** For people, and to know a machine that was started again. */
  readonly host: string
}

/** The last sign of life of an owner whose process cannot be seen from here, and how long one is good for. */
export interface Sign {
  /** Milliseconds since 1970: the time of a file that the owner touches while it lives. */
  readonly lastMs: number
  readonly leaseMs: number
}

/** What a machine says of itself and of its processes. */
export interface Machine {
  readonly host: string
  /** As `processSpace` gives it. */
  readonly space: string
  /** When its system was started, milliseconds since 1970. */
  bootedMs(): number
  isAlive(pid: number, start: string): boolean
  now(): number
}

/** This machine, now. */
export const thisMachine: Machine = {
  // A name that may stand in a path, a ref and a database.
  host:
    (process.env.OOMPA_HOST || hostname())
      .replace(/[^A-Za-z0-9_-]+/g, '-')
      .replace(/^-+/, '')
      .slice(0, 63) || 'machine',
  space: processSpace(),
  bootedMs: () => Date.now() - uptime() * 1000,
  isAlive,
  now: Date.now,
}

let ourselves: Owner | undefined

/** This process. */
export function thisOwner(): Owner {
  ourselves ??= ownerOf(process.pid)
  return ourselves
}

/** Another process of this machine. One that has ended already gets a start that no process has. */
export function ownerOf(pid: number): Owner {
  return { pid, start: processStart(pid) ?? `${thisMachine.space}.gone`, host: thisMachine.host }
}

/** Reads an owner from a record, whatever else stands in it; earlier versions called its start `processStart`. */
export function parseOwner(value: unknown): Owner | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { pid, start, processStart: earlier, host } = value as Record<string, unknown>
  const began = start ?? earlier
  if (typeof pid !== 'number' || !Number.isInteger(pid) || typeof began !== 'string') return undefined
  return { pid, start: began, host: typeof host === 'string' ? host : '' }
}

/** This process as it stands in the name of a file: its pid and its start, which hold no dash. */
export function ownerName(): string {
  const { pid, start } = thisOwner()
  return `${pid}-${start.replaceAll('-', '_')}`
}

/** The owner in a name; one of an earlier version may have no start, and goes by its pid alone. */
export function ownerInName(pid: string, start: string | undefined): Owner {
  return start === undefined ? ownerOf(Number(pid)) : { pid: Number(pid), start, host: '' }
}

/**
 * Whether the owner's process can be seen from here: whatever the host is called now, the pid counts in the same boot of
 * the same kernel, and in the same container. A start without a space is of an earlier version, which went by the host.
 */
export function isSeenFromHere(
  { start, host }: Owner,
  machine: Pick<Machine, 'host' | 'space'> = thisMachine,
): boolean {
  const dot = start.indexOf('.')
  return dot < 0 ? host === machine.host : start.slice(0, dot) === machine.space
}

/**
 * Whether an owner is dead. A process that can be seen from here is asked for. Any other is on another machine, in
 * another container, or of before a restart: it lives by its sign of life, and one that was given before this machine
 * started was given by one that has ended.
 */
export function isDead(owner: Owner, sign: Sign, machine: Machine = thisMachine): boolean {
  if (isSeenFromHere(owner, machine)) return !machine.isAlive(owner.pid, owner.start)
  if (owner.host === machine.host && sign.lastMs < machine.bootedMs()) return true
  return isSilent(sign, machine)
}

/** Whether a sign of life is too old. One from the future is of a clock that was wrong, and is good for no longer. */
export function isSilent(sign: Sign, machine: Pick<Machine, 'now'> = thisMachine): boolean {
  return Math.abs(machine.now() - sign.lastMs) > sign.leaseMs
}
