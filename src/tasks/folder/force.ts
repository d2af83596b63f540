// What a landing has decided is done to the folder, wherever the task's file is by now: the commit is the truth.

import { renameSync } from 'node:fs'
import type { FolderState } from './folder-state.js'
import { discard, draft, seize, show } from './moves.js'
import { newFence, place, STATES } from './names.js'
import { repair } from './repair.js'
import { readTaskFile } from './task-file.js'

export interface Landed {
  readonly id: string
  /** The file's name. */
  readonly name: string
  /** What the commit has in `complete/`. */
  readonly bytes: Uint8Array
  readonly by: string
  readonly swarm?: string
  /** The landed commit. */
  readonly commit?: string
}

/** Puts the file into `complete/` with these bytes and takes it away elsewhere. Safe to call again. */
export async function forceComplete(state: FolderState, landed: Landed): Promise<void> {
  const { folder, records } = state
  const { id, name, bytes } = landed
  repair(state)
  const complete = place(folder, 'complete', name)
  const there = readTaskFile(complete, name)
  const isDone = there?.ok === true && Buffer.from(bytes).equals(Buffer.from(there.text))
  if (!isDone) {
    const written = draft(folder, name, newFence(), bytes, there ? complete : undefined)
    if (!show(written, complete)) {
      if (there?.ok && there.task.id !== id) {
        discard(written)
        return
      }
      renameSync(written, complete)
    }
  }
  for (const one of STATES) {
    if (one === 'complete' || !holds(state, one, name, id)) continue
    const seized = seize(folder, one, name, 'settling', newFence())
    if (seized) discard(seized.path)
  }
  records.remove(name)
  if (!isDone) {
    const { by, swarm, commit } = landed
    state.say({ type: 'completed', task: id, by, ...(swarm ? { swarm } : {}), ...(commit ? { commit } : {}) })
  }
}

function holds(state: FolderState, where: 'pending' | 'current', name: string, id: string): boolean {
  const content = readTaskFile(place(state.folder, where, name), name)
  return content?.ok === true && content.task.id === id
}
