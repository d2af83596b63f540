// Names of files and refs are bytes, and ours are strings: a byte that is not part of UTF-8 is one half of a surrogate
// pair, as in Python (PEP 383, `surrogateescape`). All other text is as ever, and the way back is exact, also through
// JSON. See docs/decisions/0016-names-are-bytes.md.

import { isUtf8 } from 'node:buffer'
import path from 'node:path'

/** U+DC80 to U+DCFF stand for the bytes 0x80 to 0xff. No UTF-8 has them. */
const BYTES = 0xdc00

/** Each whole character of UTF-8 beyond ASCII, or else a single byte, in a text of one character for each byte. */
const CHARACTERS =
  /[\xc2-\xdf][\x80-\xbf]|\xe0[\xa0-\xbf][\x80-\xbf]|\xed[\x80-\x9f][\x80-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]{2}|\xf0[\x90-\xbf][\x80-\xbf]{2}|[\xf1-\xf3][\x80-\xbf]{3}|\xf4[\x80-\x8f][\x80-\xbf]{2}|[\x80-\xff]/g

/** What git wrote, as a string that can be turned back to the same bytes. */
export function fromBytes(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (isUtf8(buffer)) return buffer.toString('utf8')
  return buffer
    .toString('latin1')
    .replace(CHARACTERS, (one) =>
      one.length === 1 ? String.fromCharCode(BYTES + one.charCodeAt(0)) : Buffer.from(one, 'latin1').toString('utf8'),
    )
}

/** The bytes of a string of `fromBytes`, or of any other. */
export function toBytes(text: string): Buffer {
  if (isText(text)) return Buffer.from(text, 'utf8')
  const parts = text.split(/([\udc80-\udcff]+)/u)
  return Buffer.concat(
    parts.map((part, at) =>
      at % 2 === 0 ? Buffer.from(part, 'utf8') : Buffer.from(part.replace(/./gs, rawByte), 'latin1'),
    ),
  )
}

/** Whether a string holds no byte that is not text: then it is itself for every function of Node. */
export function isText(text: string): boolean {
  return !/[\udc80-\udcff]/u.test(text)
}

/** As people read it: such a byte as `\xe9`. */
export function showBytes(text: string): string {
  if (isText(text)) return text
  return text.replace(/[\udc80-\udcff]/gu, (one) => `\\x${(one.charCodeAt(0) - BYTES).toString(16)}`)
}

/** A path, joined of parts, for `node:fs`: that takes it as a string only if it is text. */
export function onDisk(...parts: readonly string[]): string | Buffer {
  const full = path.join(...parts)
  return isText(full) ? full : toBytes(full)
}

function rawByte(one: string): string {
  return String.fromCharCode(one.charCodeAt(0) - BYTES)
}
