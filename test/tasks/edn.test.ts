// EDN, honestly: all of it is read, and nothing else.

import { describe, expect, it } from 'vitest'
import { lineAt, SyntaxFault } from '../../src/files/form.js'
import { readEdn, writeString } from '../../src/tasks/edn.js'

/** Why a text is refused, and its line; undefined if it is read. */
function fault(text: string): string | undefined {
  try {
    readEdn(text)
    return undefined
  } catch (error) {
    if (error instanceof SyntaxFault) return `${lineAt(text, error.offset)}: ${error.message}`
    throw error
  }
}

describe('valid EDN is read', () => {
  const cases: [string, unknown][] = [
    ['nil', null],
    ['[true false]', [true, false]],
    ['(1 -2 +3 0 -0)', [1, -2, 3, 0, -0]],
    ['4N', 4],
    ['123456789012345678901234567890', '123456789012345678901234567890'],
    ['9007199254740993N', '9007199254740993'],
    ['[1e05 1.5E-007M 1e00]', [1e5, 1.5e-7, 1]],
    ['[3.0M 2.5 1e3 1.5E-2 -0.0 12e+3M]', [3, 2.5, 1000, 0.015, -0, 12000]],
    ['"a\\tb\\n\\"c\\" \\\\ \\u00e9"', 'a\tb\n"c" \\ é'],
    ['"two\nlines"', 'two\nlines'],
    [
      '[\\a \\} \\{ \\" \\; \\\\ \\, \\newline \\space \\u0041 \\é \\😀]',
      ['a', '}', '{', '"', ';', '\\', ',', '\n', ' ', 'A', 'é', '😀'],
    ],
    ['[\\a\\b]', ['a', 'b']],
    ['[:a :a/b :target-files :x.y/z :+ :1]', ['a', 'a/b', 'target-files', 'x.y/z', '+', '1']],
    ['[a a/b / - + -a .x *x* <= foo?]', ['a', 'a/b', '/', '-', '+', '-a', '.x', '*x*', '<=', 'foo?']],
    ['#{1 2 "2" :2 two}', [1, 2, '2', '2', 'two']],
    ['{:a 1, :b {"c" [nil]}}', { a: 1, b: { c: [null] } }],
    ['{:a 1 "a" 2}', { a: 2 }],
    ['{[1 2] :vector}', { '[1 2]': 'vector' }],
    ['#inst "2026-01-02T03:04:05Z"', '2026-01-02T03:04:05Z'],
    ['#my.app/Thing {:a 1}', { a: 1 }],
    ['[1 #_2 3 #_ #_ 4 5 6]', [1, 3, 6]],
    ['#_ignored {:a #_{:b} {:c 1}}', undefined],
    ['; a comment\n[1 ; another }\n]; the last', [1]],
    ['\uFEFF{:a 1}', { a: 1 }],
    ['{:a\r\n1\r\n}', { a: 1 }],
    [',,, 1 ,,,', 1],
    ['{}', {}],
  ]
  for (const [text, value] of cases) {
    if (value !== undefined) it(JSON.stringify(text), () => expect(readEdn(text).value).toEqual(value))
  }

  it('with a map after a discarded form', () => {
    expect(readEdn('#_ignored {:a #_{:b 1} {:c 1}}').value).toEqual({ a: { c: 1 } })
  })
})

describe('what is not EDN is refused with its line', () => {
  const cases: [string, string][] = [
    ['', '1: there is nothing in it'],
    [' ; only a comment', '1: there is nothing in it'],
    ['{:a 1', '1: `{` is never closed'],
    ['{:a\n [1 2}', '2: `}` does not close `[`'],
    ['{:a 1}\n}', '2: `}` closes nothing'],
    [']', '1: `]` closes nothing'],
    ['{:a 1}\n\n{:b 2}', '3: a second form follows the first'],
    ['{:a 1 :b}', '1: the map has a key without a value: `:b`'],
    ['{:a 1\n :b 2\n :a 3}', '3: the map has this key twice: `:a`'],
    ['{"a" 1 "a" 2}', '1: the map has this key twice: `"a"`'],
    ['#{1 2 1}', '1: the set has it twice: `1`'],
    ['"abc', '1: the string is never closed'],
    ['\n"a\\qb"', '2: `\\q` is not an escape of a string'],
    ['"\\u12"', '1: `\\u12"` is not a character'],
    ['[12abc]', '1: `12abc` is not a number'],
    ['[1.]', '1: `1.` is not a number'],
    ['[007]', '1: `007` is not a number'],
    ['[1/2]', '1: `1/2` is not a number'],
    ['[1.5N]', '1: `1.5N` is not a number'],
    ['a'.repeat(1001), '1: a word is longer than 1000 characters'],
    ['##Inf', '1: `##` is not EDN'],
    ['#"regex"', '1: `#"` is not EDN'],
    ['[:]', '1: `:` is not a keyword'],
    ['[::a]', '1: `::a` is not a keyword'],
    ['[a/b/c]', '1: `a/b/c` is not EDN'],
    ['[\\abc]', '1: `\\abc` is not a character'],
    ['[\\ ]', '1: nothing follows the backslash of a character'],
    ['[1 #_]', '1: discards nothing: a form must follow `#_`'],
    ['#tag', '1: nothing follows the tag `#tag`'],
    ['@a', '1: `@a` is not EDN'],
    ['a"b"', '1: `a"` is not EDN'],
    ['\u0000', '1: `\u0000` is not EDN'],
  ]
  for (const [text, reason] of cases) it(JSON.stringify(text).slice(0, 60), () => expect(fault(text)).toBe(reason))

  it('brackets that are nested without end', () => {
    expect(fault('['.repeat(500_000))).toMatch(/nested more than 200 deep/)
    expect(fault('#_ '.repeat(100_000))).toMatch(/nested more than 200 deep/)
    expect(fault('#a '.repeat(100_000))).toMatch(/nested more than 200 deep/)
  })
})

describe('a string that we write', () => {
  it('reads back as it was, on one line', () => {
    const text = 'a"b\\c\nd\te\r\u0000\u2028\u{1F600} }{'
    expect(readEdn(writeString(text)).value).toBe(text)
    expect(writeString(text)).not.toMatch(/[\n\r]/)
  })
})
