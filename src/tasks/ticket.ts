// The ticket of a graph's node: `path` names a document that says what is to be done, and its text is in the prompt.

import path from 'node:path'
import { readOwn, wrongOnTheWay } from '../files/own.js'
import type { Task } from '../words.js'

/** A longer document is named, and not quoted. */
const MOST_BYTES = 100_000

/**
 * @param folder the worktree, absolute: the ticket is that of its branch
 * @returns undefined where the task names none, or none is there; nothing outside the folder is read, and no link followed
 */
export function ticketOf(task: Task | undefined, folder: string): { path: string; text: string } | undefined {
  const named = task?.extra.path
  if (typeof named !== 'string' || named === '' || path.isAbsolute(named)) return undefined
  const full = path.resolve(folder, named)
  const below = path.relative(folder, full)
  if (below === '' || below.startsWith('..') || wrongOnTheWay(folder, path.dirname(full))) return undefined
  const found = readOwn(full, MOST_BYTES)
  return found && 'bytes' in found ? { path: below, text: found.bytes.toString('utf8').trim() } : undefined
}
