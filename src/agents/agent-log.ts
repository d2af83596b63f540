// Writes down what an agent prints, and never more than was set: a file that becomes too long is put aside, and takes
// the place of what was put aside before, so that the end is always there.

import { closeSync, fstatSync, lstatSync, renameSync, writeSync } from 'node:fs'
import path from 'node:path'
import { openOwn } from '../files/own.js'
import { olderOutput } from '../files/paths.js'
import type { OutputSink } from '../processes/output.js'

/** What is kept of an iteration's output unless `logs.max_mb` says otherwise. */
const MOST_BYTES = 64_000_000

export interface AgentLog extends OutputSink {
  close(): void
}

export interface LogOptions {
  /** No link is followed below this folder; that of the file unless given. */
  readonly top?: string
  /** Of the file and of what was put aside, together. */
  readonly mostBytes?: number
}

/**
 * Opens a file to append to; its folder is made.
 * @throws system errors: without a place for its output an agent can still work
 */
export function openAgentLog(file: string, options: LogOptions = {}): AgentLog {
  const { top = path.dirname(file), mostBytes = MOST_BYTES } = options
  const open = () => openOwn(top, file)
  const half = Math.max(1, Math.floor(mostBytes / 2))
  let opened = open()
  let size = fstatSync(opened).size
  let own = 0
  const putAside = (): void => {
    // Reviewers write to the same file: it may be another's turn, and done already.
    if (isStill(file, opened)) renameSync(file, olderOutput(file))
    const fresh = open()
    closeSync(opened)
    opened = fresh
    size = fstatSync(opened).size
  }
  return {
    write(chunk) {
      // What others have written to it meanwhile counts, too.
      if (own > half / 8) {
        size = Math.max(size, fstatSync(opened).size)
        own = 0
      }
      if (size > 0 && size + chunk.length > half) {
        try {
          putAside()
        } catch {
          // A folder that can be written to no more: what can be written is, to the file that is open.
          size = Number.NEGATIVE_INFINITY
        }
      }
      own += chunk.length
      // At once: into the page cache that takes 10 µs for 20 kB; by the thread pool it was 100 and more, on a machine
      // whose cores agents keep busy.
      size += writeSync(opened, chunk)
    },
    close: () => closeSync(opened),
  }
}

function isStill(file: string, opened: number): boolean {
  return lstatSync(file, { throwIfNoEntry: false })?.ino === fstatSync(opened).ino
}
