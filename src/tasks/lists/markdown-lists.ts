// Markdown lists as a document with tasks: `tasks/{pending,in_progress,complete}.md`. A claim moves an item to the next.

import { statSync } from 'node:fs'
import type { Task } from '../../words.js'
import type { Completion, TaskState, TaskStore } from '../contract.js'
import type { Document, Entry, Format, Texts } from '../document/contract.js'
import { documentStore } from '../document/document-store.js'
import { completionFields } from '../edit-task.js'
import {
  type Item,
  readItems,
  setChecked,
  setFacts,
  withItem,
  withoutItem,
  withoutItems,
  writeItem,
} from './markdown.js'
import { finishMove, writeLists } from './moving.js'

const PENDING = 'pending.md'
const HELD = 'in_progress.md'
const DONE = 'complete.md'
const STATES: Readonly<Record<string, TaskState>> = { [PENDING]: 'pending', [HELD]: 'current', [DONE]: 'complete' }
const FILES = Object.keys(STATES)

interface ListEntry extends Entry {
  readonly item: Item
}

interface Lists extends Document {
  readonly entries: readonly ListEntry[]
}

/**
 * The store of three markdown lists.
 * @param folder below the main checkout, or absolute
 * @param root the main checkout; that of the hook which makes it, else `OOMPA_ROOT`, else the working directory
 */
export function markdownLists(folder = 'tasks', root?: string): TaskStore {
  return documentStore(lists, { root, path: () => folder })
}

const lists: Format = {
  name: 'lists',
  files: FILES,
  held: HELD,
  says: {
    where: (folder) => `in the lists of ${folder}`,
    gone: 'it is not in progress any more',
    unclaimed: 'it was claimed without a record',
  },
  read: async (texts) => readLists(texts),
  content: ({ item }: ListEntry) => item.block,
  // At least since the list was last written.
  sinceMs: (_, path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs,
  hold: async (doc: Lists, entry: ListEntry) =>
    entry.file === HELD ? undefined : moved(doc, entry, HELD, entry.item.block),
  async release(doc: Lists, entry: ListEntry, notes) {
    const { block } = entry.item
    return moved(doc, entry, PENDING, setChecked(notes === undefined ? block : setFacts(block, { notes }), false))
  },
  written: ({ item }: ListEntry, _, completion) => completedBlock(item, completion),
  writtenIn: ({ item }: ListEntry) => item.block,
  complete: async ({ texts }, done: ReadonlyMap<string, string>) =>
    [...done].reduce((now, [id, block]) => withComplete(now, id, block), texts),
  amend: (doc: Lists, entry: ListEntry, block: string) => moved(doc, entry, entry.file, block),
  add: async ({ texts, entries }: Lists, tasks: readonly (ListEntry | { readonly task: Task })[]) =>
    tasks.reduce<Texts>((now, one) => {
      const block = 'item' in one ? one.item.block : writeItem(one.task, isPlain(entries, one.task))
      return withText(now, PENDING, (text) => withItem(text, block))
    }, texts),
  async recovered({ texts }, left: readonly ListEntry[], target: Lists) {
    const rest = FILES.reduce((now, file) => {
      const items = left.flatMap((entry) => (entry.file === file ? entry.item : []))
      return items.length > 0 ? withText(now, file, (text) => withoutItems(text, items)) : now
    }, texts)
    const ids = new Set(left.map(({ task }) => task.id))
    const done = target.entries.filter(({ file, task }) => file === DONE && ids.has(task.id))
    return done.reduce((now, { task, item }) => withComplete(now, task.id, item.block), rest)
  },
  isOurs: (before, after, ours) =>
    FILES.every((file) => isOnlyOurs(ours, before.texts.get(file) ?? '', after.texts.get(file) ?? '')),
  ours: oursIn,
  write: writeLists,
  finish: finishMove,
}

function readLists(texts: Texts): Lists {
  const found = FILES.map((file) => ({ file, ...readItems(texts.get(file) ?? '') }))
  const all = found.flatMap(({ file, items }) =>
    items.map((item): ListEntry => {
      const { task, checked } = item
      // One with a ticked box is complete in whatever list it stands.
      return { task, file, item, state: checked ? 'complete' : STATES[file]!, isTicked: checked && file !== DONE }
    }),
  )
  return {
    texts,
    entries: [...all.filter(({ isTicked }) => !isTicked), ...all.filter(({ isTicked }) => isTicked)],
    problems: found.flatMap(({ file, problems }) => problems.map((problem) => ({ path: file, ...problem }))),
  }
}

function withText(texts: Texts, file: string, change: (text: string) => string): Texts {
  return new Map([...texts, [file, change(texts.get(file) ?? '')]])
}

/** With an item in this list, as `block` says it from now on; where it stands if it is in it already. */
function moved({ texts }: Lists, { file, item }: ListEntry, to: string, block: string): Texts {
  if (file === to) return withText(texts, file, (text) => text.slice(0, item.start) + block + text.slice(item.end))
  const without = withText(texts, file, (text) => withoutItem(text, item))
  return withText(without, to, (text) => withItem(text, block))
}

function withComplete(texts: Texts, id: string, block: string): Texts {
  const own = readLists(texts).entries.filter(({ task }) => task.id === id)
  const open = own.find(({ file }) => file === HELD) ?? own.find(({ file }) => file === PENDING)
  const rest = open ? withText(texts, open.file, (text) => withoutItem(text, open.item)) : texts
  return own.some(({ file }) => file === DONE) ? rest : withText(rest, DONE, (text) => withItem(text, block))
}

/** An item with what completion writes; notes are added to those that are there. */
function completedBlock(item: Item, completion: Completion): string {
  const before = item.task.notes
  const notes = completion.notes && before ? `${before.trimEnd()}\n${completion.notes}` : completion.notes
  return setFacts(setChecked(item.block, true), completionFields({ ...completion, notes }))
}

/** Whether a new item has no box: as the others, unless its own words begin with one. */
function isPlain(entries: readonly ListEntry[], task: Task): boolean {
  const others = entries.filter(({ file }) => file === PENDING)
  return (
    others.length > 0 && others.every(({ item }) => item.checked === undefined) && !/^\s*\[[ xX]\]/.test(task.summary)
  )
}

/** Whether two texts of a list differ in nothing but items of workers. */
function isOnlyOurs(ours: ReadonlySet<string>, one: string, other: string): boolean {
  const rest = (text: string) => {
    const { items } = readItems(text)
    const others = items.flatMap(({ task, block }) => (ours.has(task.id) ? [] : block.trimEnd()))
    return JSON.stringify([withoutItems(text, items).trim(), others])
  }
  return rest(one) === rest(other)
}

/** `before` with the items of workers where `disk` has them. */
function oursIn(before: Lists, disk: Lists, ours: ReadonlySet<string>): Texts {
  const find = (id: string, file: string) => before.entries.find((one) => one.task.id === id && one.file === file)
  let after = before.texts
  for (const { task, item, file } of FILES.flatMap((name) => disk.entries.filter((one) => one.file === name))) {
    if (!ours.has(task.id) || find(task.id, DONE) || find(task.id, file)?.item.block === item.block) continue
    const there = readLists(after).entries.filter((one) => one.task.id === task.id && one.file !== DONE)
    for (const name of [PENDING, HELD]) {
      const old = there.find((one) => one.file === name)
      if (old) after = withText(after, name, (text) => withoutItem(text, old.item))
    }
    after = withText(after, file, (text) => withItem(text, item.block))
  }
  return after
}
