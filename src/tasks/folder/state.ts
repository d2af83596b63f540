// What one opened task folder keeps between calls: what it has read, its claim records and its history.

import type { HistoryEntry } from '../history.js'
import type { Records } from '../records.js'
import type { Folder } from './names.js'
import type { Scan } from './scan.js'

export interface FolderState {
  readonly folder: Folder
  readonly scan: Scan
  readonly records: Records
  /** Appends to the history. */
  say(entry: Omit<HistoryEntry, 'at'>): void
}
