// What stands in the three folders now. A file is read again only when it changed; who reads thousands of tasks for
// each claim is slow.

import { lstatSync, readdirSync } from 'node:fs'
import { isErrno } from '../../errors.js'
import type { Task } from '../../words.js'
import type { TaskProblem } from '../contract.js'
import { inOrder, type Placed } from '../order.js'
import { type Folder, isTaskName, place, type State } from './names.js'
import { type FileContent, readTaskFile } from './read.js'

/** A task and the name of its file. */
export interface TaskFile extends Placed {
  readonly state: State
  /** When the file came here, as the system tells it: a rename sets it. */
  readonly sinceMs: number
}

interface Known {
  readonly stamp: string
  readonly content: FileContent
  readonly file?: TaskFile
}

export interface Scan {
  /** The tasks of one folder by file name; `trust` does not look again at files that were read before. */
  files(state: State, trust?: boolean): ReadonlyMap<string, TaskFile>
  /** Pending tasks in the order in which they are claimed. */
  ordered(): readonly TaskFile[]
  /** Files of the last look that are no tasks, and remarks on those that are. */
  problems(state: State): TaskProblem[]
}

/** How long a file that was read is trusted without a look at its time stamp. */
const TRUST_MS = 1000

export function createScan(folder: Folder): Scan {
  const known: Record<State, Map<string, Known>> = { pending: new Map(), current: new Map(), complete: new Map() }
  const looked: Record<State, number> = { pending: 0, current: 0, complete: 0 }
  let order: TaskFile[] | undefined

  function refresh(state: State, trust: boolean): Map<string, Known> {
    const now = Date.now()
    const trusted = trust && now - looked[state] < TRUST_MS
    if (!trusted) looked[state] = now
    const before = known[state]
    const after = new Map<string, Known>()
    let same = true
    for (const name of names(folder, state)) {
      const old = before.get(name)
      const one = old && trusted ? old : look(folder, state, name, old)
      if (one) after.set(name, one)
      if (one !== old) same = false
    }
    if (state === 'pending') {
      if (!same) order = undefined
      else if (after.size !== before.size) order = order?.filter((file) => after.has(file.place))
    }
    known[state] = after
    return after
  }

  function files(state: State, trust = false): Map<string, TaskFile> {
    const found = new Map<string, TaskFile>()
    for (const [name, { file }] of refresh(state, trust)) if (file) found.set(name, file)
    return found
  }

  return {
    files,
    ordered() {
      const found = refresh('pending', true)
      order ??= inOrder([...found.values()].flatMap(({ file }) => file ?? []))
      return order
    },
    problems: (state) =>
      [...known[state]].flatMap(([name, { content }]) => problemsOf(place(folder, state, name), content)),
  }
}

function names(folder: Folder, state: State): string[] {
  try {
    return readdirSync(place(folder, state)).filter(isTaskName)
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return []
    throw error
  }
}

function look(folder: Folder, state: State, name: string, old: Known | undefined): Known | undefined {
  const path = place(folder, state, name)
  const stat = lstatSync(path, { throwIfNoEntry: false })
  if (!stat) return undefined
  const stamp = `${stat.ino}:${stat.size}:${stat.mtimeMs}:${stat.ctimeMs}`
  if (old?.stamp === stamp) return old
  const content = readTaskFile(path, name)
  if (!content) return undefined
  if (!content.ok) return { stamp, content }
  return {
    stamp,
    content: { ...content, text: '' },
    file: { task: content.task, place: name, state, sinceMs: stat.ctimeMs },
  }
}

function problemsOf(path: string, content: FileContent): TaskProblem[] {
  if (content.ok) return content.remarks.map((reason) => ({ path, reason }))
  return [{ path, reason: content.reason, ...(content.line === undefined ? {} : { line: content.line }) }]
}

/** Of files with one id the first by name counts; the others, by the name of that first. */
export function duplicates(files: Iterable<TaskFile>): Map<TaskFile, TaskFile> {
  const first = new Map<string, TaskFile>()
  const later = new Map<TaskFile, TaskFile>()
  const byName = [...files].sort((a, b) => (a.place < b.place ? -1 : 1))
  for (const file of byName) {
    const there = first.get(file.task.id)
    if (there) later.set(file, there)
    else first.set(file.task.id, file)
  }
  return later
}

/** Tasks of files, without their places. */
export function tasksOf(files: Iterable<TaskFile>): Task[] {
  return [...files].map((file) => file.task)
}
