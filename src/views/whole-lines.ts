// Whole lines out of the pieces in which agents' output comes, one buffer for each worker.

import { escapeLines, escapeText } from './escape.js'

/** A line longer than this is printed in parts, so that output without line ends is not kept in memory. */
const LONGEST = 8192

export interface OutputLines {
  take(worker: string, text: string): void
  /** Gives what is left without a line end, of one worker or of all. */
  flush(worker?: string): void
}

/** Calls `onLine` with each whole, escaped line. */
export function outputLines(onLine: (worker: string, line: string) => void): OutputLines {
  const rest = new Map<string, string>()
  return {
    take(worker, text) {
      const all = (rest.get(worker) ?? '') + text
      const end = all.lastIndexOf('\n')
      if (end >= 0) for (const line of escapeLines(all.slice(0, end))) onLine(worker, line)
      let left = all.slice(end + 1)
      while (left.length > LONGEST) {
        onLine(worker, escapeText(left.slice(0, LONGEST)))
        left = left.slice(LONGEST)
      }
      rest.set(worker, left)
    },
    flush(worker) {
      for (const name of worker === undefined ? [...rest.keys()] : [worker]) {
        const left = rest.get(name)
        rest.delete(name)
        if (left) onLine(name, escapeText(left))
      }
    },
  }
}
