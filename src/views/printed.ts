// The end of what a worker's agents printed, for a look at it in the live view.

import { statSync } from 'node:fs'
import { lineSplitter, openTail } from '../events/tail.js'
import { escapeText } from './escape.js'
import { readable } from './readable.js'

/** Enough for a screen, and read in no time. */
const LAST_BYTES = 128 * 1024
/** More lines than any screen has. */
const MOST_LINES = 400
/** A line of megabytes is cut before it is looked at. */
const LONGEST = 2000

/** The last lines of an agent's output, as `oompa logs` prints them; none if there is no such file. */
export function lastPrinted(file: string): string[] {
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0
  const from = Math.max(0, size - LAST_BYTES)
  const tail = openTail(file, from)
  try {
    const splitter = lineSplitter()
    const lines = splitter.take(tail.read())
    const rest = splitter.rest()
    if (rest) lines.push(rest)
    const reader = readable()
    // The first line is the end of one that we have not read.
    const read = lines.slice(from > 0 ? 1 : 0).flatMap((line) => reader.take(line.replace(/\r$/, '')))
    return [...read, ...reader.flush()].slice(-MOST_LINES).map((line) => escapeText(line.slice(0, LONGEST)))
  } finally {
    tail.close()
  }
}
