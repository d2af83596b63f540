// Reads EDN and refuses what is not EDN. Our own, because the library's parser gives garbage for bad input (an open
// map is null, `{:a 1 :b}` loses `:b`) and loses the places that an edit in place needs.

import { type Entry, type Form, MAX_DEPTH, SyntaxFault } from '../form.js'
import { readAtom, readCharacter } from './atoms.js'
import { readString } from './strings.js'

const CLOSERS: Readonly<Record<string, string>> = { '{': '}', '[': ']', '(': ')' }

interface Reader {
  readonly text: string
  at: number
  depth: number
}

/**
 * The one form of an EDN text.
 * @throws SyntaxFault with the offset of what is wrong
 */
export function readEdn(text: string): Form {
  const reader: Reader = { text, at: text.startsWith('\uFEFF') ? 1 : 0, depth: 0 }
  const form = next(reader)
  if (!form) throw new SyntaxFault(text.length, 'there is nothing in it')
  if ('closer' in form) throw new SyntaxFault(form.start, `\`${form.closer}\` closes nothing`)
  const after = next(reader)
  if (after) {
    const what = 'closer' in after ? `\`${after.closer}\` closes nothing` : 'a second form follows the first'
    throw new SyntaxFault(after.start, what)
  }
  return form
}

/** What ends a collection, in place of a form. */
interface Closer {
  readonly closer: string
  readonly start: number
}

/** The next form, the closing bracket that comes in its place, or undefined at the end of the text. */
function next(reader: Reader): Form | Closer | undefined {
  for (;;) {
    skipBlank(reader)
    const { text, at } = reader
    const char = text[at]
    if (char === undefined) return undefined
    if (char === '}' || char === ']' || char === ')') {
      reader.at++
      return { closer: char, start: at }
    }
    if (char === '#' && text[at + 1] === '_') {
      reader.at += 2
      required(reader, at, 'discards nothing: a form must follow `#_`')
      continue
    }
    return readForm(reader, char)
  }
}

function skipBlank(reader: Reader): void {
  const { text } = reader
  for (; reader.at < text.length; reader.at++) {
    const char = text[reader.at]!
    if (char === ';') {
      const end = text.indexOf('\n', reader.at)
      reader.at = end < 0 ? text.length : end
      if (end < 0) return
    } else if (!' \t\r\n\f,'.includes(char)) return
  }
}

/** The form that must come next. */
function required(reader: Reader, from: number, otherwise: string): Form {
  const form = deeper(reader, () => next(reader))
  if (!form || 'closer' in form) throw new SyntaxFault(from, otherwise)
  return form
}

function deeper<T>(reader: Reader, read: () => T): T {
  if (++reader.depth > MAX_DEPTH) throw new SyntaxFault(reader.at, `it is nested more than ${MAX_DEPTH} deep`)
  const value = read()
  reader.depth--
  return value
}

function readForm(reader: Reader, char: string): Form {
  const { text, at: start } = reader
  if (char === '"') {
    const { value, end } = readString(text, start)
    reader.at = end
    return { start, end, value }
  }
  if (char === '{' || char === '[' || char === '(') return readCollection(reader, char, start)
  if (char === '#') return readDispatch(reader, start)
  const { value, end } = char === '\\' ? readCharacter(text, start) : readAtom(text, start)
  reader.at = end
  return { start, end, value }
}

function readDispatch(reader: Reader, start: number): Form {
  const { text } = reader
  if (text[start + 1] === '{') {
    reader.at++
    const items = readItems(reader, '{', start)
    unique(text, items, 'the set has it twice')
    return { start, end: reader.at, value: items.map((item) => item.value) }
  }
  if (!/[A-Za-z]/.test(text[start + 1] ?? '')) {
    throw new SyntaxFault(start, `\`#${text[start + 1] ?? ''}\` is not EDN`)
  }
  const tag = readAtom(text, start + 1)
  reader.at = tag.end
  const form = required(reader, start, `nothing follows the tag \`${text.slice(start, tag.end)}\``)
  return { ...form, start }
}

function readCollection(reader: Reader, opener: '{' | '[' | '(', start: number): Form {
  const items = readItems(reader, opener, start)
  if (opener !== '{') return { start, end: reader.at, value: items.map((item) => item.value), items }
  if (items.length % 2 === 1) {
    const last = items.at(-1)!
    throw new SyntaxFault(
      last.start,
      `the map has a key without a value: \`${reader.text.slice(last.start, last.end)}\``,
    )
  }
  const keys = items.filter((_, index) => index % 2 === 0)
  unique(reader.text, keys, 'the map has this key twice')
  const entries: Entry[] = keys.map((key, index) => ({
    key: typeof key.value === 'string' ? key.value : reader.text.slice(key.start, key.end),
    keyStart: key.start,
    value: items[index * 2 + 1]!,
  }))
  const value = Object.fromEntries(entries.map((entry) => [entry.key, entry.value.value]))
  return { start, end: reader.at, value, entries }
}

function readItems(reader: Reader, opener: '{' | '[' | '(', start: number): Form[] {
  return deeper(reader, () => {
    reader.at++
    const items: Form[] = []
    for (;;) {
      const form = next(reader)
      if (!form) throw new SyntaxFault(start, `\`${opener}\` is never closed`)
      if (!('closer' in form)) items.push(form)
      else if (form.closer === CLOSERS[opener]) return items
      else throw new SyntaxFault(form.start, `\`${form.closer}\` does not close \`${opener}\``)
    }
  })
}

/** Keyword, string and symbol of one spelling are different values in EDN: the first character says which it is. */
function unique(text: string, forms: readonly Form[], reason: string): void {
  if (forms.length < 2) return
  const seen = new Set<string>()
  for (const form of forms) {
    const first = text[form.start]!
    const key = `${first === '"' || first === ':' ? first : typeof form.value}${JSON.stringify(form.value)}`
    if (seen.has(key)) throw new SyntaxFault(form.start, `${reason}: \`${text.slice(form.start, form.end)}\``)
    seen.add(key)
  }
}

/** A key of a map that is a symbol, `{id "x"}`, where a keyword was meant: the earlier system reads no task in it. */
export function symbolKey(text: string, map: Form): Entry | undefined {
  return map.entries?.find((entry) => !/[:"]/.test(text[entry.keyStart] ?? ''))
}
