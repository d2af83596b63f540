// The end of a claim: completed, given back, or taken over. Ownership is verified while the file is ours alone.

import { mkdirSync, readFileSync, renameSync } from 'node:fs'
import path from 'node:path'
import type { Claim, Claimer, Completion } from '../contract.js'
import { completionFields, setFields } from '../edit-task.js'
import { standing } from '../history.js'
import { withNote } from '../notes.js'
import { holderOf, newRecord } from '../records.js'
import { alreadyComplete, notYours } from '../task-errors.js'
import { findComplete } from './complete.js'
import type { FolderState } from './folder-state.js'
import { discard, draft, putBack, type Seized, seize, show } from './moves.js'
import { formatOf, newFence, parseInBetween, place, STATES } from './names.js'
import { inBetweens, repair } from './repair.js'
import { parseTask, readTaskFile } from './task-file.js'

/** The file in `current/` with this id, and what it says. */
function findCurrent(state: FolderState, id: string): string | undefined {
  return [...state.scan.files('current').values()].find((file) => file.task.id === id)?.place
}

interface Held extends Seized {
  readonly text: string
  readonly fence: string
}

/** How long a file may be on its way in another process's hands before we call it gone. */
const PATIENCE_MS = 2000

/**
 * Takes the file of a claim out of `current/` for ourselves, if the claim is still the one that `fence` names
 * (undefined: nobody's).
 * @throws OompaError `not-yours`
 */
async function hold(state: FolderState, id: string, expected: string | undefined): Promise<Held> {
  for (const until = performance.now() + PATIENCE_MS; ; await pause()) {
    const name = findCurrent(state, id)
    const seized = name === undefined ? undefined : verify(state, id, name, expected)
    if (seized) return seized
    repair(state)
    if ((findCurrent(state, id) !== undefined || revive(state, id, expected)) && performance.now() < until) continue
    if (!inBetweens(state).some((file) => isFileOf(state, file, id)) || performance.now() > until) {
      throw notYours(id, whereabouts(state, id))
    }
  }
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 5))
}

function isFileOf(state: FolderState, file: string, id: string): boolean {
  const name = parseInBetween(file)?.name
  const content = name && readTaskFile(place(state.folder, 'current', file), name)
  return content !== undefined && content !== '' && content.ok && content.task.id === id
}

function verify(state: FolderState, id: string, name: string, expected: string | undefined): Held | undefined {
  const { folder, records } = state
  checkFence(state, id, name, expected)
  const fence = newFence()
  const seized = seize(folder, 'current', name, 'settling', fence)
  if (!seized) return undefined
  const content = readTaskFile(seized.path, name)
  try {
    if (!content?.ok || content.task.id !== id) throw notYours(id, 'its file holds something else now')
    checkFence(state, id, name, expected)
  } catch (error) {
    if (!show(seized.path, place(folder, 'current', name))) putBack(state, seized.path, name, fence)
    throw error
  }
  return { ...seized, text: content.text, fence: records.read(name)?.fence ?? fence }
}

function checkFence(state: FolderState, id: string, name: string, expected: string | undefined): void {
  const record =
    expected === undefined ? state.records.read(name) : standing(state.folder.root, state.records, name, expected)
  if (record?.fence === expected) return
  throw notYours(id, record ? `${record.worker} has held it since ${record.since}` : 'it was claimed without a record')
}

function whereabouts(state: FolderState, id: string): string {
  if (findComplete(state, id)) return 'it is complete already'
  const pending = [...state.scan.files('pending').values()].some((file) => file.task.id === id)
  return pending ? 'it went back to pending' : 'its file is gone'
}

/** Writes what completion says into the file and moves it to `complete/`. */
export async function completeTask(state: FolderState, claim: Claim, completion: Completion): Promise<void> {
  const { folder, records } = state
  const { id } = claim.task
  if (amendComplete(state, claim, completion)) return
  const held = await hold(state, id, claim.fence)
  const written = draft(folder, held.name, newFence(), completedText(held.text, held.name, completion), held.path)
  const complete = place(folder, 'complete', held.name)
  if (!show(written, complete)) {
    discard(written)
    if (!show(held.path, place(folder, 'current', held.name))) putBack(state, held.path, held.name, held.fence)
    throw alreadyComplete(id, complete)
  }
  discard(held.path)
  records.remove(held.name)
  state.held.delete(id)
  state.say({ type: 'completed', task: id, by: completion.by, swarm: claim.holder.swarm })
}

/** The text of a task's file with what completion writes; notes are added to those that are there. */
export function completedText(text: string, name: string, completion: Completion): string {
  const content = parseTask(Buffer.from(text), name)
  const before = content.ok ? content.task.notes : undefined
  const notes = completion.notes && before ? `${before.trimEnd()}\n${completion.notes}` : completion.notes
  return setFields(text, formatOf(name), completionFields({ ...completion, notes }))
}

