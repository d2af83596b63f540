// Opens a document with tasks: reads it from disk or from a commit, runs work under its lock, writes what has changed.

import path from 'node:path'
import type { Records } from '../contract.js'
import { fileStem } from '../decode.js'
import { type HistoryEntry, record } from '../history.js'
import { notedIn, readNotes } from '../notes.js'
import { readTasksText, replaceFile, topOf, withLock } from '../one-file.js'
import { claimRecords } from '../records.js'
import { rootOf } from '../where.js'
import { changedFiles, type Document, type DocumentPlace, type Format, type Texts } from './contract.js'

/** Which document it is. */
export interface DocumentChoice {
  /** The main checkout; that of the hook which makes it, else `OOMPA_ROOT`, else the working directory. */
  readonly root?: string
  /** Its folder or file, below the main checkout or absolute. */
  path(root: string): string
  /** Where it stands below the root, with slashes, if `path` is a copy of that. */
  readonly copyOf?: string
  /** The records of its claims, if a copy shares them. */
  readonly records?: Records
}

/** A document, and what is kept of it between calls. */
export interface OpenDocument extends DocumentPlace {
  readonly format: Format
  /** Where it stands below the root, with slashes. */
  readonly tree: string
  /** Ids of tasks that agents asked for by their copies. */
  readonly asked: Set<string>
  say(entry: Omit<HistoryEntry, 'at'>): void
  /** As it is on disk, with the notes that are kept beside it. */
  read(): Promise<Document>
  /** Runs `work` on it while nobody else changes it. */
  locked<T>(work: (here: LockedDocument) => T | Promise<T>): Promise<T>
  /** Replaces the files whose texts are others now. @param id the task that changes, if it is one */
  write(doc: Document, texts: Texts | undefined, id?: string): void
}

/** A document as it was read under its lock. */
export interface LockedDocument extends OpenDocument {
  readonly doc: Document
}

export function openDocument(format: Format, choice: DocumentChoice): OpenDocument {
  const root = rootOf(choice.root)
  const place = path.resolve(root, choice.path(root))
  const top = topOf(root, place)
  // Beside lists in a folder there may be another store.
  const records =
    choice.records ?? claimRecords(root, format.files.includes('') ? place : path.join(place, format.name))
  const file = (name: string) => path.join(place, name)
  let last: Document | undefined
  const open: OpenDocument = {
    format,
    root,
    top,
    path: place,
    records,
    file,
    tree: choice.copyOf ?? path.relative(root, place).split(path.sep).join('/'),
    asked: new Set(),
    say: (entry) => record(root, entry),
    async read() {
      const found = format.files.map((name) => ({ name, ...readTasksText(top, file(name)) }))
      const texts = new Map(found.map(({ name, text }) => [name, text]))
      // A claim may not change it, and reading 5,000 nodes takes a second.
      if (!last || changedFiles(format.files, last.texts, texts).length > 0) last = await format.read(texts)
      const wrong = found.flatMap(({ name, wrong: reason }) =>
        reason ? { path: name, ...(name && { line: 1 }), reason: `${reason}: no task is read from it` } : [],
      )
      return { ...withNotes(root, records, format, last), problems: [...last.problems, ...wrong] }
    },
    locked(work) {
      return withLock(root, path.join(records.folder, 'lock'), async () => {
        format.finish?.(open)
        return work({ ...open, doc: await open.read() })
      })
    },
    write(doc, texts, id) {
      if (!texts) return
      if (format.write) format.write(open, doc, texts, id)
      else
        for (const name of changedFiles(format.files, doc.texts, texts))
          replaceFile({ top, path: file(name) }, texts.get(name)!)
    },
  }
  return open
}

/** Notes are kept beside a document that does not change with every attempt. */
function withNotes(root: string, records: Records, format: Format, doc: Document): Document {
  if (format.held !== undefined) return doc
  const noted = notedIn(root, records.folder)
  if (noted.size === 0) return doc
  const entries = doc.entries.map((entry) => {
    const { id } = entry.task
    const notes = noted.has(fileStem(id)) ? readNotes(records.folder, id) : undefined
    return notes === undefined ? entry : { ...entry, task: { ...entry.task, notes } }
  })
  return { ...doc, entries }
}
