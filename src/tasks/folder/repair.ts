// Finishes what a process left half done when it died: files under an in-between name go where they belong.

import { lstatSync, readdirSync, unlinkSync } from 'node:fs'
import { isErrno } from '../../errors.js'
import type { FolderState } from './folder-state.js'
import { discard, putBack, rename, show } from './moves.js'
import { inBetween, isUnderWay, newFence, parseInBetween, place } from './names.js'
import { wrongPlace } from './real.js'
import { readTaskFile } from './task-file.js'

/** Puts files of dead processes where they belong; whether there were any. */
export function repair(state: FolderState): boolean {
  let mended = false
  for (const file of inBetweens(state)) if (mend(state, file)) mended = true
  return mended
}

/** Names in `current/` of files that are on their way, whoever moves them. */
export function inBetweens(state: FolderState): string[] {
  if (wrongPlace(state.folder, 'current')) return []
  try {
    return readdirSync(place(state.folder, 'current')).filter((name) => parseInBetween(name) !== undefined)
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return []
    throw error
  }
}

function mend(state: FolderState, file: string): boolean {
  const { folder, records } = state
  const left = parseInBetween(file)
  const stat = left && lstatSync(place(folder, 'current', file), { throwIfNoEntry: false })
  if (!left || !stat || isUnderWay(left, stat.ctimeMs)) return false
  // Several may find it: the one whose rename works mends it. Two links made by two menders would be two claims.
  const fence = newFence()
  const ours = place(folder, 'current', inBetween(left.doing, fence, left.name))
  if (!rename(place(folder, 'current', file), ours)) return false
  const current = place(folder, 'current', left.name)
  if (left.doing === 'draft' || isSame(ours, current) || isSame(ours, place(folder, 'pending', left.name))) {
    unlinkSync(ours) // a link that was not unlinked, or a draft that was never shown
    return true
  }
  const content = readTaskFile(ours, left.name)
  const id = content?.ok ? content.task.id : undefined
  if (
    left.doing === 'settling' &&
    id !== undefined &&
    (isThere(state, 'complete', left.name, id) || isThere(state, 'pending', left.name, id))
  ) {
    discard(ours) // completed or given back: only the last unlink was missing
    return true
  }
  const record = records.read(left.name)
  if (left.doing === 'settling' && record) {
    if (!show(ours, current)) putBack(state, ours, left.name, fence)
    return true
  }
  if (record?.fence === left.fence) records.remove(left.name)
  putBack(state, ours, left.name, fence)
  return true
}

function isSame(a: string, b: string): boolean {
  const [one, other] = [a, b].map((file) => lstatSync(file, { throwIfNoEntry: false }))
  return one !== undefined && other !== undefined && one.ino === other.ino && one.dev === other.dev
}

function isThere(state: FolderState, where: 'pending' | 'complete', name: string, id: string): boolean {
  const content = readTaskFile(place(state.folder, where, name), name)
  return content?.ok === true && content.task.id === id
}
