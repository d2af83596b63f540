// Follows a file that grows: gives what was added since it was last asked.

import { closeSync, fstatSync, readSync } from 'node:fs'
import { openForReading } from '../files/own.js'

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

/** Whole lines out of pieces of bytes; what is after the last line end waits for the rest of it. */
export function lineSplitter(): { take(bytes: Buffer): string[]; rest(): string } {
  // Put together once for each line end: a line of any length in pieces of any size costs its length.
  let rest: Buffer[] = []
  return {
    take(bytes) {
      const end = bytes.lastIndexOf(10)
      if (end < 0) {
        rest.push(Buffer.from(bytes))
        return []
      }
      const lines = Buffer.concat([...rest, bytes.subarray(0, end)])
        .toString('utf8')
        .split('\n')
      rest = [Buffer.from(bytes.subarray(end + 1))]
      return lines
    },
    rest() {
      const text = Buffer.concat(rest).toString('utf8')
      rest = []
      return text
    },
  }
}
