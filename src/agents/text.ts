// Reads an agent that only prints text: its final message is all of standard output.

import { activity } from './activity.js'
import type { OutputReader } from './contract.js'
import { classify } from './failure.js'
import { keepTail } from './tail.js'

/**
 * @param tellsFailures whether what it prints on a failure are a service's words, to be told apart; a program of the
 * person's own may print anything.
 */
export function textReader(tellsFailures: boolean): OutputReader {
  const tail = keepTail()
  return {
    finished: false,
    read(text) {
      tail.add(text)
      return activity(lastLine(text))
    },
    end({ status, signal, stderr }) {
      const text = tail.text()
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

/** The last line of a piece that has something in it, or what there is of it. */
function lastLine(text: string): string {
  const end = text.slice(-4096).trimEnd()
  return end.slice(end.lastIndexOf('\n') + 1)
}

/** How a process ended, in words. */
export function ended(status: number | null, signal: string | null): string {
  return status === null ? `ended by ${signal ?? 'a signal'}` : `ended with status ${status}`
}
