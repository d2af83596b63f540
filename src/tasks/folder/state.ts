// What one opened task folder keeps between calls: what it has read, its claim records and its history.

import type { HistoryEntry } from '../history.js'
import type { Records } from '../records.js'
import type { Folder } from './names.js'
import type { Scan, TaskFile } from './scan.js'

export interface FolderState {
  readonly folder: Folder
  readonly scan: Scan
  readonly records: Records
  /** Appends to the history. */
  say(entry: Omit<HistoryEntry, 'at'>): void
  /** Derived from the pending files as last seen. */
  pendingIds?: { readonly files: readonly TaskFile[]; readonly ids: ReadonlySet<string> }
  held?: { readonly files: readonly TaskFile[]; readonly twice: ReadonlySet<TaskFile> }
}
