// Reads an agent that only prints text: its final message is all of standard output.

import { activity, lastPart } from './activity.js'
import type { OutputReader } from './contract.js'
import { classify } from './failure.js'
import { lineSplitter } from './json.js'

/** How much text is gathered before its beginning is let go. */
const MANY_PIECES = 64

/**
 * @param tellsFailures whether what it prints on a failure are a service's words, to be told apart; a program of the
 * person's own may print anything.
 */
export function textReader(tellsFailures: boolean): OutputReader {
  let pieces: string[] = []
  let lines: string[] = []
  const splitter = lineSplitter((line) => lines.push(line))
  return {
    finished: false,
    read(text) {
      pieces.push(text)
      if (pieces.length >= MANY_PIECES) pieces = [lastPart(pieces.join(''))]
      splitter.add(text)
      const last = lines.findLast((line) => line.trim() !== '')
      lines = []
      return last === undefined ? [] : activity(last)
    },
    end({ status, signal, stderr }) {
      const text = lastPart(pieces.join(''))
      if (status === 0) return { text, denials: [] }
      const said = `${text.slice(-2000)}\n${stderr}`.trim()
      if (tellsFailures) return { text, denials: [], failure: classify(said || ended(status, signal)) }
      const reason = stderr.trim().split('\n').at(-1) ?? ''
      return {
        text,
        denials: [],
        failure: { kind: 'error', message: `${ended(status, signal)}${reason && `: ${reason}`}` },
      }
    },
  }
}

/** How a process ended, in words. */
export function ended(status: number | null, signal: string | null): string {
  return status === null ? `ended by ${signal ?? 'a signal'}` : `ended with status ${status}`
}
