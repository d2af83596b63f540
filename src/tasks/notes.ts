// Notes of a task: what earlier attempts left, where their work is, the last feedback.

import path from 'node:path'
import { clearPlace, entriesOf, replaceOwn, textOf } from '../files/own.js'
import type { ClaimRecord, Records } from './contract.js'
import { fileStem } from './decode.js'
import { readHistory } from './history.js'
import { makeStateFolder } from './records.js'

/** Notes longer than this lose their beginning: they go into a prompt. */
const MAX_NOTES = 16_000

/** `notes` with one more, on lines of its own; undefined if there is nothing to add. */
export function withNote(
  notes: string | undefined,
  note: string,
  by: string,
  at = new Date().toISOString(),
): string | undefined {
  const text = note.trim()
  if (text === '') return undefined
  const all = [...(notes?.trim() ? [notes.trimEnd()] : []), `${at} ${by}: ${text}`].join('\n')
  return all.length <= MAX_NOTES ? all : `…${all.slice(all.length - MAX_NOTES)}`
}

function notesFile(folder: string, id: string): string {
  return path.join(folder, `${fileStem(id)}.notes`)
}

/** Notes that are kept beside the claim records, for a store whose file should not change with every attempt. */
/** The stems of tasks that have notes: one look at the folder, and not one for each task. */
export function notedIn(root: string, folder: string): ReadonlySet<string> {
  return new Set(
    entriesOf(root, folder).flatMap(({ name }) => (name.endsWith('.notes') ? name.slice(0, -'.notes'.length) : [])),
  )
}

export function readNotes(folder: string, id: string): string | undefined {
  return textOf(notesFile(folder, id))?.trimEnd() || undefined
}

export function writeNotes(root: string, folder: string, id: string, notes: string): void {
  makeStateFolder(root, folder)
  const file = notesFile(folder, id)
  clearPlace(file)
  replaceOwn(root, file, `${notes}\n`)
}

// Whether a claim still stands whose record is missing. `rm -rf .oompa/claims` and `git clean -fdx` take the records of a
// swarm that is at work: what a process claimed itself is its own all the same, and its record is written again.

/**
 * The record of who holds what `key` names. A record that is missing is written again if this process has written it for
 * this fence, and nobody has ended the claim since: whoever ends one says so in the history.
 */
export function standing(root: string, records: Records, key: string, fence: string): ClaimRecord | undefined {
  const record = records.read(key)
  if (record) return record
  const own = records.own(key)
  if (own?.fence !== fence || hasEnded(root, own)) return undefined
  records.restore(key, own)
  return records.read(key)
}

const ENDS = new Set(['released', 'taken', 'completed', 'reopened'])

function hasEnded(root: string, { id, since }: ClaimRecord): boolean {
  return readHistory(root).some((entry) => entry.task === id && ENDS.has(entry.type) && entry.at >= since)
}
