// Makes text of agents and files harmless on a terminal: it can neither move the cursor, colour, nor reorder a line.

import { isText, showBytes } from '../files/bytes.js'

/** Complete escape sequences: CSI, OSC and the other string sequences with their end, and two-byte ones. */
const SEQUENCES =
  // An unfinished string sequence is not matched, so that one stray byte cannot swallow the rest of the text.
  /\x1b\[[0-?]*[ -/]*[@-~]|\x1b[\]P^_X][^\x07\x1b\n]*(?:\x07|\x1b\\)|\x9b[0-?]*[ -/]*[@-~]|\x1b[ -/]+[0-~]|\x1b[0-Z\\^-~]/g

/** Controls, what turns the direction of writing, invisible separators and tags, and halves of characters. */
const HARMFUL =
  /[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028\u2029\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\u{e0001}\u{e0020}-\u{e007f}\ud800-\udfff]/gu

/**
 * What a quick look stops at: every harmful character is among these (a surrogate may be). Agents print a megabyte a
 * second; with this look a megabyte of plain text takes 2 ms, without it 18.
 */
const SUSPECT = /[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff]/

/** Text as one harmless line: escape sequences are left out, other harmful characters are shown by their code. */
export function escapeText(text: unknown): string {
  const line = typeof text === 'string' ? text : text === undefined || text === null ? '' : String(text)
  if (!SUSPECT.test(line)) return line
  let out = /[\x1b\x9b]/.test(line) ? line.replace(SEQUENCES, '') : line
  if (!SUSPECT.test(out)) return out
  if (/[\r\n]/.test(out)) out = joined(out.split(/[\r\n]+/))
  return out.replace(/\t/g, '  ').replace(HARMFUL, visible)
}

/** Lines as one, with one space where they met. Not by a pattern of blanks: that begins anew at each of them. */
function joined(lines: readonly string[]): string {
  const last = lines.length - 1
  const parts = lines.map((line, index) => {
    if (index === 0) return line.trimEnd()
    return index === last ? line.trimStart() : line.trim()
  })
  return parts.filter((part, index) => index === 0 || index === last || part !== '').join(' ')
}

/** Text as harmless lines; a lone carriage return ends a line too, as progress bars use it. */
export function escapeLines(text: string): string[] {
  return text
    .replace(/\r+/g, '\r')
    .split(/\r?\n|\r/)
    .map(escapeText)
}

function visible(character: string): string {
  const code = character.codePointAt(0) ?? 0
  if (code >= 0xd800 && code <= 0xdfff) return isText(character) ? '\ufffd' : showBytes(character)
  return code <= 0xff ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`
}
