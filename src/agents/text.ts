// Reads an agent that only prints text: its final message is all of standard output.

import { activity } from './activity.js'
import type { AgentFailure, OutputReader } from './contract.js'
import { classify, cliWords } from './failure.js'

/** An error that a CLI prints in place of an answer is a sentence or two; a longer text is the model's. */
const LONGEST_ERROR = 600

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
      if (tellsFailures) return { text, denials: [], failure: toldFailure(text, stderr, ended(status, signal)) }
      const reason = stderr.trim().split('\n').at(-1) ?? ''
      return {
        text,
        denials: [],
        failure: { kind: 'error', message: `${ended(status, signal)}${reason && `: ${reason}`}` },
      }
    },
  }
}

/** Where there is no structure, a failure's words stand where the answer would: those of the model are told apart. */
function toldFailure(text: string, stderr: string, how: string): AgentFailure {
  const answer = text.trim()
  const words = cliWords(stderr)
  if (answer === '') return classify(words || how)
  const said = answer.split('\n').at(-1) ?? ''
  if (answer.length > LONGEST_ERROR || isModels(answer))
    return { ...classify(words), message: `${how}: ${words || said}`.slice(0, 500) }
  return classify(`${answer}\n${words}`)
}

/** A sentence of somebody who tells of work; a CLI and a service speak of "you" and of themselves. */
function isModels(text: string): boolean {
  return /^\W*(?:I|I['’]\w+|We|We['’]\w+|Let|Let['’]s|Done|All|Added|Fixed|Implemented|Updated|Wrote|Created|Here|Now|This|Tests?|Everything|__DONE__|COMPLETE_AND_READY_FOR_MERGE|NEEDS_FOLLOWUP)\b/.test(
    text,
  )
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

// Keeps the end of a text that may have no end, without garbage: a hundred agents print at once.

/** The most that is kept of a final message: signals and verdicts stand at its end. */
const KEPT_BYTES = 256 * 1024

interface Tail {
  add(text: string): void
  text(): string
}

/** Strings of many pieces are copied and collected again and again (measured: 300 MB more for 100 × 10 MB); this is not. */
export function keepTail(bytes = KEPT_BYTES): Tail {
  let ring = Buffer.alloc(Math.min(bytes, 4096))
  let written = 0
  const put = (piece: Buffer): void => {
    // Only the last part of a piece that is longer than all can stay.
    const from = Math.max(0, piece.length - ring.length)
    const at = (written + from) % ring.length
    const fits = Math.min(piece.length - from, ring.length - at)
    piece.copy(ring, at, from, from + fits)
    piece.copy(ring, 0, from + fits)
    written += piece.length
  }
  return {
    add(text) {
      const piece = Buffer.from(text)
      if (written + piece.length > ring.length && ring.length < bytes) {
        const grown = Buffer.alloc(Math.min(bytes, Math.max(ring.length * 2, written + piece.length)))
        ring.copy(grown, 0, 0, written)
        ring = grown
      }
      put(piece)
    },
    text() {
      if (written <= ring.length) return ring.toString('utf8', 0, written)
      const at = written % ring.length
      const all = Buffer.concat([ring.subarray(at), ring.subarray(0, at)])
      // Begin with a whole character.
      let from = 0
      while (from < 4 && (all[from]! & 0xc0) === 0x80) from += 1
      return all.toString('utf8', from)
    },
  }
}
