// What agents printed, by range of bytes: a log may have many megabytes, and nobody reads them at once.

import { closeSync, fstatSync, readSync } from 'node:fs'
import path from 'node:path'
import { entriesOf, openForReading } from '../files/own.js'
import { outputFile, runFolder } from '../files/paths.js'
import { readable } from '../views/readable.js'

export interface LogFile {
  readonly worker: string
  readonly iteration: number
}

/** Most of one answer. */
const MOST_BYTES = 1 << 20

/** The logs of a swarm, in the order of workers and iterations. */
export function logsOf(root: string, swarm: string): LogFile[] {
  return entriesOf(root, runFolder(root, swarm))
    .flatMap((entry) => {
      const [, worker, iteration] = /^([A-Za-z0-9_-]{1,64})-(\d{1,9})\.log$/.exec(entry.name) ?? []
      return worker && entry.isFile() ? { worker, iteration: Number(iteration) } : []
    })
    .sort((a, b) => a.worker.localeCompare(b.worker, 'en', { numeric: true }) || a.iteration - b.iteration)
}

export interface Part {
  readonly bytes: Buffer
  readonly from: number
  readonly size: number
}

/**
 * Bytes of a log from `from` on, before `to`; a negative `from` counts from the end.
 * @returns undefined if there is no such log
 */
export function logPart(
  root: string,
  swarm: string,
  log: LogFile,
  from: number,
  to = Number.MAX_SAFE_INTEGER,
): Part | undefined {
  if (!/^[A-Za-z0-9_-]{1,64}$/.test(log.worker) || !Number.isSafeInteger(log.iteration)) return undefined
  const file = openForReading(path.normalize(outputFile(root, swarm, log.worker, log.iteration)))
  if (file === undefined) return undefined
  try {
    const { size } = fstatSync(file)
    const start = from < 0 ? Math.max(0, size + from) : Math.min(from, size)
    const length = Math.max(0, Math.min(to, size, start + MOST_BYTES) - start)
    const buffer = Buffer.alloc(length)
    return { bytes: buffer.subarray(0, readSync(file, buffer, 0, length, start)), from: start, size }
  } finally {
    closeSync(file)
  }
}

export interface Lines {
  readonly lines: readonly string[]
  /** Where to go on. */
  readonly next: number
  readonly size: number
}

/** Whole lines of a log from `from` on (negative: counted from the end), as a person reads them. */
export function logLines(root: string, swarm: string, log: LogFile, from: number): Lines | undefined {
  // One byte more: it says whether a line begins at `from`; if not, what is there is the piece of one.
  const part = logPart(root, swarm, log, from > 0 ? from - 1 : from)
  if (!part) return undefined
  const { bytes, size } = part
  const begin = part.from === 0 && from <= 0 ? 0 : bytes.indexOf(10) + 1
  let end = bytes.lastIndexOf(10) + 1
  // A line that is longer than a whole part is given in pieces.
  if (end <= begin && bytes.length === MOST_BYTES) end = bytes.length
  if (end <= begin) return { lines: [], next: Math.max(from, part.from + begin), size }
  const reader = readable()
  const text = bytes.toString('utf8', begin, end).replace(/\r?\n$/, '')
  const lines = [...text.split(/\r?\n/).flatMap((line) => reader.take(line)), ...reader.flush()]
  return { lines, next: part.from + end, size }
}

/** The range that a header asks for; undefined if it asks for none, or for several. */
export function rangeOf(header: string | undefined): { from: number; to?: number } | undefined {
  const [, first = '', last = ''] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header ?? '') ?? []
  if (first === '') return last === '' ? undefined : { from: -Number(last) }
  return { from: Number(first), ...(last === '' ? {} : { to: Number(last) + 1 }) }
}
