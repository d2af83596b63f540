// What a kind of document with tasks says of itself: how its tasks are read from its text, how an edit is written in it.

import type { Task } from '../../words.js'
import type { Claim, Completion, Records, TaskProblem, TaskState } from '../contract.js'

/** The text of each file, by its name below the document's path: `''` where the path is the file itself. */
export type Texts = ReadonlyMap<string, string>

/** A task as it stands in the text. */
export interface Entry {
  readonly task: Task
  readonly state: TaskState
  /** The name of its file. */
  readonly file: string
  /** Held back by the one who wrote it. */
  readonly blocked?: boolean
  /** Complete by a mark where it stands, and not yet where complete tasks are. */
  readonly isTicked?: boolean
}

export interface Document {
  /** Empty if none of its files is there. */
  readonly texts: Texts
  /** In the order in which they are listed. */
  readonly entries: readonly Entry[]
  /** `path` is the name of a file. */
  readonly problems: readonly TaskProblem[]
}

/** What a completion writes of a task, as the format has it: into the commit and onto the disk the same. */
export type Written = unknown

/** Where a document is on disk. */
export interface DocumentPlace {
  /** The main checkout, absolute. */
  readonly root: string
  /** What its files may not lead out of. */
  readonly top: string
  /** The folder of its files, or the file itself; absolute. */
  readonly path: string
  readonly records: Records
  /** The path of one of its files. */
  file(name: string): string
}

/**
 * A kind of document. What it is given it has made itself, so its parameters may be documents, entries and `Written` of its
 * own types. Edits are pure: they give the texts as they are to be, or nothing where nothing changes.
 */
export interface Format {
  readonly name: string
  /** The names of its files. */
  readonly files: readonly string[]
  /**
   * The file to which a claim moves its task; a commit never has one in it. Without it claims and notes are records beside
   * the document, which changes only by completions and new tasks.
   */
  readonly held?: string
  /** Parts of messages: where its tasks are, why a claim is not one any more, why a held task is nobody's. */
  readonly says: { where(path: string): string; readonly gone: string; readonly unclaimed: string }
  read(texts: Texts): Promise<Document>
  /** What tells a task from another version of itself. */
  content(entry: Entry): string
  /** Since when a task is current that no record names, ms. */
  sinceMs(entry: Entry, path: string): number | undefined
  /** Where the task is claimed, or taken over. */
  hold(doc: Document, entry: Entry): Promise<Texts | undefined>
  /** Back to pending, from wherever it is. */
  release(doc: Document, entry: Entry, notes: string | undefined): Promise<Texts | undefined>
  written(entry: Entry, claim: Claim, completion: Completion): Written
  /** The same of a task that is complete. */
  writtenIn(entry: Entry): Written
  /** With these tasks complete that are not; by id. */
  complete(doc: Document, done: ReadonlyMap<string, Written>): Promise<Texts>
  /** Writes what is missing into a task that its holder has called complete by hand. */
  amend?(doc: Document, entry: Entry, written: Written): Texts
  /** With more tasks as pending ones, those of another document as they stand there. */
  add(doc: Document, tasks: readonly (Entry | { readonly task: Task })[]): Promise<Texts>
  /** After a crash: `left` are complete in `target`, and here not. */
  recovered(doc: Document, left: readonly Entry[], target: Document): Promise<Texts>
  /** Whether two documents differ in nothing but tasks of workers; else that is so if new and complete ones are all. */
  isOurs?(before: Document, after: Document, ours: ReadonlySet<string>): boolean
  /** `before` with the tasks of workers as `disk` has them; else all of `disk`, where all that differs is ours. */
  ours?(before: Document, disk: Document, ours: ReadonlySet<string>): Texts
  /**
   * Writes the texts of several files so that a crash in between loses nothing.
   * @param id the task that changes, if it is one
   */
  write?(place: DocumentPlace, doc: Document, texts: Texts, id?: string): void
  /** Puts right what a crash in `write` has left. Under the lock. */
  finish?(place: DocumentPlace): void
}

/** Whether a task is where complete ones are. */
export function isDone({ state, isTicked }: Entry): boolean {
  return state === 'complete' && !isTicked
}

/** Names of the files whose texts differ; one that is not there is as an empty one. */
export function changedFiles(files: readonly string[], before: Texts, after: Texts): string[] {
  return files.filter((name) => (before.get(name) ?? '') !== (after.get(name) ?? ''))
}
