// Whether a task is complete, asked by its file's name: the cost of a claim must not grow with what has been done.

import { existsSync } from 'node:fs'
import { fileStem } from '../decode.js'
import type { FolderState } from './folder-state.js'
import { place } from './names.js'
import { wrongPlace } from './real.js'
import { readTaskFile } from './task-file.js'

/** The file name under which the task with this id is complete, if its file is named after it. */
export function findComplete(state: FolderState, id: string): string | undefined {
  if (wrongPlace(state.folder, 'complete')) return undefined
  for (const ending of ['.edn', '.json']) {
    const name = fileStem(id) + ending
    const file = place(state.folder, 'complete', name)
    // Mostly there is none, and an exception costs more than the look.
    const content = existsSync(file) ? readTaskFile(file, name) : undefined
    if (content?.ok && content.task.id === id) return name
  }
  return undefined
}

/**
 * Says of ids whether they are complete. All are read only for one whose file has another name, or that is no task.
 * @param done ids that are complete elsewhere
 */
export function completeness(state: FolderState, done: readonly string[] = []): (id: string) => boolean {
  let all: ReadonlySet<string> | undefined
  return (id) => {
    if (done.includes(id) || findComplete(state, id)) return true
    all ??= state.scan.ids('complete')
    return all.has(id)
  }
}
