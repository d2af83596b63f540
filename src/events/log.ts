// The event log: appended to by stages, read by views. It is the only record of what a swarm did.

import { closeSync, type Dirent, fstatSync, readSync, writeSync } from 'node:fs'
import path from 'node:path'
import { isErrno } from '../errors.js'
import { endsWhole, entriesOf, kindOfEntry, openOwn, textOf, wrongAt, wrongOnTheWay } from '../files/own.js'
import { runFolder, runsFolder } from '../files/paths.js'
import type { NewEvent, OompaEvent } from './contract.js'

export interface EventLog {
  /** Adds `at` and the swarm's id, appends one line, and calls the listeners. Never throws on a full disk. */
  emit(event: NewEvent): void
  listen(listener: (event: OompaEvent) => void): void
  close(): void
}

/** The log's path, `.oompa/runs/<swarm>/events.jsonl`. */
export function logFile(root: string, swarm: string): string {
  return path.join(runFolder(root, swarm), 'events.jsonl')
}

/** Opens (and makes) the log of a swarm for appending. */
export function openLog(root: string, swarm: string): EventLog {
  let file = openOwn(root, logFile(root, swarm))
  const listeners: ((event: OompaEvent) => void)[] = []
  let open = true
  // After a line that a crash or a full disk has cut, a line end comes first: else the next event would be lost with it.
  let whole = endsWhole(file)
  return {
    emit(event) {
      // `type` third in every line: `scan-log.ts` finds it there without parsing the line.
      const full: OompaEvent = { at: new Date().toISOString(), swarm, ...typeFirst(event) }
      try {
        // One write for one line: O_APPEND keeps lines of several processes apart.
        if (open) {
          file = whereItWas(file, root, swarm)
          const line = Buffer.from(`${whole ? '' : '\n'}${JSON.stringify(full)}\n`)
          whole = false
          whole = writeSync(file, line) === line.length
        }
      } catch (error) {
        // A full disk must not end the swarm: its views still hear of the event.
        if (!isErrno(error, 'ENOSPC', 'EDQUOT', 'EIO')) throw error
      }
      for (const listener of listeners) listener(full)
    },
    listen(listener) {
      listeners.push(listener)
    },
    close() {
      if (open) closeSync(file)
      open = false
    },
  }
}

/** A log that somebody has removed (`git clean -fdx`) is written again, from the file that we still have open. */
function whereItWas(file: number, root: string, swarm: string): number {
  const { nlink, size } = fstatSync(file)
  if (nlink > 0) return file
  try {
    const text = Buffer.alloc(size)
    readSync(file, text, 0, size, 0)
    const again = openOwn(root, logFile(root, swarm))
    writeSync(again, text)
    closeSync(file)
    return again
  } catch {
    // Something else stands there now: the views still hear of what happens.
    return file
  }
}

/** Every event of a swarm; a last line that was cut by a crash is passed over. */
export function readLog(root: string, swarm: string): OompaEvent[] {
  const text = textOf(logFile(root, swarm), Number.POSITIVE_INFINITY) ?? ''
  return text.split('\n').flatMap((line) => parseEvent(line) ?? [])
}

function typeFirst<E extends NewEvent>(event: E): E {
  return Object.assign({ type: event.type }, event)
}

/**
 * One line of a log, or undefined if it is not an event (cut by a crash, or not ours). The fields beside `at`, `type`
 * and `swarm` are those of the version that wrote it: a reader must not rely on them blindly.
 */
export function parseEvent(line: string): OompaEvent | undefined {
  if (!line.startsWith('{')) return undefined
  try {
    const value: unknown = JSON.parse(line)
    return isEvent(value) ? value : undefined
  } catch {
    return undefined
  }
}

function isEvent(value: unknown): value is OompaEvent {
  return (
    typeof value === 'object' &&
    value !== null &&
    'at' in value &&
    typeof value.at === 'string' &&
    'type' in value &&
    typeof value.type === 'string' &&
    'swarm' in value &&
    typeof value.swarm === 'string' &&
    // A worker's name and number become parts of paths and refs.
    isOr(value, 'worker', (worker) => typeof worker === 'string' && /^[A-Za-z0-9_-]{1,64}$/.test(worker)) &&
    isOr(value, 'iteration', (iteration) => Number.isSafeInteger(iteration)) &&
    isOr(value, 'task', (task) => typeof task === 'string') &&
    isOr(value, 'commit', (commit) => typeof commit === 'string')
  )
}

/** Whether a field of an event is not there, or right. */
function isOr(value: object, key: string, right: (field: unknown) => boolean): boolean {
  const field: unknown = Reflect.get(value, key)
  return field === undefined || field === null || right(field)
}

/** Ids of all swarms that have a folder. */
export function swarmIds(root: string): string[] {
  return runEntries(root).flatMap((entry) => (entry.isDirectory() ? entry.name : []))
}

/** What stands in the place of a swarm's folder or log and is none, one line each. */
export function strayRuns(root: string): string[] {
  const wrong = wrongOnTheWay(root, runsFolder(root))
  if (wrong) return [`${path.relative(root, wrong.path)} is not the folder that it has to be: ${wrong.wrong}.`]
  return runEntries(root).flatMap((entry) => {
    const name = `.oompa/runs/${entry.name}`
    if (!entry.isDirectory()) return `${name} is no swarm: ${kindOfEntry(entry)}.`
    const log = wrongAt(logFile(root, entry.name))
    return log === undefined ? [] : `${name}/events.jsonl is no log: ${log}.`
  })
}

function runEntries(root: string): Dirent[] {
  return entriesOf(root, runsFolder(root)).filter(({ name }) => /^[0-9a-f]{8}$/.test(name))
}
