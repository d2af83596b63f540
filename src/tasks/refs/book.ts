// The tasks as one text, which stands in a commit of the remote: what it says, and what each operation makes of it. Pure.

import { parseOwner } from '../../processes/owner.js'
import type { Task } from '../../words.js'
import type {
  Claim,
  ClaimAnswer,
  Claimer,
  ClaimRecord,
  ClaimRequest,
  Completion,
  FoundTask,
  NewTask,
  TaskListing,
} from '../contract.js'
import { decodeWritten } from '../decode.js'
import { completionFields } from '../edit-task.js'
import { completeTask } from '../encode.js'
import { newFence } from '../folder/names.js'
import { arrange } from '../listing.js'
import { withNote } from '../notes.js'
import { answerFrom } from '../order.js'
import { holderOf, newRecord, staleness } from '../records.js'
import { duplicateTask, notYours } from '../task-errors.js'

/** A task and where it stands. One that is current has the record of its claim. */
export interface Entry {
  readonly state: 'pending' | 'current' | 'complete'
  readonly task: Task
  readonly claim?: ClaimRecord
  /** The last sign of life of the claim, milliseconds since 1970 by the clock of its holder's machine. */
  readonly seenMs?: number
}

export type Book = readonly Entry[]

/** What an operation answers, and the book from then on; without a book there is nothing to be written. */
export interface Turn<T> {
  readonly answer: T
  readonly book?: Book
  /** For the commit: what was done. */
  readonly what?: string
}

/** A task on each line, so that two books can be compared by eye. */
export function writeBook(book: Book): string {
  const lines = [...book].sort((a, b) => (a.task.id < b.task.id ? -1 : 1)).map((entry) => JSON.stringify(entry))
  return `{"format":1,"tasks":[\n${lines.join(',\n')}\n]}\n`
}

/**
 * Whoever may push can write it: nothing of it is used before it has the right form.
 * @returns undefined for what is no book of ours, or of a later version
 */
export function readBook(text: string): Book | undefined {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  const { format, tasks } = fieldsOf(value)
  if (format !== 1 || !Array.isArray(tasks)) return undefined
  const book = tasks.flatMap((one) => readEntry(fieldsOf(one)) ?? [])
  const ids = new Set(book.map(({ task }) => task.id))
  return book.length === tasks.length && ids.size === book.length ? book : undefined
}

const STATES = ['pending', 'current', 'complete'] as const

function readEntry(entry: Readonly<Record<string, unknown>>): Entry | undefined {
  const state = STATES.find((one) => one === entry.state)
  const decoded = decodeWritten(entry.task)
  if (!state || 'reason' in decoded) return undefined
  const { task } = decoded
  if (entry.claim === undefined) return { state, task }
  const { worker, swarm, fence, since, owner } = fieldsOf(entry.claim)
  if (typeof worker !== 'string' || typeof fence !== 'string' || typeof since !== 'string') return undefined
  const claim = {
    id: task.id,
    worker,
    fence,
    since,
    ...(typeof swarm === 'string' ? { swarm } : {}),
    owner: parseOwner(owner),
  }
  return { state, task, claim, ...(typeof entry.seenMs === 'number' ? { seenMs: entry.seenMs } : {}) }
}

/** Its keys and values; none of what is no object. */
function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {}
}

export function listingOf(book: Book, leaseMs: number, now = Date.now()): TaskListing {
  const of = (state: Entry['state']) => book.filter((entry) => entry.state === state)
  const place = ({ task }: Entry): FoundTask => ({ task, place: task.id, path: task.id })
  return arrange({
    pending: of('pending').map(place),
    current: of('current').map((entry) => {
      const { task, claim, seenMs = 0 } = entry
      if (!claim) return place(entry)
      const stale = staleness({ ...claim, heartbeatMs: seenMs }, leaseMs, now)
      return { ...place(entry), claim: claimOf(task, claim), ...(stale === undefined ? {} : { stale }) }
    }),
    complete: of('complete').map(place),
    problems: [],
  })
}

