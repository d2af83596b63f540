// Follows a file that grows: gives what was added since it was last asked.

import { closeSync, fstatSync, readSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { openForReading } from '../files/own.js'
import type { OompaEvent } from './contract.js'
import { logFile, parseEvent } from './log.js'
import { type Run, readRun } from './runs.js'

/** Most that one call gives, so that a file of many megabytes is not held in memory. */
const MOST_BYTES = 1 << 20

export interface Tail {
  /** What was added, at most a megabyte; empty if nothing was, or if there is no file yet. */
  read(): Buffer
  close(): void
}

/** A tail of `file` from byte `from` on. A file that has become shorter is read from its beginning. */
export function openTail(file: string, from = 0): Tail {
  let descriptor: number | undefined
  let position = from
  return {
    read() {
      descriptor ??= openForReading(file)
      if (descriptor === undefined) return Buffer.alloc(0)
      const { size } = fstatSync(descriptor)
      if (size < position) position = 0
      const buffer = Buffer.alloc(Math.min(MOST_BYTES, size - position))
      const length = readSync(descriptor, buffer, 0, buffer.length, position)
      position += length
      return buffer.subarray(0, length)
    },
    close() {
      if (descriptor !== undefined) closeSync(descriptor)
      descriptor = undefined
    },
  }
}

/** A line longer than this is given in parts: a file without line ends must not be held in memory. */
const LONGEST_LINE = 8 << 20

/** Whole lines out of pieces of bytes; what is after the last line end waits for the rest of it. */
export function lineSplitter(longest = LONGEST_LINE): { take(bytes: Buffer): string[]; rest(): string } {
  let waiting: Buffer[] = []
  let length = 0
  const rest = (): string => {
    const text = Buffer.concat(waiting).toString('utf8')
    waiting = []
    length = 0
    return text
  }
  return {
    take(bytes) {
      const end = bytes.lastIndexOf(10)
      const lines: string[] = []
      if (end >= 0) {
        waiting.push(bytes.subarray(0, end))
        lines.push(...rest().split('\n'))
      }
      const left = bytes.subarray(end + 1)
      if (left.length > 0) {
        // A copy: the piece that it is a part of need not be kept for it.
        waiting.push(Buffer.from(left))
        length += left.length
      }
      if (length > longest) lines.push(rest())
      return lines
    },
    rest,
  }
}

// Follows a swarm's log from another process, until the swarm has ended.

/** A look costs one `fstat`; nobody sees a shorter delay. Watching would save nothing: the log changes all the time. */
const POLL_MS = 200
/** Whether the process lives is asked more rarely. */
const ALIVE_MS = 1000

/**
 * Calls `onEvent` for each event from byte `from` of the log on, until the swarm is no longer running.
 * @returns how the swarm ended.
 */
export async function followLog(
  root: string,
  run: Run,
  onEvent: (event: OompaEvent) => void,
  options: { from?: number; signal?: AbortSignal } = {},
): Promise<Run> {
  const tail = openTail(logFile(root, run.swarm), options.from ?? 0)
  const splitter = lineSplitter()
  const readAll = () => {
    for (let bytes = tail.read(); bytes.length > 0; bytes = tail.read()) {
      for (const line of splitter.take(bytes)) {
        const event = parseEvent(line)
        if (event) onEvent(event)
      }
    }
  }
  let now: Run = run
  let asked = 0
  try {
    for (;;) {
      // Asked before reading: what was written before the end is then never missed.
      if (Date.now() - asked >= ALIVE_MS) {
        now = readRun(root, run.swarm) ?? { ...run, state: 'crashed' }
        asked = Date.now()
      }
      readAll()
      if (now.state !== 'running' || options.signal?.aborted) return now
      await sleep(POLL_MS)
    }
  } finally {
    tail.close()
  }
}
