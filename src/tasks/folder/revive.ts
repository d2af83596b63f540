// Puts a claimed task back into current that was swept away together with its record: `git clean -fdx` takes both, since
// git knows neither. The process that holds the claim has read the file.

import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { standing } from '../standing.js'
import { findComplete } from './complete.js'
import { discard, draft, show } from './moves.js'
import { newFence, place, STATES } from './names.js'
import type { FolderState } from './state.js'

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
