// Reads one JSON object a line from pieces of text, and looks into values that nobody has promised us.

/** A line longer than this is passed over: only tools' output is, and a final message never. */
const LONGEST_LINE = 8_000_000

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

/** The object on a line, or undefined: CLIs print warnings among their JSON. */
export function parseObject(line: string): JsonObject | undefined {
  if (!line.startsWith('{')) return undefined
  try {
    return object(JSON.parse(line))
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
