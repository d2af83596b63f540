// Numbers, keywords, symbols and characters of EDN: what is nearly one is refused, never guessed at.

import { SyntaxFault } from '../form.js'

const NAMED: Readonly<Record<string, string>> = {
  newline: '\n',
  return: '\r',
  space: ' ',
  tab: '\t',
  formfeed: '\f',
  backspace: '\b',
}
const INTEGER = /^[+-]?(0|[1-9]\d*)N?$/
const DECIMAL = /^[+-]?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?M?$/
const SYMBOL =
  /^([\p{L}*+!_?$%&=<>|.-][\p{L}\p{M}\p{N}*+!_?$%&=<>|.:#'-]*)(\/[\p{L}*+!_?$%&=<>|.-][\p{L}\p{M}\p{N}*+!_?$%&=<>|.:#'-]*)?$/u
const KEYWORD =
  /^:[\p{L}\p{N}*+!_?$%&=<>|.'-][\p{L}\p{M}\p{N}*+!_?$%&=<>|.:#'-]*(\/[\p{L}\p{N}*+!_?$%&=<>|.'-][\p{L}\p{M}\p{N}*+!_?$%&=<>|.:#'-]*)?$/u

function wordEnd(text: string, start: number): number {
  let at = start
  while (at < text.length && !' \t\r\n\f,;"()[]{}\\'.includes(text[at]!)) at++
  return at
}

/** The number, keyword or symbol at `start`. Keywords and symbols are given as their text (compat.md). */
export function readAtom(text: string, start: number): { value: unknown; end: number } {
  const end = wordEnd(text, start)
  const word = text.slice(start, end)
  // A delimiter ends a word, but a backslash or a quote must not stick to one: `a"b"` is two forms run together.
  if (text[end] === '\\' || text[end] === '"') throw new SyntaxFault(start, `\`${word}${text[end]}\` is not EDN`)
  return { value: atom(word, start), end }
}

function atom(word: string, start: number): unknown {
  if (word === 'nil') return null
  if (word === 'true') return true
  if (word === 'false') return false
  if (word.startsWith(':')) {
    if (!KEYWORD.test(word)) throw new SyntaxFault(start, `\`${word}\` is not a keyword`)
    return word.slice(1)
  }
  if (/^[+-]?\d/.test(word)) {
    if (INTEGER.test(word)) return integer(word)
    if (DECIMAL.test(word)) return Number(word.replace('M', ''))
    throw new SyntaxFault(start, `\`${word}\` is not a number`)
  }
  if (word === '/' || SYMBOL.test(word)) return word
  throw new SyntaxFault(start, `\`${word}\` is not EDN`)
}

/** An integer that a number cannot hold is kept as its digits. */
function integer(word: string): number | string {
  const digits = word.replace('N', '').replace('+', '')
  const value = Number(digits)
  return Number.isSafeInteger(value) ? value : digits
}

/** The character literal at `start`, such as `\a`, `\newline`, `\u00e9` or `\}`. */
export function readCharacter(text: string, start: number): { value: string; end: number } {
  const first = String.fromCodePoint(text.codePointAt(start + 1) ?? 32)
  if (/\s/.test(first)) throw new SyntaxFault(start, 'nothing follows the backslash of a character')
  const end = wordEnd(text, start + 1 + first.length)
  const word = text.slice(start + 1, end)
  if (word === first) return { value: first, end }
  if (Object.hasOwn(NAMED, word)) return { value: NAMED[word]!, end }
  if (/^u[0-9a-fA-F]{4}$/.test(word)) return { value: String.fromCharCode(Number.parseInt(word.slice(1), 16)), end }
  if (/^o[0-3]?[0-7]{1,2}$/.test(word)) return { value: String.fromCharCode(Number.parseInt(word.slice(1), 8)), end }
  throw new SyntaxFault(start, `\`\\${word}\` is not a character`)
}
