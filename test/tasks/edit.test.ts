// Files are changed in their text: what a person wrote stays as it is.

import { describe, expect, it } from 'vitest'
import { lineAt, SyntaxFault } from '../../src/files/form.js'
import { readJson } from '../../src/files/json.js'
import { setFields } from '../../src/tasks/edit-task.js'

describe('EDN', () => {
  const cases: [string, string, string][] = [
    ['a map on one line', '{:id "a" :x 1}', '{:id "a" :x 1 :notes "n"}'],
    ['with commas', '{:id "a", :x 1}\n', '{:id "a", :x 1, :notes "n"}\n'],
    ['a map of lines', '{:id "a"\n :x 1}\n', '{:id "a"\n :x 1\n :notes "n"}\n'],
    ['a bracket on its own line', '{\n  :id "a"\n  :x 1\n}\n', '{\n  :id "a"\n  :x 1\n  :notes "n"\n}\n'],
    [
      'a comment behind the last value',
      '{:id "a" ; why\n :x 1 ; and } why\n}',
      '{:id "a" ; why\n :x 1 ; and } why\n :notes "n"\n}',
    ],
    ['a comment on the only line', '{:id "a" ; }\n}', '{:id "a" ; }\n :notes "n"\n}'],
    ['a discarded form at the end', '{:id "a" #_{:old 1}}', '{:id "a" #_{:old 1} :notes "n"}'],
    ['CRLF and a BOM', '\uFEFF{:id "a"\r\n :x 1}\r\n', '\uFEFF{:id "a"\r\n :x 1\r\n :notes "n"}\r\n'],
    ['no line end at the end', '{:id "a"\n :x 1}', '{:id "a"\n :x 1\n :notes "n"}'],
    ['a key that is there', '{:notes "old" ; c\n :id "a"}', '{:notes "n" ; c\n :id "a"}'],
    ['an empty map', '{}', '{:notes "n"}'],
    ['a form that is discarded first', '#_{:id 1} {:id "a"}', '#_{:id 1} {:id "a" :notes "n"}'],
    ['tabs', '{\n\t:id "a"\n}', '{\n\t:id "a"\n\t:notes "n"\n}'],
    ['a character that is a bracket', '{:id "a" :c \\}}', '{:id "a" :c \\} :notes "n"}'],
  ]
  for (const [name, before, after] of cases) {
    it(name, () => expect(setFields(before, 'edn', { notes: 'n' })).toBe(after))
  }

  it('another spelling of a key is that key', () => {
    expect(setFields('{:completed_by "x"}', 'edn', { 'completed-by': 'y', 'review-rounds': 2 })).toBe(
      '{:completed_by "y" :review-rounds 2}',
    )
  })
})

describe('JSON', () => {
  const cases: [string, string, string][] = [
    ['indented', '{\n  "id": "a",\n  "x": [1, 2]\n}\n', '{\n  "id": "a",\n  "x": [1, 2],\n  "notes": "n"\n}\n'],
    ['with tabs and CRLF', '{\r\n\t"id": "a"\r\n}', '{\r\n\t"id": "a",\r\n\t"notes": "n"\r\n}'],
    ['on one line', '{"id": "a"}', '{"id": "a", "notes": "n"}'],
    ['a key that is there', '{"notes": {"old": [1]}, "id": "a"}', '{"notes": "n", "id": "a"}'],
    ['a BOM', '\uFEFF{"id":"a"}', '\uFEFF{"id":"a", "notes": "n"}'],
  ]
  for (const [name, before, after] of cases) {
    it(name, () => expect(setFields(before, 'json', { notes: 'n' })).toBe(after))
  }

  it('is read as JSON.parse does, and refused with the line', () => {
    for (const text of ['{"a":[1,-2.5e3,null,true,{"b":"\\u00e9\\n"}],"c":{}}', ' [ ] ', '"x"', '0']) {
      expect(readJson(text).value).toEqual(JSON.parse(text))
    }
    const bad: [string, string][] = [
      ['{"a": 1,}', '1: there is a comma before the closing `}`'],
      ['{1: 2}', '1: a key in double quotes is expected'],
      ['{\n"a" 1}', '2: a `:` is missing after the key'],
      ['[1\n2]', '2: a comma is missing'],
      ['{"a":1}\nx', '2: `x` is not JSON here'],
      ['{}\n{}', '2: something follows the value'],
      ['{"a":\n', '2: it ends too early'],
      ['[01]', '1: `01` is not JSON here'],
      ['["a\nb"]', '1: the string is not closed on its line'],
      ['{"a":1,\n"a":2}', '2: the object has this key twice: "a"'],
      ['[tru]', '1: `tru` is not JSON here'],
      ['{"a": [1, 2}', '1: a comma is missing'],
    ]
    for (const [text, reason] of bad) expect(fault(text)).toBe(reason)
  })

  it('is refused where JSON.parse refuses it', () => {
    const bad = [
      '',
      '\uFEFF',
      ' \n',
      '-',
      '+1',
      '.5',
      '1.',
      '1e',
      '-01',
      '0x1',
      '1a',
      'nulls',
      'NaN',
      "'a'",
      'a',
      '1 2',
      '[1,]',
    ]
    const more = [
      '[,]',
      '[1,,2]',
      '[',
      ']',
      '{"a"}',
      '{"a":}',
      '{"a":1,}',
      '{,}',
      '{"a":1 "b":2}',
      '{"a":1;}',
      '[1 // x\n]',
    ]
    const strings = [
      '"\t"',
      '"\u0001"',
      '"\\x"',
      '"\\u12g4"',
      '"a',
      '"\\',
      '# x\n1',
      '/* x */ 1',
      '1 /',
      '\u00a01',
      '\f1',
      '{a:1}',
    ]
    for (const text of [...bad, ...more, ...strings]) {
      expect(() => JSON.parse(text), text).toThrow()
      expect(fault(text), text).toMatch(/^\d+: ./)
    }
  })
})

/** Why a JSON text is refused, and its line. */
function fault(text: string): string | undefined {
  try {
    readJson(text)
    return undefined
  } catch (error) {
    if (error instanceof SyntaxFault) return `${lineAt(text, error.offset)}: ${error.message}`
    throw error
  }
}
