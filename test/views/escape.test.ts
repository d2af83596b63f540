import { expect, test } from 'vitest'
import { escapeLines, escapeText } from '../../src/views/escape.js'
import { cut, fill, widthOf } from '../../src/views/width.js'

test('escape sequences are left out and other controls shown, so that text cannot move the cursor', () => {
  expect(escapeText('\x1b[31mred\x1b[0m \x1b]0;title\x07x \x1b]8;;http://e\x1b\\y')).toBe('red x y')
  expect(escapeText('bell\x07 back\b nul\0 del\x7f')).toBe('bell\\x07 back\\x08 nul\\x00 del\\x7f')
  expect(escapeText('\x9b31mc1\x85')).toBe('c1\\x85')
  expect(escapeText('\x1b]52;c;unfinished and more')).toBe('\\x1b]52;c;unfinished and more')
})

test('no escaped text holds a control, whatever went in', () => {
  for (let code = 0; code < 0x3000; code++) {
    const text = escapeText(`a${String.fromCodePoint(code)}[2Jb`)
    expect(text).not.toMatch(/[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]/)
  }
})

test('characters that reorder or hide text are shown by their code', () => {
  expect(escapeText('a\u202eb\u2066c\u200bd')).toBe('a\\u{202e}b\\u{2066}c\\u{200b}d')
  expect(escapeText(`tag\u{e0041}`)).toBe('tag\\u{e0041}')
  expect(escapeText('half \ud83d')).toBe('half \ufffd')
})

test('ordinary writing stays as it is', () => {
  for (const text of ['naïve café', '日本語', '👩‍👩‍👧 🇩🇪', 'עברית']) expect(escapeText(text)).toBe(text)
})

test('a line end becomes a space in one line and a new line in several', () => {
  expect(escapeText('a\r\n\n b\tc')).toBe('a b  c')
  expect(escapeLines('a\r\nb\rc\n')).toEqual(['a', 'b', 'c', ''])
})

test('what is not text is shown all the same', () => {
  expect([undefined, null, 7, { a: 1 }].map(escapeText)).toEqual(['', '', '7', '[object Object]'])
})

test('wide characters take two columns, combining ones none', () => {
  expect(['abc', '日本', 'é', 'e\u0301', '👍', '👩‍👩‍👧', '🇩🇪', '❤️', 'ﾊ'].map(widthOf)).toEqual([
    3, 4, 1, 1, 2, 2, 2, 2, 1,
  ])
})

test('text is cut by columns and never in the middle of a character', () => {
  expect(cut('abcdef', 6)).toBe('abcdef')
  expect(cut('abcdefg', 6)).toBe('abcde…')
  expect(cut('日本語日本語', 6)).toBe('日本…')
  expect(cut('👩‍👩‍👧👩‍👩‍👧👩‍👩‍👧', 5)).toBe('👩‍👩‍👧👩‍👩‍👧…')
  expect(cut('abc', 1)).toBe('…')
  expect(cut('abc', 0)).toBe('')
  expect(cut('x'.repeat(1e6), 10)).toBe(`${'x'.repeat(9)}…`)
  expect(widthOf(fill('日本', 7))).toBe(7)
  expect(fill('7', 3, 'right')).toBe('  7')
})
