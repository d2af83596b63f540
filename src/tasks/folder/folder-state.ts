// What one opened task folder keeps between calls: what it has read, its claim records and its history.

import type { Records } from '../contract.js'
import type { HistoryEntry } from '../history.js'
import type { Folder } from './names.js'
import type { Scan } from './scan.js'

export interface FolderState {
  readonly folder: Folder
  readonly scan: Scan
  readonly records: Records
  /** Ids of tasks that agents asked for by files in their worktrees: what is added of them is the swarm's doing. */
  readonly asked: Set<string>
  /** What was in the files of claims that were made here, by the task's id. */
  readonly held: Map<string, { readonly fence: string; readonly name: string; readonly text: string }>
  /** Appends to the history. */
  say(entry: Omit<HistoryEntry, 'at'>): void
}
