// Reads JSON with the places of its values, and with the line of a mistake: JSON.parse says no line, passes over a key
// that stands twice, and its words differ between versions of Node.

import { createRequire } from 'node:module'
import type { Node, ParseError } from 'jsonc-parser'
import { type Entry, type Form, MAX_DEPTH, SyntaxFault } from './form.js'

type Parser = typeof import('jsonc-parser')

/** Loaded with the first text: it takes a quarter of what Node's own start does, and most tasks are EDN. */
const parser = (): Parser => createRequire(import.meta.url)('jsonc-parser')

/**
 * The one value of a JSON text; a byte order mark and CRLF are fine, comments and commas before a bracket are not.
 * @throws SyntaxFault with the offset of what is wrong
 */
export function readJson(source: string): Form {
  const text = source.replace(/^\uFEFF/, ' ')
  const errors: ParseError[] = []
  const tree = parser().parseTree(text.slice(0, readable(text)), errors, { disallowComments: true })
  const [error] = errors
  if (error) throw new SyntaxFault(error.offset, reasonOf(text, error))
  if (!tree) throw new SyntaxFault(0, 'there is nothing in it')
  return formOf(tree)
}

/**
 * How far a text has to be read: to its end, or past the first that no JSON has. The parser goes on after a mistake, and
 * recurses without a limit.
 */
function readable(text: string): number {
  const open: string[] = []
  for (let at = 0; at < text.length; at++) {
    const char = text[at]!
    if (char === '"') {
      const end = closingQuote(text, at)
      if (end === undefined) return at + 1
      at = end
    } else if (char === '/') return at + 2
    else if (char === '{' || char === '[') {
      if (open.push(char) > MAX_DEPTH) throw new SyntaxFault(at, `it is nested more than ${MAX_DEPTH} deep`)
    } else if (char === '}' || char === ']') {
      if (open.pop() !== (char === '}' ? '{' : '[')) return at + 1
    }
  }
  return text.length
}

function closingQuote(text: string, start: number): number | undefined {
  for (let at = start + 1; at < text.length && text[at] !== '\n' && text[at] !== '\r'; at++) {
    if (text[at] === '"') return at
    if (text[at] === '\\') at++
  }
  return undefined
}

function formOf({ type, offset: start, length, value, children = [] }: Node): Form {
  const end = start + length
  if (type === 'array') {
    const items = children.map(formOf)
    return { start, end, value: items.map((item) => item.value), items }
  }
  if (type !== 'object') return { start, end, value }
  const seen = new Set<string>()
  const entries = children.flatMap(({ children: [name, content] = [] }): Entry[] => {
    if (!name || !content) return []
    const key = String(name.value)
    if (seen.has(key)) throw new SyntaxFault(name.offset, `the object has this key twice: "${key}"`)
    seen.add(key)
    return [{ key, keyStart: name.offset, value: formOf(content) }]
  })
  return { start, end, value: Object.fromEntries(entries.map((entry) => [entry.key, entry.value.value])), entries }
}

/** What the parser found, in our words. */
function reasonOf(text: string, { error, offset }: ParseError): string {
  const before = text.slice(0, offset).trimEnd()
  const here = text[offset]
  const [begun, word] = [
    /[\w.+-]*$/.exec(text.slice(Math.max(0, offset - 40), offset)),
    /^[\w.+-]*/.exec(text.slice(offset, offset + 40)),
  ]
  if (here === undefined) return before === '' ? 'there is nothing in it' : 'it ends too early'
  if (here === "'") return 'text stands in double quotes in JSON, not in single ones'
  if ((here === '}' || here === ']') && before.endsWith(',')) return `there is a comma before the closing \`${here}\``
  // A number that is none is read as two, one after the other.
  if (begun?.[0] && word?.[0]) return `\`${begun[0]}${word[0]}\` is not JSON here`
  switch (parser().printParseErrorCode(error)) {
    case 'InvalidCommentToken':
      return 'JSON has no comments'
    case 'UnexpectedEndOfString':
      return 'the string is not closed on its line'
    case 'InvalidUnicode':
    case 'InvalidEscapeCharacter':
    case 'InvalidCharacter':
      return 'the string has a bad escape or a control character'
    case 'PropertyNameExpected':
      return 'a key in double quotes is expected'
    case 'ColonExpected':
      return 'a `:` is missing after the key'
    case 'CommaExpected':
      return 'a comma is missing'
    case 'EndOfFileExpected':
      return 'something follows the value'
    default:
      return `\`${word?.[0] || here}\` is not JSON here`
  }
}
