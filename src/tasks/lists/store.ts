// Markdown lists as a store: `tasks/{pending,in_progress,complete}.md`. Claims are made one at a time, under a lock.

import { statSync } from 'node:fs'
import path from 'node:path'
import type { Task } from '../../words.js'
import type {
  Claim,
  ClaimAnswer,
  Claimer,
  ClaimRequest,
  Completion,
  FoundCurrent,
  FoundTask,
  NewTask,
  Records,
  TaskListing,
  TaskStore,
} from '../contract.js'
import { fileStem } from '../decode.js'
import { completionFields } from '../edit.js'
import { completeTask as fillIn } from '../encode.js'
import { alreadyComplete, duplicateTask, notYours } from '../errors.js'
import { newFence } from '../folder/names.js'
import { watchFolder } from '../folder/watch.js'
import { addedBy, type HistoryEntry, record, standing } from '../history.js'
import { arrange } from '../listing.js'
import { withNote } from '../notes.js'
import { replaceFile, topOf, withLock } from '../one-file.js'
import { answerFrom } from '../order.js'
import { bareClaim, claimRecords, holderOf, newRecord, staleness } from '../records.js'
import { lazyTracked } from '../tracked/lazy.js'
import { rootOf } from '../where.js'
import { finishMove, type List, type ListName, type Lists, moveItem, readLists } from './files.js'
import { type Item, setChecked, setFacts, withItem, writeItem } from './markdown.js'

/** What an opened store of lists keeps between calls. */
export interface OpenLists {
  readonly root: string
  /** What its files may not lead out of. */
  readonly top: string
  readonly folder: string
  /** Where the lists stand below the root, with slashes, if `folder` is a copy of that. */
  readonly copyOf?: string
  readonly records: Records
  /** Ids of tasks that agents asked for by their copies. */
  readonly asked: Set<string>
  say(entry: Omit<HistoryEntry, 'at'>): void
}

/**
 * The store of three markdown lists.
 * @param folder below the main checkout, or absolute
 * @param root the main checkout; that of the hook which makes it, else `OOMPA_ROOT`, else the working directory
 */
export function markdownLists(folder = 'tasks', root?: string): TaskStore {
  return listsOf(folder, root)
}

/** @param copyOf where the lists stand below the root, if `folder` is a copy of that */
export function listsOf(folder: string, root: string | undefined, copyOf?: string): TaskStore {
  let opened: OpenLists | undefined
  const open = (): OpenLists => {
    if (opened) return opened
    const base = rootOf(root)
    const place = path.resolve(base, folder)
    opened = {
      root: base,
      top: topOf(base, place),
      folder: place,
      ...(copyOf === undefined ? {} : { copyOf }),
      records: claimRecords(base, path.join(place, 'lists')),
      asked: new Set(),
      say: (entry) => record(base, entry),
    }
    return opened
  }
  const locked = <T>(work: (lists: Lists) => T): Promise<T> => {
    const { root: base, top, folder: place, records } = open()
    return withLock(base, path.join(records.folder, 'lock'), () => {
      finishMove(top, place, records.folder)
      return work(readLists(top, place))
    })
  }
  return {
    name: 'lists',
    list: async () => listTasks(open(), readLists(open().top, open().folder)),
    claim: (request) => locked((lists) => claimTask(open(), lists, request)),
    complete: (claim, completion) => locked((lists) => completeTask(open(), lists, claim, completion)),
    release: (claim, reason) => locked((lists) => releaseTask(open(), lists, claim, reason)),
    add: (task) => locked((lists) => addTask(open(), lists, task)),
    renew: async (claims) => {
      const { records, root: base } = open()
      const held = new Set(itemsOf(readLists(open().top, open().folder), 'in_progress').map(({ item }) => item.task.id))
      for (const { task, fence } of claims) {
        if (held.has(task.id)) standing(base, records, fileStem(task.id), fence)
        records.renew(fileStem(task.id), fence)
      }
    },
    watch: (changed) => watchFolder({ root: open().root, path: open().folder }, changed),
    take: (id, claimer, expected) => locked((lists) => takeTask(open(), lists, id, claimer, expected)),
    reopen: (id, reason, by) => locked((lists) => reopenTask(open(), lists, id, reason, by)),
    get path() {
      return open().folder
    },
    tracked: lazyTracked(async () => (await import('../tracked/lists.js')).trackedLists(open, locked)),
  }
}

