// The store of a document with tasks, of whatever format: each operation reads it, changes one task, and writes it.

import type { Task } from '../../words.js'
import type {
  Claim,
  ClaimAnswer,
  Claimer,
  ClaimRecord,
  ClaimRequest,
  Completion,
  FoundCurrent,
  FoundTask,
  NewTask,
  TaskListing,
  TaskStore,
} from '../contract.js'
import { fileStem } from '../decode.js'
import { completeTask as fillIn } from '../encode.js'
import { newFence } from '../folder/names.js'
import { watchFolder } from '../folder/watch.js'
import { addedBy, standing } from '../history.js'
import { arrange } from '../listing.js'
import { withNote, writeNotes } from '../notes.js'
import { answerFrom } from '../order.js'
import { bareClaim, holderOf, newRecord, staleness } from '../records.js'
import { alreadyComplete, duplicateTask, notYours } from '../task-errors.js'
import { lazyTracked } from '../tracked/lazy.js'
import { type Document, type DocumentPlace, type Entry, type Format, isDone } from './contract.js'
import { type DocumentChoice, type LockedDocument, type OpenDocument, openDocument } from './opened.js'

export function documentStore(format: Format, choice: DocumentChoice): TaskStore {
  let opened: OpenDocument | undefined
  const open = () => {
    opened ??= openDocument(format, choice)
    return opened
  }
  return {
    name: format.name,
    list: async () => listTasks(open(), await open().read()),
    claim: (request) => open().locked((here) => claimTask(here, request)),
    complete: (claim, completion) => open().locked((here) => completeTask(here, claim, completion)),
    release: (claim, reason) => open().locked((here) => releaseTask(here, claim, reason)),
    add: (task) => open().locked((here) => addTask(here, task)),
    renew: (claims) => renewClaims(open(), claims),
    ...(format.files.includes('') ? {} : { watch: (changed: () => void) => watchFolder(open(), changed) }),
    take: (id, claimer, expected) => open().locked((here) => takeTask(here, id, claimer, expected)),
    reopen: (id, reason, by) => open().locked((here) => reopenTask(here, id, reason, by)),
    get path() {
      return open().path
    },
    tracked: lazyTracked(async () => (await import('./tracked-document.js')).trackedDocument(open)),
  }
}

/** Whether a record may make the task a held one. */
function canBeHeld({ held }: { readonly held?: string }, { state }: Entry): boolean {
  return state === 'current' || (state === 'pending' && held === undefined)
}

function listTasks(open: OpenDocument, doc: Document, done?: readonly string[]): TaskListing {
  const { format, records } = open
  const pending: FoundTask[] = []
  const current: FoundCurrent[] = []
  const complete: FoundTask[] = []
  const recorded = records.keys()
  for (const [index, entry] of doc.entries.entries()) {
    const { task, state, file } = entry
    const found = { task, place: String(index).padStart(6, '0'), path: open.file(file) }
    const kept = canBeHeld(format, entry) && recorded.has(fileStem(task.id)) && recordOf(open, task.id)
    if (kept) {
      const stale = staleness(kept, records.leaseMs)
      current.push({ ...found, claim: claimOf(task, kept), ...(stale === undefined ? {} : { stale }) })
    } else if (state === 'current') current.push({ ...found, ...bareClaim(format.sinceMs(entry, found.path)) })
    else if (state === 'complete') complete.push(found)
    else pending.push({ ...found, ...(entry.blocked ? { blocked: true } : {}) })
  }
  const problems = doc.problems.map((problem) => ({ ...problem, path: open.file(problem.path) }))
  return arrange({ pending, current, complete, problems: [...problems, ...records.problems()] }, done)
}

/** The record of a claim. @param fence of the one that is looked for: if its record is missing, it may still stand */
export function recordOf({ root, records }: DocumentPlace, id: string, fence?: string) {
  const key = fileStem(id)
  if (fence !== undefined) standing(root, records, key, fence)
  const kept = records.read(key)
  return kept?.id === id ? kept : undefined
}

async function claimTask(here: LockedDocument, request: ClaimRequest): Promise<ClaimAnswer> {
  const { doc } = here
  const work: Promise<void>[] = []
  const answer = answerFrom(listTasks(here, doc, request.done), request, ({ id }) => {
    const entry = doc.entries.find((one) => one.task.id === id && one.state === 'pending')!
    const kept = newRecord(id, request.claimer, newFence())
    work.push(hold(here, entry, kept, 'claimed'))
    return { ...claimOf(entry.task, kept), holder: request.claimer }
  })
  await Promise.all(work)
  return answer
}

function claimOf(task: Task, record: ClaimRecord): Claim {
  return { task, holder: holderOf(record), fence: record.fence, since: record.since }
}

