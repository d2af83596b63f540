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

/** The string whose opening quote stands at `start`. */
export function readString(text: string, start: number): { value: string; end: number } {
  let value = ''
  let at = start + 1
  for (;;) {
    const quote = text.indexOf('"', at)
    if (quote < 0) throw new SyntaxFault(start, 'the string is never closed')
    const backslash = text.indexOf('\\', at)
    if (backslash < 0 || backslash > quote) return { value: value + text.slice(at, quote), end: quote + 1 }
    const char = text[backslash + 1] ?? ''
    value += text.slice(at, backslash)
    if (char === 'u') {
      const hex = text.slice(backslash + 2, backslash + 6)
      if (!/^[0-9a-fA-F]{4}$/.test(hex)) throw new SyntaxFault(backslash, `\`\\u${hex}\` is not a character`)
      value += String.fromCharCode(Number.parseInt(hex, 16))
      at = backslash + 6
    } else if (Object.hasOwn(ESCAPES, char)) {
      value += ESCAPES[char]
      at = backslash + 2
    } else throw new SyntaxFault(backslash, `\`\\${char}\` is not an escape of a string`)
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
