// Notes of a task: what earlier attempts left, where their work is, the last feedback.

import path from 'node:path'
import { clearPlace, entriesOf, replaceOwn, textOf } from '../files/own.js'
import { fileStem } from './decode.js'
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

/** Notes are kept beside the claim records where the store's file should not change with every attempt. */
function notesFile(folder: string, id: string): string {
  return path.join(folder, `${fileStem(id)}.notes`)
}

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