/** An item with a ticked box is complete in whatever list it stands. */
export function itemsOf(lists: Lists, state: ListName): { item: Item; list: List; name: ListName }[] {
  const of = (name: ListName) => lists[name].items.map((item) => ({ item, list: lists[name], name }))
  if (state !== 'complete') return of(state).filter(({ item }) => item.checked !== true)
  const ticked = [...of('pending'), ...of('in_progress')].filter(({ item }) => item.checked === true)
  return [...of('complete'), ...ticked]
}

function listTasks(open: OpenLists, lists: Lists, done?: readonly string[]): TaskListing {
  const found = (state: ListName): FoundTask[] =>
    itemsOf(lists, state).map(({ item, list }, index) => ({
      task: item.task,
      place: String(index).padStart(6, '0'),
      path: list.path,
    }))
  return arrange(
    {
      pending: found('pending'),
      current: found('in_progress').map((one) => ({ ...one, ...claimOf(open, one) })),
      complete: found('complete'),
      problems: [
        ...[lists.pending, lists.in_progress, lists.complete].flatMap((list) =>
          list.problems.map((problem) => ({ path: list.path, ...problem })),
        ),
        ...open.records.problems(),
      ],
    },
    done,
  )
}

function claimOf(open: OpenLists, found: FoundTask): Pick<FoundCurrent, 'claim' | 'stale' | 'bare'> {
  const kept = open.records.read(fileStem(found.task.id))
  if (!kept || kept.id !== found.task.id) {
    // At least since the list was last written.
    return bareClaim(statSync(found.path, { throwIfNoEntry: false })?.mtimeMs)
  }
  const stale = staleness(kept, open.records.leaseMs)
  return {
    claim: { task: found.task, holder: holderOf(kept), fence: kept.fence, since: kept.since },
    ...(stale === undefined ? {} : { stale }),
  }
}

function claimTask(open: OpenLists, lists: Lists, request: ClaimRequest): ClaimAnswer {
  return answerFrom(listTasks(open, lists, request.done), request, (task) => {
    const { item } = itemsOf(lists, 'pending').find((one) => one.item.task.id === task.id)!
    const kept = newRecord(task.id, request.claimer, newFence())
    open.records.write(fileStem(task.id), kept)
    moveItem(open.records.folder, lists, item, { id: task.id, from: 'pending', to: 'in_progress' }, item.block)
    open.say({ type: 'claimed', task: task.id, by: kept.worker, swarm: kept.swarm })
    return { task: item.task, holder: request.claimer, fence: kept.fence, since: kept.since }
  })
}

function recordOf(open: OpenLists, id: string, fence: string | undefined) {
  return fence === undefined ? open.records.read(fileStem(id)) : standing(open.root, open.records, fileStem(id), fence)
}

/** The item of a claim, if the claim is still the one with this fence. */
export function heldItem(open: OpenLists, lists: Lists, id: string, fence: string | undefined): Item {
  const item = itemsOf(lists, 'in_progress').find((one) => one.item.task.id === id)?.item
  const kept = recordOf(open, id, fence)
  if (!item) {
    const isComplete = itemsOf(lists, 'complete').some((one) => one.item.task.id === id)
    throw notYours(id, isComplete ? 'it is complete already' : 'it is not in progress any more')
  }
  if (kept?.fence === fence) return item
  throw notYours(id, kept ? `${kept.worker} has held it since ${kept.since}` : 'it was claimed without a record')
}

function completeTask(open: OpenLists, lists: Lists, claim: Claim, completion: Completion): void {
  const { id } = claim.task
  if (amendTicked(open, lists, claim, completion)) return
  const item = heldItem(open, lists, id, claim.fence)
  if (lists.complete.items.some((one) => one.task.id === id)) throw alreadyComplete(id, lists.complete.path)
  const block = completedBlock(item, completion)
  moveItem(open.records.folder, lists, item, { id, from: 'in_progress', to: 'complete' }, block)
  open.records.remove(fileStem(id))
  open.say({ type: 'completed', task: id, by: completion.by, swarm: claim.holder.swarm })
}

/** An item with what completion writes; notes are added to those that are there. */
export function completedBlock(item: Item, completion: Completion): string {
  const before = item.task.notes
  const notes = completion.notes && before ? `${before.trimEnd()}\n${completion.notes}` : completion.notes
  return setFacts(setChecked(item.block, true), completionFields({ ...completion, notes }))
}

