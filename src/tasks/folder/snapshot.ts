// The tasks of a folder as they stand at one moment, with their bytes, and how one is put back that somebody has moved or
// removed who may not: by the same renames as every other move, and over nothing that is there.

import { lstatSync, mkdirSync, readdirSync, renameSync } from 'node:fs'
import path from 'node:path'
import { isErrno } from '../../errors.js'
import { fromBytes, onDisk } from '../../files/bytes.js'
import { createFile } from '../../files/create.js'
import { wrongAtFolder } from '../../files/own.js'
import { stateFolder } from '../../files/paths.js'
import type { ClaimRecord, TaskPlace, TaskProblem, TaskSnapshot, TaskSnapshots } from '../contract.js'
import { makeStateFolder } from '../records.js'
import { treePath } from '../tracked/task-tree.js'
import type { FolderState } from './folder-state.js'
import { discard, draft, seize, show, putBack as showPending } from './moves.js'
import { isTaskName, newFence, parseInBetween, place, STATES, type State } from './names.js'
import { wrongPlace } from './real.js'
import { readTaskFile } from './task-file.js'

/** What a file held when it was read; it is read again only when it has changed. */
interface Known {
  readonly stamp: string
  readonly id?: string
  readonly text: string
}

export function folderSnapshots(state: FolderState): TaskSnapshots {
  let known = new Map<string, Known>()
  return {
    async take(before) {
      const files = new Map<string, Known>()
      const snapshot = takeSnapshot(state, before, (file, name) => {
        const found = readKnown(file, name, known.get(file))
        if (found) files.set(file, found)
        return found
      })
      known = files
      return snapshot
    },
    putBack: async (task, now) => (now ? moveBack(state, task, now) : bringBack(state, task)),
    keep: async (task) => keepAside(state, task.name, task.text),
    clear: async (wrong) => clearFolder(state, wrong),
  }
}

function takeSnapshot(
  state: FolderState,
  before: TaskSnapshot | undefined,
  read: (file: string, name: string) => Known | undefined,
): TaskSnapshot {
  const { folder, records } = state
  const stat = lstatSync(folder.path, { throwIfNoEntry: false })
  const tree = treePath(state)
  const about = { where: folder.path, ...(tree === undefined ? {} : { tree }), isFolder: stat?.isDirectory() ?? false }
  const tasks = new Map<string, TaskPlace>()
  const spoiled = new Set<string>()
  if (stat && !stat.isDirectory() && before?.isFolder) {
    return { ...about, tasks, spoiled, wrong: [{ path: folder.path, reason: wrongAtFolder(folder.path) ?? '' }] }
  }
  const wrong = new Map<string, TaskProblem>()
  const claimed = records.keys()
  // What stands twice is where it has come furthest, as everywhere.
  for (const one of STATES) {
    const found = wrongPlace(folder, one)
    if (found) wrong.set(found.path, found)
    for (const [file, name] of found ? [] : namesIn(state, one)) {
      const content = read(place(folder, one, file), name)
      if (!content) continue
      if (content.id === undefined) spoiled.add(`${one}/${name}`)
      else tasks.set(content.id, placeOf(content.id, one, name, content.text))
    }
  }
  function placeOf(id: string, at: State, name: string, text: string): TaskPlace {
    const record = claimed.has(name) ? records.read(name) : undefined
    return { id, state: at, name, text, ...(record?.id === id ? { record: plain(record) } : {}) }
  }
  return { ...about, tasks, spoiled, wrong: [...wrong.values()] }
}

function plain({ id, worker, swarm, owner, fence, since }: ClaimRecord): ClaimRecord {
  return { id, worker, swarm, owner, fence, since }
}

