// What all adapters of a JSON stream have in common: lines become objects, and an end is what the stream says.

import { activity } from './activity.js'
import type { AgentFailure, OutputReader, TurnResult } from './contract.js'
import { classify, cliWords } from './failure.js'
import { type JsonObject, lineSplitter, objectsIn } from './json-stream.js'
import { ended, textReader } from './text.js'

export interface Exit {
  readonly status: number | null
  readonly signal: string | null
  readonly stderr: string
}

/** What an adapter knows of its CLI's stream. */
export interface EventReader {
  /** Takes one object; gives short lines of what the agent is doing now. */
  take(event: JsonObject): readonly string[]
  /** An event that a line stands for without being parsed, since a tool's output is most of a stream. */
  shortcut?(line: string): JsonObject | undefined
  /** Whether the last event of the turn says that it is over. */
  readonly finished: boolean
  readonly used?: OutputReader['used']
  end(exit: Exit): TurnResult
}

/** Reads a stream of one JSON object a line. */
export function streamReader(events: EventReader): OutputReader {
  const plain = textReader(true)
  let json = false
  let doing: string[] = []
  const take = (event: JsonObject): void => {
    if (typeof event.type !== 'string') return
    json = true
    doing.push(...events.take(event))
  }
  const splitter = lineSplitter((line) => {
    const short = events.shortcut?.(line)
    if (short) return take(short)
    const found = objectsIn(line)
    for (const event of found) take(event)
    if (!json && found.length === 0) doing.push(...activity(line))
  })
  return {
    get finished() {
      return events.finished
    },
    get used() {
      return events.used
    },
    read(text) {
      doing = []
      if (!json) plain.read(text)
      splitter.add(text)
      return doing
    },
    end(exit) {
      splitter.end()
      if (json) return events.end(exit)
      const { text } = plain.end(exit)
      if (exit.status === 0 && isPlainAnswer(text)) return { text, denials: [] }
      return { ...events.end({ ...exit, stderr: `${exit.stderr}\n${text.slice(-2000)}` }), text }
    },
  }
}

/**
 * A program under a CLI's name (a wrapper, a script) may print plain text where JSON was asked for: then that is what
 * it says. An error's words are no answer, and nor is nothing at all: CLIs end with status 0 after both.
 */
function isPlainAnswer(text: string): boolean {
  return (
    text.trim() !== '' && !/^\s*(?:\W{0,8}\b)?(?:fatal|error|panic|uncaught|unhandled)\b/i.test(text.slice(0, 2000))
  )
}

export interface StreamEnd {
  /** Whether the stream has said that the turn is over, and nothing of the turn came after. */
  readonly complete: boolean
  /** What the stream would have said: for the message of one that did not. */
  readonly missing: string
  /** An error that the stream itself tells, classified. */
  readonly told?: AgentFailure
  /** Whether the model has said or done anything: from then on words on standard error may be a tool's. */
  readonly worked: boolean
}

/**
 * Why a turn was not done, or undefined. The stream decides: without its end event a run has failed, whatever its exit
 * status, and one that is complete is no limit and no login, whatever stands on standard error.
 */
export function failureOf({ complete, missing, told, worked }: StreamEnd, exit: Exit): AgentFailure | undefined {
  if (told) return told
  const { status, signal, stderr } = exit
  const words = cliWords(stderr)
  const how = ended(status, signal)
  if (complete) {
    if (status === 0) return undefined
    const last = words.split('\n').at(-1) ?? ''
    return { kind: 'exit', message: `${how} after its final message${last && `: ${last}`}` }
  }
  if (status === 0 || worked) {
    const said = words && `: ${words.split('\n').slice(-3).join(' ')}`
    const message = `${how} without a final message (its stream has no ${missing})${said}`
    // Before the first word of the model there is nobody else whose words these could be.
    const { kind, until } = worked ? { kind: 'error' as const, until: undefined } : classify(words)
    return { kind, message: message.slice(0, 500), ...(until ? { until } : {}) }
  }
  return classify(words || how)
}
