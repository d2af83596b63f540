// Claims in a task folder: the first ready task that a rename gives us.

import { existsSync } from 'node:fs'
import type { Claim, ClaimAnswer, ClaimRequest } from '../contract.js'
import { fileStem } from '../decode.js'
import { isWanted, waitsFor } from '../order.js'
import { newRecord } from '../records.js'
import { completeness, findComplete } from './complete.js'
import type { FolderState } from './folder-state.js'
import { draft, putBack, seize, show } from './moves.js'
import { newFence, place } from './names.js'
import { repair } from './repair.js'
import type { Order, TaskFile } from './scan.js'
import { readTaskFile } from './task-file.js'

type Attempt = { readonly claim: Claim } | { readonly waits: readonly string[] } | 'gone'

/** Claims the task that was asked for, or the first that is ready. */
export function claimTask(state: FolderState, request: ClaimRequest): ClaimAnswer {
  return request.id === undefined ? claimFirst(state, request) : claimById(state, request, request.id)
}

function claimFirst(state: FolderState, request: ClaimRequest): ClaimAnswer {
  const { scan } = state
  for (let look = 0; ; look++) {
    const order = scan.order(look > 0)
    const current = scan.ids('current')
    const isDone = completeness(state, request.done)
    let waiting: string | undefined
    let lost = false
    for (const file of order.files) {
      if (scan.isGone(file.place) || isHeldBack(order, current, file) || !isWanted(file.task, request)) continue
      const waits = waitsFor(file.task, (id) => !order.ids.has(id) && isDone(id))
      if (waits.length) {
        waiting ??= `\`${file.task.id}\` waits for ${waits.join(', ')}`
        continue
      }
      // Where one was lost, the next are probably lost too: a look is cheaper than a rename that fails.
      if (lost && !existsSync(place(state.folder, 'pending', file.place))) {
        scan.gone(file.place)
        continue
      }
      const attempt = tryClaim(state, file, request)
      if (attempt === 'gone') {
        lost = true
        scan.gone(file.place)
      } else if ('claim' in attempt) {
        scan.gone(file.place)
        return { answer: 'claimed', claim: attempt.claim }
      } else waiting ??= `\`${file.task.id}\` waits for ${attempt.waits.join(', ')}`
    }
    // Everything that we saw is taken or waits; there may be new ones. A claimer that died left its file.
    if (repair(state) || look === 0 || (lost && look < 100)) continue
    return { answer: 'none', why: waiting ?? 'no task is pending' }
  }
}

/** Whether a pending file's id is somebody's already, or another file's. */
function isHeldBack(order: Order, current: ReadonlySet<string>, file: TaskFile): boolean {
  return order.twice.has(file) || current.has(file.task.id)
}

function tryClaim(state: FolderState, file: TaskFile, request: ClaimRequest): Attempt {
  const { folder } = state
  const fence = newFence()
  const seized = seize(folder, 'pending', file.place, 'claiming', fence)
  if (!seized) return 'gone'
  // What we chose by may be a second old: what we hold now is what counts.
  const read = readTaskFile(seized.path, file.place)
  const content = read?.ok ? read : undefined
  const task = content?.task
  const waits = task ? waitsFor(task, completeness(state, request.done)) : []
  const stillWanted = task && task.id === file.task.id && waits.length === 0 && !findComplete(state, task.id)
  if (!content || !task || !stillWanted || existsSync(place(folder, 'current', file.place))) {
    putBack(state, seized.path, file.place, fence)
    return waits.length ? { waits } : 'gone'
  }
  const record = newRecord(task.id, request.claimer, fence)
  state.records.write(file.place, record)
  // Swept away between the two names (`git clean`): we have read it, and nobody else can have it.
  const from = existsSync(seized.path) ? seized.path : draft(folder, file.place, fence, content.text)
  if (!show(from, place(folder, 'current', file.place))) {
    state.records.remove(file.place)
    putBack(state, seized.path, file.place, fence)
    return 'gone'
  }
  state.held.set(task.id, { fence, name: file.place, text: content.text })
  state.say({ type: 'claimed', task: task.id, by: record.worker, swarm: record.swarm })
  return { claim: { task, holder: request.claimer, fence, since: record.since } }
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
  const current = state.scan.ids('current')
  for (const ending of ['.edn', '.json']) {
    const name = fileStem(id) + ending
    const content = readTaskFile(place(state.folder, 'pending', name), name)
    if (content?.ok && content.task.id === id && !current.has(id)) {
      return { task: content.task, place: name, state: 'pending', sinceMs: 0 }
    }
  }
  const order = state.scan.order(true)
  return order.files.find((file) => file.task.id === id && !isHeldBack(order, current, file))
}