/** Files of tasks, each with its name; one that is on its way stands in current for so long. */
function namesIn({ folder }: FolderState, state: State): [string, string][] {
  let names: string[]
  try {
    names = readdirSync(place(folder, state), 'buffer').map(fromBytes)
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return []
    throw error
  }
  return names.flatMap((file): [string, string][] => {
    if (isTaskName(file)) return [[file, file]]
    const between = state === 'current' ? parseInBetween(file) : undefined
    return between && between.doing !== 'draft' ? [[file, between.name]] : []
  })
}

function readKnown(file: string, name: string, before: Known | undefined): Known | undefined {
  const stat = lstatSync(onDisk(file), { throwIfNoEntry: false })
  if (!stat) return undefined
  const stamp = `${stat.ino}:${stat.size}:${stat.mtimeMs}:${stat.ctimeMs}`
  if (before?.stamp === stamp) return before
  const content = readTaskFile(file, name)
  if (!content) return undefined
  return content.ok ? { stamp, id: content.task.id, text: content.text } : { stamp, text: '' }
}

/** Writes the file of a task that is gone. */
function bringBack(state: FolderState, task: TaskPlace): { kept?: string } {
  const fence = newFence()
  putRecord(state, task)
  const written = draft(state.folder, task.name, fence, task.text)
  showAt(state, written, task, fence)
  return {}
}

/** Takes a task from where it was put, and gives it its place again. */
function moveBack(state: FolderState, task: TaskPlace, now: TaskPlace): { kept?: string } | false {
  const { folder, records } = state
  const fence = newFence()
  const seized = seize(folder, now.state, now.name, 'settling', fence)
  if (!seized) return false
  const content = readTaskFile(seized.path, now.name)
  const record = records.read(now.name)
  const isTheSame = content?.ok && content.task.id === task.id
  // Somebody has claimed it, or written another task there, since we looked.
  if (!isTheSame || (record && record.fence !== (task.record ?? now.record)?.fence)) {
    if (!show(seized.path, place(folder, now.state, now.name))) showPending(state, seized.path, now.name, fence)
    return false
  }
  const kept = content.text === task.text ? undefined : keepAside(state, now.name, content.text)
  putRecord(state, task)
  showAt(state, draft(folder, task.name, fence, task.text), task, fence)
  discard(seized.path)
  return kept === undefined ? {} : { kept }
}

/** The record of a claim whose file was moved goes with the next sign of life: it is written again where it is missing. */
function putRecord({ records }: FolderState, { state, name, record }: TaskPlace): void {
  if (state === 'current' && record) records.restore(name, record)
}

function showAt(state: FolderState, written: string, task: TaskPlace, fence: string): void {
  const to = place(state.folder, task.state, task.name)
  if (show(written, to)) return
  const there = readTaskFile(to, task.name)
  if (there?.ok && there.task.id === task.id) discard(written)
  else showPending(state, written, task.name, fence)
}

/** Where what is in the way goes: out of the tasks, so that no command takes it for one, and below `.oompa/`. */
function asidePlace({ folder: { root } }: FolderState, name: string): string {
  const aside = path.join(stateFolder(root), 'aside')
  makeStateFolder(root, aside)
  for (let number = 1; ; number++) {
    const file = path.join(aside, number === 1 ? name : `${name}.${number}`)
    if (!lstatSync(onDisk(file), { throwIfNoEntry: false })) return file
  }
}

function keepAside(state: FolderState, name: string, text: string): string {
  const file = asidePlace(state, name)
  createFile(file, text)
  return path.relative(state.folder.root, file)
}

/** A link is renamed: it is never followed, and what it leads to is not touched. */
function clearFolder(state: FolderState, { path: wrong }: TaskProblem): string {
  const { root } = state.folder
  let aside = asidePlace(state, path.basename(wrong))
  try {
    renameSync(wrong, aside)
  } catch (error) {
    // `.oompa/` can be on another file system.
    if (!isErrno(error, 'EXDEV')) throw error
    aside = `${wrong}.wrong-${newFence().slice(0, 6)}`
    renameSync(wrong, aside)
  }
  mkdirSync(wrong, { recursive: true })
  return path.relative(root, aside)
}
