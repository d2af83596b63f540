// Where the files of a task folder are, and the names that only one process may touch.

import { randomBytes } from 'node:crypto'
import path from 'node:path'
import { isDead, type Owner, thisOwner } from '../../processes/owner.js'
import { LEASE_MS } from '../records.js'

export type State = 'pending' | 'current' | 'complete'
export const STATES = ['pending', 'current', 'complete'] as const satisfies readonly State[]

export interface Folder {
  /** The main checkout, absolute. */
  readonly root: string
  /** The folder of the tasks, absolute. */
  readonly path: string
  /** Where the tasks stand below the root, with slashes, if `path` is a copy of that. */
  readonly copyOf?: string
}

export function place(folder: Folder, state: State, name = ''): string {
  return path.join(folder.path, state, name)
}

/** Names with room for what `inBetween` puts before them, below the 255 bytes that file systems allow. */
export const MAX_NAME = 190

/** Whether a file of this name is meant to be a task. Drafts and hidden files are nobody's business. */
export function isTaskName(name: string): boolean {
  return /\.(edn|json)$/.test(name) && !name.startsWith('.')
}

export function formatOf(name: string): 'edn' | 'json' {
  return name.endsWith('.edn') ? 'edn' : 'json'
}

export function newFence(): string {
  return randomBytes(8).toString('hex')
}

/**
 * What is being done to a file under an in-between name. If its process dies, `claiming` goes back to pending, `settling`
 * to current (or to pending, if nobody holds it any more), and a `draft` goes away.
 */
export type Doing = 'claiming' | 'settling' | 'draft'

/**
 * The name in `current/` under which a file belongs to this process alone, while it is on its way. It says whose it is,
 * so that everybody knows what to do with it when that process is gone.
 */
export function inBetween(doing: Doing, fence: string, name: string): string {
  const { pid, start, host } = thisOwner()
  return `.${doing}-${fence}-${pid}-${short(host)}-${start.replace(/[^A-Za-z0-9.:_]/g, '_')}~${name}`
}

export interface InBetween {
  readonly doing: Doing
  readonly fence: string
  readonly name: string
  readonly owner: Owner
}

export function parseInBetween(file: string): InBetween | undefined {
  const found = /^\.(claiming|settling|draft)-([0-9a-f]{16})-(\d+)-([0-9a-z]*)-([^~]*)~(.+)$/.exec(file)
  if (!found) return undefined
  const [, doing, fence, pid, host, start, name] = found
  if (!name || !isTaskName(name)) return undefined
  return {
    doing: doing === 'claiming' || doing === 'settling' ? doing : 'draft',
    fence: fence!,
    name,
    owner: { pid: Number(pid), start: start!, host: host === short(thisOwner().host) ? thisOwner().host : host! },
  }
}

/** Whether the process that made an in-between name can still finish what it began at `sinceMs`. */
export function isUnderWay({ owner }: InBetween, sinceMs: number): boolean {
  return !isDead(owner, { lastMs: sinceMs, leaseMs: LEASE_MS })
}

function short(host: string): string {
  return host
    .toLowerCase()
    .replace(/[^0-9a-z]/g, '')
    .slice(0, 12)
}
