// Reads JSON with the places of its values, and with the line of a mistake; a key that stands twice is refused.

import { type Entry, type Form, MAX_DEPTH, SyntaxFault } from '../form.js'

interface Reader {
  readonly text: string
  at: number
  depth: number
}

/** What stands in a string as it is, and an escape. Not one pattern for a whole string: a long one ends in no memory. */
const PLAIN = /[^"\\\x00-\x1f]*/y
const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y
const WORD = /true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y

/**
 * The one value of a JSON text.
 * @throws SyntaxFault with the offset of what is wrong
 */
export function readJson(text: string): Form {
  const reader: Reader = { text, at: text.startsWith('\uFEFF') ? 1 : 0, depth: 0 }
  skipBlank(reader)
  if (reader.at >= text.length) throw new SyntaxFault(reader.at, 'there is nothing in it')
  const form = readValue(reader)
  skipBlank(reader)
  if (reader.at < text.length) throw new SyntaxFault(reader.at, 'something follows the value')
  return form
}

function skipBlank(reader: Reader): void {
  while (reader.at < reader.text.length && ' \t\r\n'.includes(reader.text[reader.at]!)) reader.at++
}

function readValue(reader: Reader): Form {
  skipBlank(reader)
  const { text, at: start } = reader
  const char = text[start]
  if (char === '{' || char === '[') {
    if (++reader.depth > MAX_DEPTH) throw new SyntaxFault(start, `it is nested more than ${MAX_DEPTH} deep`)
    const form = char === '{' ? readObject(reader, start) : readArray(reader, start)
    reader.depth--
    return form
  }
  const end = char === '"' ? stringEnd(text, start) : wordEnd(text, start)
  reader.at = end
  return { start, end, value: JSON.parse(text.slice(start, end)) }
}

function wordEnd(text: string, start: number): number {
  WORD.lastIndex = start
  const end = WORD.test(text) ? WORD.lastIndex : start
  if (end === start || /[A-Za-z0-9_.+-]/.test(text[end] ?? '')) throw new SyntaxFault(start, unexpected(text, start))
  return end
}

function stringEnd(text: string, start: number): number {
  for (let at = start + 1; ; ) {
    PLAIN.lastIndex = at
    PLAIN.test(text)
    at = PLAIN.lastIndex
    if (text[at] === '"') return at + 1
    ESCAPE.lastIndex = at
    if (!ESCAPE.test(text)) throw new SyntaxFault(start, 'the string is not closed or has a bad escape')
    at = ESCAPE.lastIndex
  }
}

function unexpected(text: string, at: number): string {
  const word = /^[\w.+-]*/.exec(text.slice(at, at + 40))?.[0] || text[at]
  return word === undefined ? 'it ends too early' : `\`${word}\` is not JSON here`
}

function readObject(reader: Reader, start: number): Form {
  const entries: Entry[] = []
  const seen = new Set<string>()
  readItems(reader, start, '}', () => {
    const key = readValue(reader)
    if (typeof key.value !== 'string') throw new SyntaxFault(key.start, 'a key must be a string')
    if (seen.has(key.value)) throw new SyntaxFault(key.start, `the object has this key twice: "${key.value}"`)
    seen.add(key.value)
    skipBlank(reader)
    if (reader.text[reader.at] !== ':') throw new SyntaxFault(reader.at, 'a `:` is missing after the key')
    reader.at++
    entries.push({ key: key.value, keyStart: key.start, value: readValue(reader) })
  })
  const value = Object.fromEntries(entries.map((entry) => [entry.key, entry.value.value]))
  return { start, end: reader.at, value, entries }
}

function readArray(reader: Reader, start: number): Form {
  const items: unknown[] = []
  readItems(reader, start, ']', () => items.push(readValue(reader).value))
  return { start, end: reader.at, value: items }
}

function readItems(reader: Reader, start: number, closer: string, readItem: () => void): void {
  reader.at++
  skipBlank(reader)
  for (let first = true; reader.text[reader.at] !== closer; first = false) {
    if (reader.at >= reader.text.length) throw new SyntaxFault(start, `\`${reader.text[start]}\` is never closed`)
    if (!first) {
      if (reader.text[reader.at] !== ',') throw new SyntaxFault(reader.at, 'a comma is missing')
      reader.at++
    }
    readItem()
    skipBlank(reader)
  }
  reader.at++
}
