// Follows a file that grows: gives what was added since it was last asked.

import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { isErrno } from '../errors.js'

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
      descriptor ??= openIfThere(file)
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
  let rest: Buffer = Buffer.alloc(0)
  return {
    take(bytes) {
      const all = rest.length ? Buffer.concat([rest, bytes]) : bytes
      const end = all.lastIndexOf(10)
      rest = Buffer.from(all.subarray(end + 1))
      return end < 0 ? [] : all.toString('utf8', 0, end).split('\n')
    },
    rest() {
      const text = rest.toString('utf8')
      rest = Buffer.alloc(0)
      return text
    },
  }
}

function openIfThere(file: string): number | undefined {
  try {
    return openSync(file, 'r')
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return undefined
    throw error
  }
}
