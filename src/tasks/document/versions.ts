// Puts versions of a document together: as a commit has it, with what another has complete or added, and two histories.

import path from 'node:path'
import { fromBytes, toBytes } from '../../files/bytes.js'
import type { StatusHistory, TreeEdit } from '../../words.js'
import { fileAt } from '../tracked/task-tree.js'
import { changedFiles, type Document, type Entry, type Format, isDone, type Texts } from './contract.js'
import type { OpenDocument } from './opened.js'

/** Where one of its files stands below the root, as git names it. */
export function pathOf({ tree }: { readonly tree: string }, file: string): string {
  return path.posix.join(tree, file)
}

export function pathsOf(open: OpenDocument): string[] {
  return open.format.files.map((file) => pathOf(open, file))
}

/** The document of a commit, or of a ref; without texts where the commit has none of it. */
export async function documentAt(open: OpenDocument, commit: string, root = open.root): Promise<Document> {
  const found = await Promise.all(
    open.format.files.map(async (file) => ({ file, bytes: await fileAt(root, commit, pathOf(open, file)) })),
  )
  return open.format.read(new Map(found.flatMap(({ file, bytes }) => (bytes ? [[file, fromBytes(bytes)]] : []))))
}

export function idsOf(entries: readonly Entry[]): Set<string> {
  return new Set(entries.map(({ task }) => task.id))
}

/** Edits that make one document of a commit the other. */
export function edits(open: OpenDocument, before: Texts, after: Texts): TreeEdit[] {
  return changedFiles(open.format.files, before, after).map((file) => editOf(open, file, after))
}

function editOf(open: OpenDocument, file: string, texts: Texts): TreeEdit {
  return { path: pathOf(open, file), content: toBytes(texts.get(file) ?? '') }
}

type IsWanted = (id: string) => boolean

/** `doc` with those new tasks of `like` that are wanted, as pending ones and in their order. */
export async function withNew(format: Format, doc: Document, like: Document, isWanted: IsWanted): Promise<Document> {
  const there = idsOf(doc.entries)
  // Of a document that changes by completions alone all of them: it is then the same here and there, and nothing is left.
  const open = format.held === undefined ? like.entries : like.entries.filter((entry) => !isDone(entry))
  const fresh = open.filter(({ task: { id } }) => isWanted(id) && !there.has(id))
  return fresh.length === 0 ? doc : format.read(await format.add(doc, fresh))
}

/** The same, and with the tasks complete that `like` has complete. */
export async function grown(format: Format, doc: Document, like: Document, isWanted: IsWanted): Promise<Texts> {
  const now = await withNew(format, doc, like, isWanted)
  const done = idsOf(now.entries.filter(isDone))
  const more = like.entries.filter((entry) => isDone(entry) && !done.has(entry.task.id))
  return format.complete(now, new Map(more.map((entry) => [entry.task.id, format.writtenIn(entry)])))
}

/** For two clones that have gone on with the same document: each has only completed and added tasks, or it is a conflict. */
export function history(open: OpenDocument): StatusHistory {
  const { format } = open
  const trimmed = (texts: Texts) => new Map([...texts].map(([file, text]) => [file, text.trim()]))
  /** `onto` with what `to` has complete or added since `from`; undefined if it has more than that. */
  const moved = async (from: Document, to: Document, onto: Document): Promise<Texts | undefined> => {
    if (format.held === undefined && [from, to, onto].some(({ texts }) => texts.size === 0)) return undefined
    const known = idsOf(from.entries)
    const move = (doc: Document) => grown(format, doc, to, (id) => !known.has(id))
    const rest = changedFiles(format.files, trimmed(await move(from)), trimmed(to.texts))
    return rest.length === 0 ? move(onto) : undefined
  }
  return {
    isStatus: (file) => pathsOf(open).includes(file),
    completeIn: async (commit) => idsOf((await documentAt(open, commit)).entries.filter(isDone)),
    async merged({ base, ours, theirs }) {
      const [was, mine, others] = await Promise.all([base, ours, theirs].map((one) => documentAt(open, one)))
      const texts = (await moved(was!, mine!, others!)) ?? (await moved(was!, others!, mine!))
      return texts && format.files.map((file) => editOf(open, file, texts))
    },
  }
}
