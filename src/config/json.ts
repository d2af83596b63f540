// Reads JSON and remembers where each value stands, so that a mistake in `oompa.json` is reported with its line.
// JSON.parse says neither the line nor that a key stands there twice, and its words differ between versions of Node.

import { usageError } from '../errors.js'
import { lineCounter } from '../files/lines.js'

/** A path into the file: keys and array indexes. */
export type JsonPath = readonly (string | number)[]

export interface JsonText {
  readonly value: unknown
  /** The line (from 1) on which the value at `path` begins; the nearest value above it if it is not there. */
  lineOf(path: JsonPath): number
  /** Keys that stand twice in one object. */
  readonly duplicates: readonly { readonly path: JsonPath; readonly line: number }[]
}

interface Reader {
  readonly text: string
  readonly name: string
  at: number
  readonly offsets: Map<string, number>
  readonly duplicates: { path: JsonPath; at: number }[]
}

const DEEPEST = 100

/**
 * Reads the text of a JSON file; a byte order mark and CRLF are fine.
 * @param name the file's name, for the message
 * @throws OompaError `bad-json` (status 2) with line and column
 */
export function readJson(source: string, name: string): JsonText {
  const reader: Reader = { text: source.replace(/^\uFEFF/, ''), name, at: 0, offsets: new Map(), duplicates: [] }
  const value = readValue(reader, [])
  skipSpace(reader)
  if (reader.at < reader.text.length) fail(reader, 'there is something after the end of the value')
  const lineAt = lineCounter(reader.text)
  return {
    value,
    lineOf(path) {
      for (let length = path.length; length >= 0; length--) {
        const offset = reader.offsets.get(keyOf(path.slice(0, length)))
        if (offset !== undefined) return lineAt(offset)
      }
      return 1
    },
    duplicates: reader.duplicates.map((duplicate) => ({ path: duplicate.path, line: lineAt(duplicate.at) })),
  }
}

function keyOf(path: JsonPath): string {
  return JSON.stringify(path)
}

function readValue(reader: Reader, path: JsonPath): unknown {
  skipSpace(reader)
  if (path.length > DEEPEST) fail(reader, `values are nested more than ${DEEPEST} deep`)
  if (!reader.offsets.has(keyOf(path))) reader.offsets.set(keyOf(path), reader.at)
  const first = reader.text[reader.at]
  if (first === '{') return readObject(reader, path)
  if (first === '[') return readArray(reader, path)
  if (first === '"') return readString(reader)
  const word = /^[-+.\w]+/.exec(reader.text.slice(reader.at, reader.at + 400))?.[0]
  if (word === 'true' || word === 'false' || word === 'null') {
    reader.at += word.length
    return word === 'null' ? null : word === 'true'
  }
  if (word !== undefined && /^-?(0|[1-9]\d*)(\.\d+)?([eE][-+]?\d+)?$/.test(word)) {
    reader.at += word.length
    return Number(word)
  }
  if (first === undefined) fail(reader, 'the file ends where a value is expected')
  if (first === "'") fail(reader, 'text stands in double quotes in JSON, not in single ones')
  return fail(reader, `a value is expected, and \`${word ?? first}\` is none`)
}

function readObject(reader: Reader, path: JsonPath): Record<string, unknown> {
  const entries: [string, unknown][] = []
  const seen = new Set<string>()
  reader.at++
  for (;;) {
    skipSpace(reader)
    const next = reader.text[reader.at]
    if (next === '}' && entries.length === 0) break
    if (next === '}') fail(reader, 'there is a comma before the closing `}`')
    if (next !== '"')
      fail(reader, next === undefined ? 'the file ends inside `{`' : 'a key in double quotes is expected')
    const at = reader.at
    const key = readString(reader)
    const inner = [...path, key]
    if (seen.has(key)) reader.duplicates.push({ path: inner, at })
    seen.add(key)
    reader.offsets.set(keyOf(inner), at)
    skipSpace(reader)
    if (reader.text[reader.at] !== ':') fail(reader, `\`:\` is expected after the key "${key}"`)
    reader.at++
    entries.push([key, readValue(reader, inner)])
    skipSpace(reader)
    if (reader.text[reader.at] === ',') reader.at++
    else if (reader.text[reader.at] === '}') break
    else fail(reader, reader.at >= reader.text.length ? 'the file ends inside `{`' : '`,` or `}` is expected')
  }
  reader.at++
  return Object.fromEntries(entries)
}

function readArray(reader: Reader, path: JsonPath): unknown[] {
  const values: unknown[] = []
  reader.at++
  for (;;) {
    skipSpace(reader)
    if (reader.text[reader.at] === ']' && values.length === 0) break
    if (reader.text[reader.at] === ']') fail(reader, 'there is a comma before the closing `]`')
    values.push(readValue(reader, [...path, values.length]))
    skipSpace(reader)
    if (reader.text[reader.at] === ',') reader.at++
    else if (reader.text[reader.at] === ']') break
    else fail(reader, reader.at >= reader.text.length ? 'the file ends inside `[`' : '`,` or `]` is expected')
  }
  reader.at++
  return values
}

function readString(reader: Reader): string {
  let end = reader.at + 1
  while (end < reader.text.length && reader.text[end] !== '"') {
    if (reader.text[end] === '\n') break
    end += reader.text[end] === '\\' ? 2 : 1
  }
  if (reader.text[end] !== '"') fail(reader, 'text begins here and is not closed on its line')
  try {
    const value: unknown = JSON.parse(reader.text.slice(reader.at, end + 1))
    reader.at = end + 1
    return String(value)
  } catch {
    return fail(reader, 'there is a bad escape or a control character in this text')
  }
}

function skipSpace(reader: Reader): void {
  while (/[ \t\r\n]/.test(reader.text[reader.at] ?? '')) reader.at++
  const next = reader.text.slice(reader.at, reader.at + 2)
  if (next === '//' || next === '/*' || next[0] === '#') {
    fail(reader, 'JSON has no comments; a key that begins with `_` or `//` is passed over and can hold one')
  }
}

function fail(reader: Reader, problem: string): never {
  const before = reader.text.slice(0, reader.at).split('\n')
  const place = `line ${before.length}, column ${(before.at(-1) ?? '').length + 1}`
  throw usageError(
    reader.text.trim() === '' ? `${reader.name} is empty.` : `${reader.name} is not JSON: ${place}: ${problem}.`,
    reader.text.trim() === '' ? `Remove ${reader.name}, or write {} into it.` : `Mend ${reader.name} at ${place}.`,
    'bad-json',
  )
}