/** The holder ticked or moved its item by hand: what is missing is written into it where it stands. */
function amendTicked(open: OpenLists, lists: Lists, claim: Claim, completion: Completion): boolean {
  const { id } = claim.task
  const done = tickedByHolder(open, lists, claim)
  if (!done) return false
  const { item, list } = done
  const block = completedBlock(item, completion)
  replaceFile(list, list.text.slice(0, item.start) + block + list.text.slice(item.end))
  open.records.remove(fileStem(id))
  open.say({ type: 'completed', task: id, by: completion.by, swarm: claim.holder.swarm })
  return true
}

function releaseTask(open: OpenLists, lists: Lists, claim: Claim, reason: string): void {
  const { id } = claim.task
  // Its holder ticked or moved it by hand, and it was not found to be done.
  if (tickedByHolder(open, lists, claim)) {
    open.records.remove(fileStem(id))
    reopenItem(open, lists, id, reason, claim.holder.worker)
    open.say({ type: 'released', task: id, by: claim.holder.worker, swarm: claim.holder.swarm, reason })
    return
  }
  const item = heldItem(open, lists, id, claim.fence)
  const notes = withNote(item.task.notes, reason, claim.holder.worker)
  const block = notes === undefined ? item.block : setFacts(item.block, { notes })
  moveItem(open.records.folder, lists, item, { id, from: 'in_progress', to: 'pending' }, block)
  open.records.remove(fileStem(id))
  open.say({ type: 'released', task: id, by: claim.holder.worker, swarm: claim.holder.swarm, reason })
}

/** The item of a claim, complete by its holder's own hand. */
function tickedByHolder(open: OpenLists, lists: Lists, { task: { id }, fence }: Claim) {
  const done = itemsOf(lists, 'complete').find((one) => one.item.task.id === id)
  if (!done || recordOf(open, id, fence)?.fence !== fence) return undefined
  return itemsOf(lists, 'in_progress').some((one) => one.item.task.id === id) ? undefined : done
}

function takeTask(open: OpenLists, lists: Lists, id: string, claimer: Claimer, expected: string | undefined): Claim {
  const item = heldItem(open, lists, id, expected)
  const kept = newRecord(id, claimer, newFence())
  open.records.write(fileStem(id), kept)
  open.say({ type: 'taken', task: id, by: claimer.worker, swarm: claimer.swarm })
  return { task: item.task, holder: holderOf(kept), fence: kept.fence, since: kept.since }
}

function reopenTask(open: OpenLists, lists: Lists, id: string, reason: string, by: string): boolean {
  const isDone = reopenItem(open, lists, id, reason, by)
  if (isDone) open.say({ type: 'reopened', task: id, by, reason })
  return isDone
}

/** Moves a complete item to pending, with the reason in its notes; false if it is not complete. */
function reopenItem(open: OpenLists, lists: Lists, id: string, reason: string, by: string): boolean {
  const done = itemsOf(lists, 'complete').find((one) => one.item.task.id === id)
  if (!done) return false
  const { item, name, list } = done
  const notes = withNote(item.task.notes, reason, by)
  const block = setChecked(notes === undefined ? item.block : setFacts(item.block, { notes }), false)
  if (name === 'pending') replaceFile(list, list.text.slice(0, item.start) + block + list.text.slice(item.end))
  else moveItem(open.records.folder, lists, item, { id, from: name, to: 'pending' }, block)
  return true
}

function addTask(open: OpenLists, lists: Lists, wanted: NewTask): Task {
  const taken = new Set(
    [lists.pending, lists.in_progress, lists.complete].flatMap((list) => list.items.map((item) => item.task.id)),
  )
  const task = fillIn(wanted, (id) => taken.has(id))
  if (taken.has(task.id)) throw duplicateTask(task.id, `it is in the lists of ${open.folder}`)
  const { items, text } = lists.pending
  replaceFile(lists.pending, withItem(text, writeItem(task, isPlain(items, task))))
  open.say({ type: 'added', task: task.id, ...addedBy(open.asked.has(task.id), wanted.by) })
  return task
}

/** Whether a new item has no box: as the others, unless its own words begin with one. */
export function isPlain(items: readonly Item[], task: Task): boolean {
  return items.length > 0 && items.every((item) => item.checked === undefined) && !/^\s*\[[ xX]\]/.test(task.summary)
}
