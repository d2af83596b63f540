// Whether a task is complete, asked by its file's name: the cost of a claim must not grow with what has been done.

import { fileStem } from '../decode.js'
import { place } from './names.js'
import { readTaskFile } from './read.js'
import type { FolderState } from './state.js'

/** The file name under which the task with this id is complete, if its file is named after it. */
export function findComplete(state: FolderState, id: string): string | undefined {
  for (const ending of ['.edn', '.json']) {
    const name = fileStem(id) + ending
    const content = readTaskFile(place(state.folder, 'complete', name), name)
    if (content?.ok && content.task.id === id) return name
  }
  return undefined
}

/** Whether the task with this id is complete. All are read only for an id whose file has another name, or none. */
export function isComplete(state: FolderState, id: string): boolean {
  if (findComplete(state, id)) return true
  for (const file of state.scan.files('complete', true).values()) if (file.task.id === id) return true
  return false
}