/** The record comes first: a task that is held and has none would be nobody's. */
async function hold(here: LockedDocument, entry: Entry, kept: ClaimRecord, type: 'claimed' | 'taken'): Promise<void> {
  here.records.write(fileStem(kept.id), kept)
  here.write(here.doc, await here.format.hold(here.doc, entry), kept.id)
  here.say({ type, task: kept.id, by: kept.worker, swarm: kept.swarm })
}

/**
 * The task of a claim, if the claim is still the one with this fence; undefined: if it is nobody's.
 * @throws OompaError `not-yours`
 */
export function heldEntry(here: LockedDocument, id: string, fence?: string): Entry {
  const { doc, format } = here
  const entry = doc.entries.find((one) => one.task.id === id && canBeHeld(format, one))
  const kept = recordOf(here, id, fence)
  if (!entry) throw notYours(id, completeEntry(doc, id) ? 'it is complete already' : format.says.gone)
  if (kept ? kept.fence === fence : fence === undefined && entry.state === 'current') return entry
  throw notYours(id, kept ? `${kept.worker} has held it since ${kept.since}` : format.says.unclaimed)
}

function completeEntry(doc: Document, id: string): Entry | undefined {
  return doc.entries.find(({ task, state }) => task.id === id && state === 'complete')
}

/** The task of a claim, if its holder has called it complete by hand. */
function endedByHand(here: LockedDocument, { task: { id }, fence }: Claim) {
  const done = completeEntry(here.doc, id)
  if (!done || recordOf(here, id, fence)?.fence !== fence) return undefined
  return here.doc.entries.some(({ task, state }) => task.id === id && state === 'current') ? undefined : done
}

async function completeTask(here: LockedDocument, claim: Claim, completion: Completion): Promise<void> {
  const { doc, format } = here
  const { id } = claim.task
  const ended = endedByHand(here, claim)
  const written = format.written(ended ?? heldEntry(here, id, claim.fence), claim, completion)
  if (ended) here.write(doc, format.amend?.(doc, ended, written))
  else {
    const twin = doc.entries.find((one) => one.task.id === id && isDone(one))
    if (twin) throw alreadyComplete(id, here.file(twin.file))
    here.write(doc, await format.complete(doc, new Map([[id, written]])), id)
  }
  here.records.remove(fileStem(id))
  here.say({ type: 'completed', task: id, by: completion.by, swarm: claim.holder.swarm })
}

async function releaseTask(here: LockedDocument, claim: Claim, reason: string): Promise<void> {
  const { task, holder, fence } = claim
  // What its holder called complete by hand was not found to be done.
  await toPending(here, endedByHand(here, claim) ?? heldEntry(here, task.id, fence), reason, holder.worker)
  here.say({ type: 'released', task: task.id, by: holder.worker, swarm: holder.swarm, reason })
}

async function toPending(here: LockedDocument, entry: Entry, reason: string, by: string): Promise<void> {
  const { doc, format, records, root } = here
  const { id, notes } = entry.task
  const noted = withNote(notes, reason, by)
  here.write(doc, await format.release(doc, entry, noted), id)
  if (noted !== undefined && format.held === undefined) writeNotes(root, records.folder, id, noted)
  records.remove(fileStem(id))
}

async function takeTask(
  here: LockedDocument,
  id: string,
  claimer: Claimer,
  expected: string | undefined,
): Promise<Claim> {
  const entry = heldEntry(here, id, expected)
  const kept = newRecord(id, claimer, newFence())
  await hold(here, entry, kept, 'taken')
  return claimOf(entry.task, kept)
}

async function reopenTask(here: LockedDocument, id: string, reason: string, by: string): Promise<boolean> {
  const entry = completeEntry(here.doc, id)
  if (!entry) return false
  await toPending(here, entry, reason, by)
  here.say({ type: 'reopened', task: id, by, reason })
  return true
}

async function addTask(here: LockedDocument, wanted: NewTask): Promise<Task> {
  const { doc, format } = here
  const taken = new Set(doc.entries.map((entry) => entry.task.id))
  const task = fillIn(wanted, (id) => taken.has(id))
  if (taken.has(task.id)) throw duplicateTask(task.id, `it is ${format.says.where(here.path)}`)
  here.write(doc, await format.add(doc, [{ task }]))
  here.say({ type: 'added', task: task.id, ...addedBy(here.asked.has(task.id), wanted.by) })
  return task
}

async function renewClaims(open: OpenDocument, claims: readonly Claim[]): Promise<void> {
  const { format, records } = open
  const entries = format.held === undefined ? undefined : (await open.read()).entries
  for (const { task, fence } of claims) {
    const mayStand = entries?.some((one) => one.task.id === task.id && one.state === 'current') ?? true
    if (mayStand) standing(open.root, records, fileStem(task.id), fence)
    records.renew(fileStem(task.id), fence)
  }
}
