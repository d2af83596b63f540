// What no landing has carried: written once when the swarm drains, and put right after a crash.

import { readFileSync } from 'node:fs'
import type { TreeEdit } from '../../words.js'
import type { ClaimRecord, OurTasks } from '../contract.js'
import { setFields } from '../edit-task.js'
import type { FolderState } from '../folder/folder-state.js'
import { forceComplete } from '../folder/force.js'
import { formatOf, isTaskName, place } from '../folder/names.js'
import type { TaskFile } from '../folder/scan.js'
import { parseTask } from '../folder/task-file.js'
import { type HistoryEntry, isOfSwarm, readHistory } from '../history.js'
import { fileAt, statusPaths, treeFiles, treePath } from './task-tree.js'

/**
 * Edits over the target's tree for what we did to tracked tasks and no landing carried: notes of released tasks, tasks
 * that workers added, tasks that were completed without a commit. What a person did is not among them.
 */
export async function drainFolder(state: FolderState, into: string): Promise<readonly TreeEdit[]> {
  const folder = treePath(state)
  if (folder === undefined) return []
  const { root } = state.folder
  const target = `refs/heads/${into}`
  const there = await treeFiles(root, target, statusPaths(folder))
  if (there.size === 0) return []
  const last = lastEntries(state)
  const edits: TreeEdit[] = []
  for (const file of state.scan.files('pending').values()) {
    const path = `${folder}/pending/${file.place}`
    const bytes = readFileSync(place(state.folder, 'pending', file.place))
    if (!there.has(path)) {
      if (isOfSwarm(last.get(file.task.id)?.added)) edits.push({ path, content: bytes })
    } else if (await onlyNotesDiffer(root, target, path, file, bytes)) edits.push({ path, content: bytes })
  }
  for (const file of state.scan.files('complete').values()) {
    const path = `${folder}/complete/${file.place}`
    const pending = `${folder}/pending/${file.place}`
    const entries = last.get(file.task.id)
    const isOurs = entries?.last?.type === 'completed' && (there.has(pending) || isOfSwarm(entries.added))
    if (there.has(path) || !isOurs) continue
    const content = readFileSync(place(state.folder, 'complete', file.place))
    edits.push(...(there.has(pending) ? [{ path: pending, content: null }] : []), { path, content })
  }
  return edits
}

/** What `drainFolder` gives, and the tasks that are in current: held, or moved there by hand. */
export async function oursInFolder(state: FolderState, into: string): Promise<OurTasks> {
  const folder = treePath(state)
  if (folder === undefined) return { edits: [], claims: [] }
  const there = await treeFiles(state.folder.root, `refs/heads/${into}`, statusPaths(folder))
  const edits = [...(await drainFolder(state, into))]
  const claims: { key: string; record: ClaimRecord }[] = []
  for (const file of state.scan.files('current').values()) {
    const record = state.records.read(file.place)
    const [pending, current] = [`${folder}/pending/${file.place}`, `${folder}/current/${file.place}`]
    if (there.has(current) || !(record || there.has(pending))) continue
    if (there.has(pending)) edits.push({ path: pending, content: null })
    edits.push({ path: current, content: readFileSync(place(state.folder, 'current', file.place)) })
    if (record) claims.push({ key: file.place, record })
  }
  return { edits, claims }
}

interface Entries {
  readonly last?: HistoryEntry
  readonly added?: HistoryEntry
}

function lastEntries(state: FolderState): Map<string, Entries> {
  const last = new Map<string, Entries>()
  for (const entry of readHistory(state.folder.root)) {
    const known = last.get(entry.task)
    last.set(entry.task, { last: entry, ...(entry.type === 'added' ? { added: entry } : { added: known?.added }) })
  }
  return last
}

/** Whether a file is what the target has with other notes, as we write them: anything else is the person's edit. */
async function onlyNotesDiffer(
  root: string,
  target: string,
  path: string,
  file: TaskFile,
  bytes: Buffer,
): Promise<boolean> {
  const committed = await fileAt(root, target, path)
  if (!committed || committed.equals(bytes) || file.task.notes === undefined) return false
  const before = parseTask(committed, file.place)
  if (!before.ok) return false
  return setFields(before.text, formatOf(file.place), { notes: file.task.notes }) === bytes.toString('utf8')
}

/**
 * After a crash between the swap of the target and the move of the files: what the target has complete is complete.
 * Only files that the history says we put there count, since a person may want a task done again.
 */
export async function recoverFolder(state: FolderState, into: string): Promise<string[]> {
  const folder = treePath(state)
  if (folder === undefined) return []
  const { root } = state.folder
  const target = `refs/heads/${into}`
  const last = lastEntries(state)
  const files = [...state.scan.files('current').values(), ...state.scan.files('pending').values()].filter((file) =>
    isOurs(last.get(file.task.id)?.last),
  )
  if (files.length === 0) return []
  const there = await treeFiles(root, target, statusPaths(folder))
  const moved: string[] = []
  for (const file of files) {
    const path = `${folder}/complete/${file.place}`
    if (!there.has(path) || there.has(`${folder}/pending/${file.place}`) || !isTaskName(file.place)) continue
    const bytes = await fileAt(root, target, path)
    const content = bytes && parseTask(bytes, file.place)
    if (!bytes || !content?.ok || content.task.id !== file.task.id) continue
    const by = content.task.extra['completed-by']
    await forceComplete(state, { id: file.task.id, name: file.place, bytes, by: typeof by === 'string' ? by : 'oompa' })
    moved.push(file.task.id)
  }
  return moved
}

function isOurs(entry: HistoryEntry | undefined): boolean {
  return entry?.type === 'released' || entry?.type === 'claimed' || entry?.type === 'taken'
}
