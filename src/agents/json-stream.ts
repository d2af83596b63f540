// Reads JSON objects from pieces of a CLI's output, and looks into values that nobody has promised us.

/** A line longer than this is passed over: only tools' output is, and a final message never. */
const LONGEST_LINE = 8_000_000
/** A line with more braces than this that hold no JSON is no stream's. */
const MOST_BROKEN = 50

export type JsonObject = Readonly<Record<string, unknown>>

/**
 * Puts pieces of text together to lines, and calls `take` for each whole one. `end` gives the last one, which may
 * lack its line end.
 */
export function lineSplitter(take: (line: string) => void): { add(text: string): void; end(): void } {
  let pieces: string[] = []
  let length = 0
  const finish = (): void => {
    if (length > 0 && length <= LONGEST_LINE) take(pieces.length === 1 ? pieces[0]! : pieces.join(''))
    pieces = []
    length = 0
  }
  const keep = (piece: string): void => {
    if (piece === '') return
    length += piece.length
    if (length <= LONGEST_LINE) pieces.push(piece)
    else pieces = []
  }
  return {
    add(text) {
      let from = 0
      for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', from)) {
        keep(text.slice(from, at))
        finish()
        from = at + 1
      }
      keep(from === 0 ? text : text.slice(from))
    },
    end: finish,
  }
}

/** The object on a line, or undefined. */
export function parseObject(line: string): JsonObject | undefined {
  return objectsIn(line)[0]
}

/**
 * The objects on a line, in their order. A CLI prints warnings among its JSON, and other programs write to the same
 * terminal: a status line, a window title or a byte order mark may stand before an object on its line, and a lost line
 * end puts two on one. An object that is cut is none, and nothing within it is taken for one.
 */
export function objectsIn(line: string): JsonObject[] {
  if (!line.includes('{')) return []
  return partsOf(line).flatMap((part): JsonObject[] => (typeof part === 'string' ? [] : [part]))
}

/** A line as objects and what stands between them, in its order; as itself where there is no object. */
export function partsOf(line: string): (string | JsonObject)[] {
  if (line.startsWith('{')) {
    const whole = parsed(line)
    if (whole) return [whole]
  }
  const text = withoutEscapes(line)
  const parts: (string | JsonObject)[] = []
  let from = 0
  let broken = 0
  for (let at = nextStart(text, 0); at >= 0 && broken < MOST_BROKEN; ) {
    const end = endOfObject(text, at)
    if (end < 0) break
    const value = parsed(text.slice(at, end))
    if (value) {
      if (at > from) parts.push(text.slice(from, at))
      parts.push(value)
      from = end
    } else broken += 1
    at = nextStart(text, end)
  }
  if (parts.length === 0) return [line]
  return from < text.length ? [...parts, text.slice(from)] : parts
}

/** Where an object may begin: `{"`, with a space between the two or none. */
function nextStart(text: string, from: number): number {
  for (let at = text.indexOf('{', from); at >= 0; at = text.indexOf('{', at + 1)) {
    if (text[at + 1] === '"' || (text[at + 1] === ' ' && text[at + 2] === '"')) return at
  }
  return -1
}

/** One past the brace that closes the object at `start`, or -1. */
function endOfObject(text: string, start: number): number {
  let depth = 0
  let quoted = false
  for (let at = start; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (quoted) {
      if (code === BACKSLASH) at += 1
      else if (code === QUOTE) quoted = false
    } else if (code === QUOTE) quoted = true
    else if (code === OPEN) depth += 1
    else if (code === CLOSE && --depth === 0) return at + 1
  }
  return -1
}

const BACKSLASH = 92
const QUOTE = 34
const OPEN = 123
const CLOSE = 125

/** JSON has no control characters: escape sequences of a terminal (also a title with any text) are never part of it. */
function withoutEscapes(line: string): string {
  return line
    .replace(/\u001b\][^\u0007\u001b]{0,4096}(?:\u0007|\u001b\\)/g, '')
    .replace(/\u001b\[[0-9;?<=>!]{0,64}[ -/]?[@-~]|\u001b[@-Z\\-_=>78]/g, '')
    .replace(/[\ufeff\r]/g, '')
}

function parsed(text: string): JsonObject | undefined {
  try {
    return object(JSON.parse(text))
  } catch {
    return undefined
  }
}

export function object(value: unknown): JsonObject | undefined {
  return isObject(value) ? value : undefined
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

export function string(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

export function number(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined
}

/** A count of tokens; 0 for what is not there. */
export function count(value: unknown): number {
  return number(value) ?? 0
}
