// Signals: words that an agent says on a line of their own in its final message, and what they ask of the loop.

import { spokenLines } from './spoken.js'

export type Signal =
  /** `__DONE__`: this worker has nothing left to do. */
  | { readonly kind: 'done' }
  /** `COMPLETE_AND_READY_FOR_MERGE`: this change may be reviewed and landed. */
  | { readonly kind: 'ready' }
  /** `NEEDS_FOLLOWUP`: this turn did not finish the work. */
  | { readonly kind: 'followup' }
  /** `CLAIM(id, …)`: asks for these tasks. */
  | { readonly kind: 'claim'; readonly ids: readonly string[] }

const WORDS: Readonly<Record<string, Signal>> = {
  __DONE__: { kind: 'done' },
  COMPLETE_AND_READY_FOR_MERGE: { kind: 'ready' },
  NEEDS_FOLLOWUP: { kind: 'followup' },
}

/** A line of a message, and the signal that it is. */
interface Line {
  readonly text: string
  readonly signal?: Signal
  /** An item of a list. */
  readonly item: boolean
}

/**
 * The signals of a message, in its order: whole lines, outside quotations and code. Earlier systems matched anywhere,
 * so that a quoted prompt ended the worker.
 * @param prompt what the agent was told: a line that it repeats together with the line beside it is an echo, and none.
 */
export function readSignals(text: string, prompt = ''): Signal[] {
  const lines = spokenLines(text).map(lineOf)
  const echoed = echoes(prompt)
  return lines.flatMap(({ signal }, at): Signal[] => {
    if (!signal || isChoice(lines, at)) return []
    const { before, after } = beside(lines, at)
    const pair = (one: string, other: string) => echoed.has(`${one}\n${other}`)
    const self = lines[at]!.text
    return (before !== undefined && pair(before, self)) || (after !== undefined && pair(self, after)) ? [] : [signal]
  })
}

/** Markdown that people and models put around a word: a mark of a list or heading before it, emphasis, a full stop. */
function lineOf(text: string): Line {
  const item = /^(?:[-*+•]|\d{1,3}[.)])\s+/.exec(text)
  const word = text
    .slice(item?.[0].length ?? 0)
    .replace(/^#{1,6}\s+/, '')
    .replace(/^[*]{1,3}|[*]{1,3}$/g, '')
    .replace(/\s*[.!。]{1,3}$/, '')
    .replace(/[*]{1,3}$/, '')
    .replaceAll('\\_', '_')
    .trim()
  return { text, signal: signalOf(word), item: item !== null }
}

function signalOf(word: string): Signal | undefined {
  if (Object.hasOwn(WORDS, word)) return WORDS[word]
  const claim = /^CLAIM\((.*)\)$/.exec(word)
  if (!claim) return undefined
  const ids = claim[1]!.split(',').map((id) =>
    id
      .trim()
      .replace(/^(["'])(.*)\1$/, '$2')
      .trim(),
  )
  const named = [...new Set(ids.filter(Boolean))]
  return named.length > 0 ? { kind: 'claim', ids: named } : undefined
}

/** A list of several different signals says which there are, and gives none. */
function isChoice(lines: readonly Line[], at: number): boolean {
  const { item, signal } = lines[at]!
  return (
    item &&
    [lines[at - 1], lines[at + 1]].some((other) => other?.item && other.signal && other.signal.kind !== signal?.kind)
  )
}

function beside(lines: readonly Line[], at: number): { before?: string; after?: string } {
  return { before: lines[at - 1]?.text, after: lines[at + 1]?.text }
}

/** Pairs of lines of a prompt one of which is a signal, as they would stand in a message that repeats them. */
function echoes(prompt: string): ReadonlySet<string> {
  const pairs = new Set<string>()
  if (!/__DONE__|COMPLETE_AND_READY_FOR_MERGE|NEEDS_FOLLOWUP|CLAIM\(/.test(prompt)) return pairs
  const lines = spokenLines(prompt).map(lineOf)
  for (let at = 1; at < lines.length; at++) {
    if (lines[at - 1]!.signal || lines[at]!.signal) pairs.add(`${lines[at - 1]!.text}\n${lines[at]!.text}`)
  }
  return pairs
}

/** A signal as it stands in the log. */
export function formatSignal(signal: Signal): string {
  if (signal.kind === 'claim') return `CLAIM(${signal.ids.join(', ')})`
  return Object.keys(WORDS).find((word) => WORDS[word]?.kind === signal.kind) ?? signal.kind
}