/** An agent moved its own file to `complete/` by hand: what is missing is written into it there. */
function amendComplete(state: FolderState, claim: Claim, completion: Completion): boolean {
  const { folder, records } = state
  const name = movedByHolder(state, claim)
  if (name === undefined) return false
  const path = place(folder, 'complete', name)
  const text = readFileSync(path, 'utf8')
  const written = draft(folder, name, newFence(), completedText(text, name, completion), path)
  renameSync(written, path)
  records.remove(name)
  state.say({ type: 'completed', task: claim.task.id, by: completion.by, swarm: claim.holder.swarm })
  return true
}

/** The name of a file that the holder of this claim has moved to `complete/` by hand. */
export function movedByHolder(state: FolderState, claim: Claim): string | undefined {
  const { id } = claim.task
  if (findCurrent(state, id) !== undefined) return undefined
  const name =
    findComplete(state, id) ?? [...state.scan.files('complete').values()].find((file) => file.task.id === id)?.place
  if (name === undefined) return undefined
  return standing(state.folder.root, state.records, name, claim.fence)?.fence === claim.fence ? name : undefined
}

/** Puts a task back to pending, with the reason in its notes: also one that its holder moved to complete by hand. */
export async function releaseTask(state: FolderState, claim: Claim, reason: string): Promise<void> {
  const { folder, records } = state
  const moved = movedByHolder(state, claim)
  if (moved !== undefined && backToPending(state, moved, reason, claim.holder.worker)) {
    state.say({ type: 'released', task: claim.task.id, by: claim.holder.worker, swarm: claim.holder.swarm, reason })
    return
  }
  const held = await hold(state, claim.task.id, claim.fence)
  // The record goes first: once the file is in pending, a record of that name is the next claimer's.
  records.remove(held.name)
  state.held.delete(claim.task.id)
  const content = readTaskFile(held.path, held.name)
  const notes = content?.ok ? withNote(content.task.notes, reason, claim.holder.worker) : undefined
  if (notes === undefined) putBack(state, held.path, held.name, held.fence)
  else {
    const written = draft(
      folder,
      held.name,
      newFence(),
      setFields(held.text, formatOf(held.name), { notes }),
      held.path,
    )
    putBack(state, written, held.name, held.fence)
    discard(held.path)
  }
  state.say({ type: 'released', task: claim.task.id, by: claim.holder.worker, swarm: claim.holder.swarm, reason })
}

/** Gives a claim to somebody else, if it is still the one that `expected` names. */
export async function takeTask(
  state: FolderState,
  id: string,
  claimer: Claimer,
  expected: string | undefined,
): Promise<Claim> {
  const held = await hold(state, id, expected)
  const record = newRecord(id, claimer, newFence())
  const content = readTaskFile(held.path, held.name)
  if (!content?.ok) throw notYours(id, 'its file cannot be read')
  state.records.write(held.name, record)
  if (!show(held.path, place(state.folder, 'current', held.name))) putBack(state, held.path, held.name, held.fence)
  state.say({ type: 'taken', task: id, by: claimer.worker, swarm: claimer.swarm })
  return { task: content.task, holder: holderOf(record), fence: record.fence, since: record.since }
}

/** Puts a complete task back to pending; false if it is not complete. */
export function reopenTask(state: FolderState, id: string, reason: string, by: string): boolean {
  const file = [...state.scan.files('complete').values()].find(({ task }) => task.id === id)
  if (!file || !backToPending(state, file.place, reason, by)) return false
  state.say({ type: 'reopened', task: id, by, reason })
  return true
}

/** Moves a file from `complete/` to `pending/`, with the reason in its notes; false if it cannot be had. */
function backToPending(state: FolderState, name: string, reason: string, by: string): boolean {
  const { folder, records } = state
  const content = readTaskFile(place(folder, 'complete', name), name)
  if (!content?.ok) return false
  const notes = withNote(content.task.notes, reason, by)
  const text = notes === undefined ? content.text : setFields(content.text, formatOf(name), { notes })
  const fence = newFence()
  const seized = seize(folder, 'complete', name, 'settling', fence)
  if (!seized) return false
  // Before the file is in pending: a record of that name is the next claimer's.
  records.remove(name)
  putBack(state, draft(folder, name, fence, text, seized.path), name, fence)
  discard(seized.path)
  return true
}

// Puts a claimed task back into current that was swept away together with its record: `git clean -fdx` takes both, since
// git knows neither. The process that holds the claim has read the file.

/**
 * Whether the file of a claim is back in current. Where its record is still there, somebody has removed the file alone,
 * and means it.
 */
export function revive(state: FolderState, id: string, fence: string | undefined): boolean {
  const held = state.held.get(id)
  if (!held || held.fence !== fence || isAnywhere(state, id) || state.records.read(held.name)) return false
  if (standing(state.folder.root, state.records, held.name, held.fence)?.fence !== fence) return false
  for (const one of STATES) mkdirSync(path.join(state.folder.path, one), { recursive: true })
  const written = draft(state.folder, held.name, newFence(), held.text)
  if (show(written, place(state.folder, 'current', held.name))) return true
  discard(written)
  return false
}

function isAnywhere(state: FolderState, id: string): boolean {
  if (findComplete(state, id)) return true
  return STATES.some((one) => [...state.scan.files(one).values()].some((file) => file.task.id === id))
}