export function claimIn(book: Book, request: ClaimRequest, leaseMs: number): Turn<ClaimAnswer> {
  let after: Book | undefined
  const answer = answerFrom(listingOf(book, leaseMs), request, ({ id }) => {
    // The listing's says more than a task has.
    const { task } = book.find((entry) => entry.task.id === id)!
    const claim = newRecord(id, request.claimer, newFence())
    after = replaced(book, { state: 'current', task, claim, seenMs: Date.now() })
    return claimOf(task, claim)
  })
  if (answer.answer !== 'claimed' || !after) return { answer }
  return { answer, book: after, what: `claim ${answer.claim.task.id} for ${request.claimer.worker}` }
}

export function takeIn(book: Book, id: string, claimer: Claimer, expected: string | undefined): Turn<Claim> {
  const { task } = heldBy(book, id, expected)
  const claim = newRecord(id, claimer, newFence())
  return {
    answer: claimOf(task, claim),
    book: replaced(book, { state: 'current', task, claim, seenMs: Date.now() }),
    what: `give ${id} to ${claimer.worker}`,
  }
}

/** A sign of life younger than a quarter of the lease is left as it is: each one is a push. */
export function renewIn(book: Book, claims: readonly Claim[], leaseMs: number, now = Date.now()): Turn<void> {
  const fences = new Set(claims.map(({ fence }) => fence))
  const isDue = ({ claim, seenMs = 0 }: Entry) =>
    claim !== undefined && fences.has(claim.fence) && Math.abs(now - seenMs) > leaseMs / 4
  if (!book.some(isDue)) return { answer: undefined }
  const after = book.map((entry) => (isDue(entry) ? { ...entry, seenMs: now } : entry))
  return { answer: undefined, book: after, what: 'renew claims' }
}

export function completeIn(book: Book, { task: { id }, fence }: Claim, completion: Completion): Turn<void> {
  const { task } = heldBy(book, id, fence)
  const { notes: note, ...fields } = completionFields(completion)
  const written = Object.entries(fields).filter(([, value]) => value !== undefined)
  const notes = [task.notes?.trimEnd(), note].filter(Boolean).join('\n')
  const done = { ...task, ...(notes ? { notes } : {}), extra: { ...task.extra, ...Object.fromEntries(written) } }
  return {
    answer: undefined,
    book: replaced(book, { state: 'complete', task: done }),
    what: `complete ${id} by ${completion.by}`,
  }
}

export function releaseIn(book: Book, { task: { id }, fence, holder }: Claim, reason: string): Turn<void> {
  const { task } = heldBy(book, id, fence)
  return {
    answer: undefined,
    book: replaced(book, { state: 'pending', task: noted(task, reason, holder.worker) }),
    what: `release ${id} of ${holder.worker}`,
  }
}

export function reopenIn(book: Book, id: string, reason: string, by: string): Turn<boolean> {
  const done = book.find((entry) => entry.task.id === id && entry.state === 'complete')
  if (!done) return { answer: false }
  return {
    answer: true,
    book: replaced(book, { state: 'pending', task: noted(done.task, reason, by) }),
    what: `reopen ${id} by ${by}`,
  }
}

export function addIn(book: Book, wanted: NewTask): Turn<Task> {
  const states = new Map(book.map(({ task, state }) => [task.id, state]))
  const task = completeTask(wanted, (id) => states.has(id))
  const state = states.get(task.id)
  if (state !== undefined) throw duplicateTask(task.id, `it is ${state}`)
  return { answer: task, book: [...book, { state: 'pending', task }], what: `add ${task.id}` }
}

function noted(task: Task, note: string, by: string): Task {
  const notes = withNote(task.notes, note, by)
  return notes === undefined ? task : { ...task, notes }
}

function replaced(book: Book, entry: Entry): Book {
  return book.map((one) => (one.task.id === entry.task.id ? entry : one))
}

function claimOf(task: Task, claim: ClaimRecord): Claim {
  return { task, holder: holderOf(claim), fence: claim.fence, since: claim.since }
}

/** @throws OompaError `not-yours` */
function heldBy(book: Book, id: string, fence: string | undefined): Entry {
  const entry = book.find(({ task }) => task.id === id)
  if (!entry) throw notYours(id, 'there is no such task')
  const { state, claim } = entry
  if (state === 'current' && claim?.fence === fence) return entry
  if (state === 'complete') throw notYours(id, 'it is complete already')
  throw notYours(id, claim ? `${claim.worker} has held it since ${claim.since}` : 'it is not in progress any more')
}
