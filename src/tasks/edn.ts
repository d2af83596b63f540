// Reads and writes EDN. The values are edn-data's; the scanner before it says what is not EDN, and where (the library
// takes an open map for null and drops a key without a value), and where each form stands, which an edit in place needs.

import { parseEDNString, toEDNString } from 'edn-data'
import { type Entry, type Form, MAX_DEPTH, SyntaxFault } from '../files/form.js'

/** Longer than any name or number: the library's time for a word grows with the square of its length. */
const MAX_WORD = 1000
const CLOSERS: Readonly<Record<string, string>> = { '{': '}', '[': ']', '(': ')' }
const BLANK = ' \t\r\n\f,'
const DELIMITERS = `${BLANK};"()[]{}\\`

const NUMBER = /^[+-]?(0|[1-9]\d*)(N|(\.\d+)?([eE][+-]?\d+)?M?)$/
const NAME = String.raw`[\p{L}*+!_?$%&=<>|.-][\p{L}\p{M}\p{N}*+!_?$%&=<>|.:#'-]*`
const SYMBOL = new RegExp(`^(/|${NAME}(/${NAME})?)$`, 'u')
const PART = String.raw`[\p{L}\p{N}*+!_?$%&=<>|.'-][\p{L}\p{M}\p{N}*+!_?$%&=<>|.:#'-]*`
const KEYWORD = new RegExp(`^:${PART}(/${PART})?$`, 'u')
/** What stands in a string as it is, and an escape. */
const PLAIN = /[^"\\]*/y
const ESCAPE = /\\(?:[trnbf\\"]|u[0-9a-fA-F]{4})/y
/** Characters that the library reads as the text after the backslash. */
const CHARACTERS: Readonly<Record<string, string>> = { formfeed: '\f', backspace: '\b' }

interface Reader {
  readonly text: string
  at: number
  depth: number
}

/** What ends a collection, in place of a form. */
interface Closer {
  readonly closer: string
  readonly start: number
}

/**
 * The one form of an EDN text. Keywords and symbols are given as their text, a tagged value without its tag, and an
 * integer that a number cannot hold as its digits.
 * @throws SyntaxFault with the offset of what is wrong
 */
export function readEdn(text: string): Form {
  const reader: Reader = { text, at: text.startsWith('\uFEFF') ? 1 : 0, depth: 0 }
  const form = next(reader)
  if (!form) throw new SyntaxFault(text.length, 'there is nothing in it')
  if ('closer' in form) throw new SyntaxFault(form.start, `\`${form.closer}\` closes nothing`)
  const after = next(reader)
  if (!after) return form
  throw new SyntaxFault(
    after.start,
    'closer' in after ? `\`${after.closer}\` closes nothing` : 'a second form follows the first',
  )
}

/** A string as EDN, on one line: the library escapes what JSON does, and we what an editor may take for a line end. */
export function writeString(value: string): string {
  return toEDNString(value).replace(
    /[\x7f-\x9f\u2028\u2029]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/** A key of a map that is a symbol, `{id "x"}`, where a keyword was meant: the earlier system reads no task in it. */
export function symbolKey(text: string, map: Form): Entry | undefined {
  return map.entries?.find((entry) => !/[:"]/.test(text[entry.keyStart] ?? ''))
}

/** The next form, the closing bracket that comes in its place, or undefined at the end of the text. */
function next(reader: Reader): Form | Closer | undefined {
  for (;;) {
    skipBlank(reader)
    const { text, at: start } = reader
    const char = text[start]
    if (char === undefined) return undefined
    if (char === '}' || char === ']' || char === ')') {
      reader.at++
      return { closer: char, start }
    }
    if (char === '#' && text[start + 1] === '_') {
      reader.at += 2
      required(reader, start, 'discards nothing: a form must follow `#_`')
      continue
    }
    if (char === '#') return readDispatch(reader, start)
    if (char === '{' || char === '[' || char === '(') return readCollection(reader, char, start)
    return readLeaf(reader, char, start)
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
    } else if (!BLANK.includes(char)) return
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

/** A string, a character, a number, a keyword or a symbol: checked here, and read by the library. */
function readLeaf(reader: Reader, char: string, start: number): Form {
  const end = char === '"' ? stringEnd(reader.text, start) : wordEnd(reader.text, start)
  reader.at = end
  return { start, end, value: readWord(reader.text.slice(start, end), start) }
}

function readWord(word: string, start: number): unknown {
  if (word.startsWith('\\')) return character(word, start)
  const isText = word.startsWith('"')
  if (!isText) {
    if (word.startsWith(':') && !KEYWORD.test(word)) throw new SyntaxFault(start, `\`${word}\` is not a keyword`)
    const isNumber = /^[+-]?\d/.test(word)
    if (isNumber && !NUMBER.test(word)) throw new SyntaxFault(start, `\`${word}\` is not a number`)
    if (!isNumber && !word.startsWith(':') && !SYMBOL.test(word)) {
      throw new SyntaxFault(start, `\`${word}\` is not EDN`)
    }
    const digits = /^[+-]?\d+N?$/.test(word) ? word.replace(/^\+|N$/g, '') : undefined
    if (digits !== undefined) return Number.isSafeInteger(Number(digits)) ? Number(digits) : digits
  }
  // The library takes a number whose exponent begins with a zero for a symbol.
  const plain = isText ? word : word.replace(/^([+-]?\d[\d.]*[eE][+-]?)0+(?=\d)/, '$1')
  return parseEDNString(plain, { keywordAs: 'string', symbolAs: 'string' })
}

function character(word: string, start: number): string {
  const name = word.slice(1)
  // The library takes a delimiter for the end of the word before it.
  if ([...name].length === 1) return name
  if (Object.hasOwn(CHARACTERS, name)) return CHARACTERS[name]!
  if (/^o[0-3]?[0-7]{1,2}$/.test(name)) return String.fromCharCode(Number.parseInt(name.slice(1), 8))
  if (/^(newline|return|space|tab|u[0-9a-fA-F]{4})$/.test(name))
    return String(parseEDNString(word, { charAs: 'string' }))
  throw new SyntaxFault(start, `\`${word}\` is not a character`)
}

function wordEnd(text: string, start: number): number {
  let at = start
  if (text[at] === '\\') {
    const first = String.fromCodePoint(text.codePointAt(start + 1) ?? 32)
    if (/\s/.test(first)) throw new SyntaxFault(start, 'nothing follows the backslash of a character')
    at += 1 + first.length
  }
  while (at < text.length && !DELIMITERS.includes(text[at]!)) at++
  // A delimiter ends a word, but a backslash or a quote must not stick to one: `a"b"` is two forms run together.
  if (text[start] !== '\\' && (text[at] === '\\' || text[at] === '"')) {
    throw new SyntaxFault(start, `\`${text.slice(start, at + 1)}\` is not EDN`)
  }
  if (at - start > MAX_WORD) throw new SyntaxFault(start, `a word is longer than ${MAX_WORD} characters`)
  return at
}

/** Each character is looked at once: to look for the next quote or backslash alone may go to the end each time. */
function stringEnd(text: string, start: number): number {
  for (let at = start + 1; ; ) {
    PLAIN.lastIndex = at
    PLAIN.test(text)
    at = PLAIN.lastIndex
    if (text[at] === '"') return at + 1
    if (at + 1 >= text.length) throw new SyntaxFault(start, 'the string is never closed')
    ESCAPE.lastIndex = at
    if (!ESCAPE.test(text)) throw new SyntaxFault(at, badEscape(text, at))
    at = ESCAPE.lastIndex
  }
}

function badEscape(text: string, at: number): string {
  const isUnicode = text[at + 1] === 'u'
  return `\`${text.slice(at, at + (isUnicode ? 6 : 2))}\` is not ${isUnicode ? 'a character' : 'an escape of a string'}`
}

/** A set, or a form with a tag. */
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
  reader.at = wordEnd(text, start + 1)
  const tag = text.slice(start, reader.at)
  if (!SYMBOL.test(tag.slice(1))) throw new SyntaxFault(start + 1, `\`${tag.slice(1)}\` is not EDN`)
  return { ...required(reader, start, `nothing follows the tag \`${tag}\``), start }
}

function readCollection(reader: Reader, opener: '{' | '[' | '(', start: number): Form {
  const items = readItems(reader, opener, start)
  if (opener !== '{') return { start, end: reader.at, value: items.map((item) => item.value), items }
  const { text } = reader
  if (items.length % 2 === 1) {
    const last = items.at(-1)!
    throw new SyntaxFault(last.start, `the map has a key without a value: \`${text.slice(last.start, last.end)}\``)
  }
  const keys = items.filter((_, index) => index % 2 === 0)
  unique(text, keys, 'the map has this key twice')
  const entries: Entry[] = keys.map((key, index) => ({
    key: typeof key.value === 'string' ? key.value : text.slice(key.start, key.end),
    keyStart: key.start,
    value: items[index * 2 + 1]!,
  }))
  return { start, end: reader.at, value: Object.fromEntries(entries.map((one) => [one.key, one.value.value])), entries }
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
