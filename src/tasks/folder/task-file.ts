// Reads one task file, whatever it is: never follows a link, never waits for a pipe, never loads a file of 100 MB.

import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import { isErrno, messageOf } from '../../errors.js'
import { isText } from '../../files/bytes.js'
import { lineAt, SyntaxFault } from '../../files/form.js'
import type { Task } from '../../words.js'
import { decodeTask } from '../decode.js'
import { readForm } from '../edit-task.js'
import { symbolKey } from '../edn.js'
import { formatOf, MAX_NAME } from './names.js'

/** More than any task needs; the whole folder is read at every start. */
const MAX_BYTES = 1024 * 1024

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

export type FileContent =
  | { readonly ok: true; readonly task: Task; readonly text: string; readonly remarks: readonly string[] }
  | { readonly ok: false; readonly reason: string; readonly line?: number }

/** The task in a file, or why there is none; undefined if the file has gone. */
export function readTaskFile(file: string, name: string): FileContent | undefined {
  if (Buffer.byteLength(name) > MAX_NAME) return refused(`its file name is longer than ${MAX_NAME} bytes`)
  if (!isText(name)) return refused('its file name is not UTF-8: rename it')
  let bytes: Buffer | string
  try {
    bytes = readBounded(file)
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined
    if (isErrno(error, 'ELOOP', 'EMLINK')) return refused('it is a symbolic link')
    return refused(`it cannot be read: ${messageOf(error)}`)
  }
  return typeof bytes === 'string' ? refused(bytes) : parseTask(bytes, name)
}

/** The task in the bytes of a file of this name. */
export function parseTask(bytes: Uint8Array, name: string): FileContent & { readonly ok: boolean } {
  let text: string
  try {
    text = decoder.decode(bytes)
  } catch {
    return refused('it is not UTF-8 text')
  }
  try {
    const form = readForm(text, formatOf(name))
    const symbol = symbolKey(text, form)
    if (symbol)
      return refused(`its key \`${symbol.key}\` is a symbol: write \`:${symbol.key}\``, lineAt(text, symbol.keyStart))
    const decoded = decodeTask(form.value, name.replace(/\.(edn|json)$/, ''))
    return 'reason' in decoded ? refused(decoded.reason, 1) : { ok: true, text, ...decoded }
  } catch (error) {
    if (error instanceof SyntaxFault) return refused(error.message, lineAt(text, error.offset))
    throw error
  }
}

function refused(reason: string, line?: number): { ok: false; reason: string; line?: number } {
  return line === undefined ? { ok: false, reason } : { ok: false, reason, line }
}

/** The bytes of a regular file, or why they are not read. */
function readBounded(file: string): Buffer | string {
  const fd = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  try {
    const stat = fstatSync(fd)
    if (!stat.isFile()) return stat.isDirectory() ? 'it is a folder' : 'it is not a regular file'
    if (stat.size > MAX_BYTES) return `it has ${(stat.size / 1e6).toFixed(1)} MB: a task has at most 1 MB`
    const buffer = Buffer.allocUnsafe(stat.size)
    let length = 0
    for (;;) {
      const read = readSync(fd, buffer, length, stat.size - length, length)
      length += read
      if (read === 0 || length === stat.size) return buffer.subarray(0, length)
    }
  } finally {
    closeSync(fd)
  }
}
