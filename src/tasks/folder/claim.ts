// Claims in a task folder: the first ready task that a rename gives us.

import { existsSync } from 'node:fs'
import type { Task } from '../../words.js'
import type { Claim, ClaimAnswer, ClaimRequest } from '../contract.js'
import { fileStem } from '../decode.js'
import { isWanted, waitsFor } from '../order.js'
import { newRecord } from '../records.js'
import { findComplete, isComplete } from './complete.js'
import { seize, show } from './moves.js'
import { newFence, place } from './names.js'
import { readTaskFile } from './read.js'
import { repair } from './repair.js'
import { duplicates, type TaskFile } from './scan.js'
import type { FolderState } from './state.js'

type Attempt = { readonly claim: Claim } | { readonly waits: readonly string[] } | 'gone'

/** Claims the task that was asked for, or the first that is ready. */
export function claimTask(state: FolderState, request: ClaimRequest): ClaimAnswer {
  return request.id === undefined ? claimFirst(state, request) : claimById(state, request, request.id)
}

function claimFirst(state: FolderState, request: ClaimRequest): ClaimAnswer {
  for (let look = 0; ; look++) {
    const files = state.scan.ordered()
    const held = heldBack(state, files)
    let waiting: string | undefined
    let lost = false
    for (const file of files) {
      if (held(file) || !isWanted(file.task, request)) continue
      const waits = pendingWaits(state, file.task, files)
      if (waits.length) {
        waiting ??= `\`${file.task.id}\` waits for ${waits.join(', ')}`
        continue
      }
      const attempt = tryClaim(state, file, request)
      if (attempt === 'gone') lost = true
      else if ('claim' in attempt) return { answer: 'claimed', claim: attempt.claim }
      else waiting ??= `\`${file.task.id}\` waits for ${attempt.waits.join(', ')}`
    }
    // Everything that we saw was taken while we looked; there may be new ones. A claimer that died left its file.
    if (repair(state) || (lost && look < 100)) continue
    return { answer: 'none', why: waiting ?? 'no task is pending' }
  }
}

/** Whether what a task waits for is known without a look at the disk: most prerequisites are pending themselves. */
function pendingWaits(state: FolderState, task: Task, files: readonly TaskFile[]): string[] {
  if (task.dependsOn.length === 0) return []
  state.pendingIds ??= { files, ids: new Set(files.map((file) => file.task.id)) }
  if (state.pendingIds.files !== files) state.pendingIds = { files, ids: new Set(files.map((file) => file.task.id)) }
  const { ids } = state.pendingIds
  return waitsFor(task, (id) => !ids.has(id) && isComplete(state, id))
}

/** Whether a pending file's id is somebody's already, or another file's. */
function heldBack(state: FolderState, files: readonly TaskFile[]): (file: TaskFile) => boolean {
  if (state.held?.files !== files) state.held = { files, twice: new Set(duplicates(files).keys()) }
  const { twice } = state.held
  const current = new Set([...state.scan.files('current', true).values()].map((file) => file.task.id))
  return (file) => twice.has(file) || current.has(file.task.id)
}

function tryClaim(state: FolderState, file: TaskFile, request: ClaimRequest): Attempt {
  const { folder } = state
  const fence = newFence()
  const seized = seize(folder, 'pending', file.place, 'claiming', fence)
  if (!seized) return 'gone'
  // What we chose by may be a second old: what we hold now is what counts.
  const content = readTaskFile(seized.path, file.place)
  const task = content?.ok ? content.task : undefined
  const waits = task ? waitsFor(task, (id) => isComplete(state, id)) : []
  const stillWanted = task && task.id === file.task.id && waits.length === 0 && !findComplete(state, task.id)
  if (!task || !stillWanted || existsSync(place(folder, 'current', file.place))) {
    putBack(state, seized.path, file.place, fence)
    return waits.length ? { waits } : 'gone'
  }
  const record = newRecord(task.id, request.claimer, fence)
  state.records.write(file.place, record)
  if (!show(seized.path, place(folder, 'current', file.place))) {
    state.records.remove(file.place)
    putBack(state, seized.path, file.place, fence)
    return 'gone'
  }
  state.say({ type: 'claimed', task: task.id, by: record.worker, swarm: record.swarm })
  return { claim: { task, holder: request.claimer, fence, since: record.since } }
}

/** Gives a file its name in pending again, or the next free one if somebody made a new file of that name. */
export function putBack(state: FolderState, from: string, name: string, fence: string): string {
  const to = place(state.folder, 'pending', name)
  if (show(from, to)) return to
  const other = place(state.folder, 'pending', name.replace(/(\.\w+)$/, `-${fence.slice(0, 6)}$1`))
  show(from, other)
  return other
}

function claimById(state: FolderState, request: ClaimRequest, id: string): ClaimAnswer {
  for (let look = 0; look < 3; look++) {
    const file = findPending(state, id)
    if (!file) break
    const attempt = tryClaim(state, file, request)
    if (attempt === 'gone') continue
    if ('claim' in attempt) return { answer: 'claimed', claim: attempt.claim }
    return { answer: 'dependency-missing', why: `\`${id}\` waits for ${attempt.waits.join(', ')}` }
  }
  const current = [...state.scan.files('current').values()].find((file) => file.task.id === id)
  if (current) {
    const record = state.records.read(current.place)
    return { answer: 'already-taken', why: `\`${id}\` is held by ${record?.worker ?? 'somebody'}` }
  }
  if (findComplete(state, id)) return { answer: 'already-taken', why: `\`${id}\` is complete` }
  if (repair(state)) return claimById(state, request, id)
  return findPending(state, id)
    ? { answer: 'already-taken', why: `another task with the id \`${id}\` is taken` }
    : { answer: 'not-found', why: `there is no task \`${id}\`` }
}

/** By the name that its file should have, and if it has another, by reading all. */
function findPending(state: FolderState, id: string): TaskFile | undefined {
  for (const ending of ['.edn', '.json']) {
    const name = fileStem(id) + ending
    const content = readTaskFile(place(state.folder, 'pending', name), name)
    if (content?.ok && content.task.id === id && !isHeld(state, id)) {
      return { task: content.task, place: name, state: 'pending', sinceMs: 0 }
    }
  }
  const files = state.scan.ordered()
  const held = heldBack(state, files)
  return files.find((file) => file.task.id === id && !held(file))
}

function isHeld(state: FolderState, id: string): boolean {
  return [...state.scan.files('current', true).values()].some((file) => file.task.id === id)
}
