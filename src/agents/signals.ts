// Signals: words that an agent says on a line of their own in its final message, and what they ask of the loop.

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

// Which lines of a message its author says, and which it only quotes: a signal in a quotation or in code is none.

/**
 * The lines of a Markdown text that stand outside quotations, code fences, indented code and inline code, each
 * trimmed, without empty ones. A fence that is not closed goes on to the end; a longer fence may hold a shorter one.
 */
function spokenLines(text: string): string[] {
  const spoken: string[] = []
  let fence: string | undefined
  let paragraph: string[] = []
  const endParagraph = (): void => {
    spoken.push(...outsideInlineCode(paragraph))
    paragraph = []
  }
  for (const line of text.split(/\r\n|\r|\n/)) {
    const mark = /^\s*(`{3,}|~{3,})(.*)$/.exec(line)
    if (fence !== undefined) {
      if (mark && mark[1]!.startsWith(fence) && mark[2]!.trim() === '') fence = undefined
    } else if (mark && !(mark[1]!.startsWith('`') && mark[2]!.includes('`'))) {
      endParagraph()
      fence = mark[1]!
    } else if (line.trim() === '' || /^\s*>/.test(line)) {
      endParagraph()
    } else if (/^( {4}|\t)/.test(line) && paragraph.length === 0) {
      // Indented code; after a line of text it would be that paragraph going on.
    } else {
      paragraph.push(line)
    }
  }
  endParagraph()
  return spoken
}

/** Lines of one paragraph that no code span begins, holds or ends. A run of backticks closes one of its own length. */
function outsideInlineCode(lines: readonly string[]): string[] {
  const text = lines.join('\n')
  const runs = [...text.matchAll(/`+/g)]
  const byLength = new Map<number, number[]>()
  for (let i = runs.length - 1; i >= 0; i--) {
    const length = runs[i]![0].length
    const same = byLength.get(length)
    if (same) same.push(i)
    else byLength.set(length, [i])
  }
  const spans: [number, number][] = []
  for (let i = 0; i < runs.length; i++) {
    const open = runs[i]!
    const later = byLength.get(open[0].length) ?? []
    while (later.length > 0 && later.at(-1)! <= i) later.pop()
    const close = later.at(-1)
    if (close === undefined) continue
    spans.push([open.index, runs[close]!.index + open[0].length])
    i = close
  }
  let at = 0
  let next = 0
  return lines.flatMap((line) => {
    const [from, to] = [at, at + line.length]
    at = to + 1
    while (next < spans.length && spans[next]![1] <= from) next += 1
    const span = spans[next]
    return span && span[0] < to ? [] : line.trim()
  })
}
