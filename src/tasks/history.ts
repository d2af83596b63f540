// The history of tasks, `.oompa/tasks.jsonl`: appended to, never changed. `oompa tasks audit` prints it.

import { lstatSync } from 'node:fs'
import path from 'node:path'
import { isErrno } from '../errors.js'
import { appendOwn, clearPlace, readOwn } from '../files/own.js'
import { stateFolder } from '../files/paths.js'
import type { ClaimRecord, NewTask, Records } from './contract.js'
import { makeStateFolder } from './records.js'

export interface HistoryEntry {
  /** ISO 8601. */
  readonly at: string
  /** `finished`: its holder says that it is done, and what lands completes it. */
  readonly type: 'added' | 'claimed' | 'finished' | 'completed' | 'released' | 'taken' | 'reopened'
  readonly task: string
  readonly by?: string
  readonly swarm?: string
  readonly reason?: string
  /** An agent asked for it by a file in its worktree. */
  readonly asked?: boolean
  /** The commit that landed it: a squash cannot write its own into the file. */
  readonly commit?: string
}

function historyFile(root: string): string {
  return path.join(stateFolder(root), 'tasks.jsonl')
}

/** What a full disk did not take, by root: this process has done it all the same. */
const unwritten = new Map<string, HistoryEntry[]>()

/** Appends one line. A full disk must not undo what has happened already. */
export function record(root: string, said: Omit<HistoryEntry, 'at'>): void {
  const entry: HistoryEntry = { at: new Date().toISOString(), ...said }
  const line = `${JSON.stringify(entry)}\n`
  makeStateFolder(root, stateFolder(root))
  try {
    clearPlace(historyFile(root))
    appendOwn(root, historyFile(root), line)
  } catch (error) {
    if (!isErrno(error, 'ENOSPC', 'EDQUOT', 'EIO')) throw error
    unwritten.set(root, [...(unwritten.get(root) ?? []), entry])
  }
}

/** Ids of tasks that a swarm's agents added: they travel with the work, though no commit had them before. */
export function addedBySwarms(root: string): ReadonlySet<string> {
  return new Set(readHistory(root).flatMap((entry) => (entry.type === 'added' && isOfSwarm(entry) ? [entry.task] : [])))
}

/** Whether a swarm did it, and not a person from a shell. */
export function isOfSwarm(entry: HistoryEntry | undefined): boolean {
  return entry !== undefined && (entry.swarm !== undefined || entry.asked === true)
}

/** Who adds a task: who asked for it, else as far as the environment says it. */
export function addedBy(asked: boolean, whom?: NewTask['by']): Pick<HistoryEntry, 'by' | 'swarm' | 'asked'> {
  const { OOMPA_WORKER, OOMPA_SWARM } = process.env
  const { worker: by, swarm } = whom ?? { worker: OOMPA_WORKER, swarm: OOMPA_SWARM }
  return { ...(by ? { by } : {}), ...(swarm ? { swarm } : {}), ...(asked ? { asked } : {}) }
}

/** How long the history is now, bytes: what comes later is read from there on. */
export function historySize(root: string): number {
  return lstatSync(historyFile(root), { throwIfNoEntry: false })?.size ?? 0
}

/**
 * Every entry, oldest first; a line cut by a crash is passed over.
 * @param from bytes at the beginning that are left out
 */
export function readHistory(root: string, from = 0): HistoryEntry[] {
  const found = readOwn(historyFile(root), Number.POSITIVE_INFINITY)
  const bytes = found && 'bytes' in found ? found.bytes.subarray(from) : Buffer.alloc(0)
  const written = bytes
    .toString('utf8')
    .split('\n')
    .flatMap((line) => parseEntry(line) ?? [])
  return [...written, ...(unwritten.get(root) ?? [])]
}

function parseEntry(line: string): HistoryEntry | undefined {
  try {
    return line.startsWith('{') ? (JSON.parse(line) as HistoryEntry) : undefined
  } catch {
    return undefined
  }
}

// Whether a claim still stands whose record is missing. `rm -rf .oompa/claims` and `git clean -fdx` take the records of a
// swarm that is at work: what a process claimed itself is its own all the same, and its record is written again.

/**
 * The record of who holds what `key` names. A record that is missing is written again if this process has written it for
 * this fence, and nobody has ended the claim since: whoever ends one says so in the history.
 */
export function standing(root: string, records: Records, key: string, fence: string): ClaimRecord | undefined {
  const record = records.read(key)
  if (record) return record
  const own = records.own(key)
  if (own?.fence !== fence || hasEnded(root, own)) return undefined
  records.restore(key, own)
  return records.read(key)
}

const ENDS = new Set(['released', 'taken', 'completed', 'reopened'])

function hasEnded(root: string, { id, since }: ClaimRecord): boolean {
  return readHistory(root).some((entry) => entry.task === id && ENDS.has(entry.type) && entry.at >= since)
}
