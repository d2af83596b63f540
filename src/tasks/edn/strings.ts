// Strings of EDN: read with every escape checked, and written.

import { SyntaxFault } from '../form.js'

const ESCAPES: Readonly<Record<string, string>> = {
  t: '\t',
  r: '\r',
  n: '\n',
  b: '\b',
  f: '\f',
  '\\': '\\',
  '"': '"',
}

/** What stands in a string as it is. */
const PLAIN = /[^"\\]*/y

/** The string whose opening quote stands at `start`. */
export function readString(text: string, start: number): { value: string; end: number } {
  const parts: string[] = []
  let at = start + 1
  for (;;) {
    // Each character is looked at once: to look for the next quote or backslash alone may go to the end each time.
    PLAIN.lastIndex = at
    PLAIN.test(text)
    const backslash = PLAIN.lastIndex
    if (backslash >= text.length) throw new SyntaxFault(start, 'the string is never closed')
    if (text[backslash] === '"') {
      const value = parts.length === 0 ? text.slice(at, backslash) : parts.join('') + text.slice(at, backslash)
      return { value, end: backslash + 1 }
    }
    const char = text[backslash + 1] ?? ''
    parts.push(text.slice(at, backslash))
    if (char === 'u') {
      const hex = text.slice(backslash + 2, backslash + 6)
      if (!/^[0-9a-fA-F]{4}$/.test(hex)) throw new SyntaxFault(backslash, `\`\\u${hex}\` is not a character`)
      parts.push(String.fromCharCode(Number.parseInt(hex, 16)))
      at = backslash + 6
    } else if (char !== '' && Object.hasOwn(ESCAPES, char)) {
      parts.push(ESCAPES[char] ?? '')
      at = backslash + 2
    } else if (char === '') throw new SyntaxFault(start, 'the string is never closed')
    else throw new SyntaxFault(backslash, `\`\\${char}\` is not an escape of a string`)
  }
}

/** A string as EDN: on one line, control characters escaped. */
export function writeString(value: string): string {
  const names: Record<string, string> = { '\t': '\\t', '\r': '\\r', '\n': '\\n', '"': '\\"', '\\': '\\\\' }
  const body = value.replace(
    /["\\\x00-\x1f\x7f-\x9f\u2028\u2029]/g,
    (char) => names[char] ?? `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
  return `"${body}"`
}
