// Changes keys of a task file in its text: comments, order, indentation, line ends and a byte order mark stay.

import type { Entry, Form } from '../files/form.js'
import { readJson } from '../files/json.js'
import type { Completion } from './contract.js'
import { canonicalKey } from './decode.js'
import { readEdn, writeString } from './edn.js'

export type Format = 'edn' | 'json'

export type FieldValue = string | number

/** The one form of a text in its format. */
export function readForm(text: string, format: Format): Form {
  return format === 'edn' ? readEdn(text) : readJson(text)
}

/**
 * Sets keys of the map that `text` holds: a key that is there (in any spelling) gets the new value in its place, others
 * are added at the end in the map's own layout.
 * @throws SyntaxFault if the text is not of its format
 */
export function setFields(
  text: string,
  format: Format,
  fields: Readonly<Record<string, FieldValue | undefined>>,
): string {
  let edited = text
  for (const [key, value] of Object.entries(fields)) {
    if (value !== undefined) edited = setField(edited, format, key, value)
  }
  return edited
}

/** What completion writes (docs/contract.md). */
export function completionFields(completion: Completion): Record<string, FieldValue | undefined> {
  return {
    'completed-by': completion.by,
    'completed-at': completion.at,
    'review-rounds': completion.reviewRounds,
    'merged-commit': completion.mergedCommit,
    notes: completion.notes,
  }
}

function setField(text: string, format: Format, key: string, value: FieldValue): string {
  const map = readForm(text, format)
  const entries = map.entries ?? []
  const written = write(value, format)
  const there = entries.findLast((entry) => canonicalKey(entry.key) === canonicalKey(key))
  if (there) return text.slice(0, there.value.start) + written + text.slice(there.value.end)
  const pair = format === 'edn' ? `:${key} ${written}` : `${JSON.stringify(key)}: ${written}`
  return append(text, map, format, pair)
}

function write(value: FieldValue, format: Format): string {
  if (typeof value === 'number') return String(value)
  return format === 'edn' ? writeString(value) : JSON.stringify(value)
}

/** Adds a pair before the closing bracket, on a line of its own where the map has lines. */
function append(text: string, map: Form, format: Format, pair: string): string {
  const close = map.end - 1
  const entries = map.entries ?? []
  const last = entries.at(-1)
  if (!last) return `${text.slice(0, close).trimEnd()}${pair}${text.slice(close)}`
  const inside = text.slice(map.start, close)
  const newline = inside.includes('\r\n') ? '\r\n' : '\n'
  if (format === 'json') {
    const separator = inside.includes('\n') ? `,${newline}${indentation(text, entries)}` : ', '
    return text.slice(0, last.value.end) + separator + pair + text.slice(last.value.end)
  }
  // Of EDN a comment may follow the last value: the new pair goes behind it, on its own line.
  const at = map.start + inside.trimEnd().length
  if (inside.includes('\n') || text.slice(last.value.end, at).includes(';')) {
    return `${text.slice(0, at)}${newline}${indentation(text, entries)}${pair}${text.slice(at)}`
  }
  return `${text.slice(0, at)}${/,\s*$/.test(text.slice(entries[0]!.value.end, entries[1]?.keyStart)) ? ', ' : ' '}${pair}${text.slice(at)}`
}

/** Blanks that put a key under the keys that begin a line. */
function indentation(text: string, entries: readonly Entry[]): string {
  // Only the first key after a line end can stand at the beginning of a line.
  let model: string | undefined
  let from = entries[0] ? text.lastIndexOf('\n', entries[0].keyStart - 1) + 1 : 0
  for (const { keyStart } of entries) {
    const line = text.slice(from, keyStart)
    const start = line.lastIndexOf('\n') + 1
    if (model === undefined) model = line
    if ((start > 0 || from === 0 || text[from - 1] === '\n') && /^[\s,]*$/.test(line.slice(start)))
      model = line.slice(start)
    from = keyStart
  }
  return (model ?? '').replace(/[^\t]/g, ' ')
}
