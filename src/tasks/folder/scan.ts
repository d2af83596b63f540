// What stands in the three folders now. A file is read again only when it changed, and a folder of thousands is looked
// at again only after some while: 128 claimers that list 2,000 files for each claim do nothing else.

import { lstatSync, readdirSync } from 'node:fs'
import { isErrno } from '../../errors.js'
import { fromBytes, onDisk } from '../../files/bytes.js'
import type { TaskProblem } from '../contract.js'
import { inOrder, type Placed } from '../order.js'
import { type Folder, isTaskName, place, type State } from './names.js'
import { wrongPlace } from './real.js'
import { type FileContent, readTaskFile } from './task-file.js'

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

/** Pending tasks in the order in which they are claimed, and what claims need to know of them all. */
export interface Order {
  readonly files: readonly TaskFile[]
  readonly ids: ReadonlySet<string>
  /** Files whose id is that of another, earlier by name. */
  readonly twice: ReadonlySet<TaskFile>
}

export interface Scan {
  /** The tasks of one folder by file name, as they are now. */
  files(state: State): ReadonlyMap<string, TaskFile>
  /** Pending tasks in order. May be a moment old where there are many; `now` looks again. */
  order(now?: boolean): Order
  /** Ids of the tasks of a folder. May be a moment old where there are many. */
  ids(state: 'current' | 'complete'): ReadonlySet<string>
  /** Somebody has taken this pending file: it is not offered again until the next look. */
  isGone(name: string): boolean
  gone(name: string): void
  /** Files of the last look that are no tasks, and remarks on those that are. */
  problems(state: State): TaskProblem[]
}

/** Below so many files a look costs less than a claim, and every claim looks. */
const FEW = 200

/** How long a file that was read is trusted without a look at its time stamp. */
const TRUST_MS = 1000

/** Looks at many files may take one part in so many of the time. */
const SHARE = 20

interface Look {
  files: Map<string, Known>
  /** When and how long the names were listed, and the time stamps compared. */
  listedAt: number
  listMs: number
  comparedAt: number
  compareMs: number
}

export function createScan(folder: Folder): Scan {
  const fresh = (): Look => ({ files: new Map(), listedAt: -1e9, listMs: 0, comparedAt: -1e9, compareMs: 0 })
  const looks: Record<State, Look> = { pending: fresh(), current: fresh(), complete: fresh() }
  const gone = new Set<string>()
  let order: Order | undefined
  const ids: { current?: Set<string>; complete?: Set<string> } = {}

  function look(state: State, trust: boolean): Map<string, Known> {
    const last = looks[state]
    const begin = performance.now()
    const compare = !trust || begin - last.comparedAt > Math.max(TRUST_MS, last.compareMs * SHARE)
    const after = new Map<string, Known>()
    let same = true
    for (const name of names(folder, state)) {
      const old = last.files.get(name)
      const one = old && !compare ? old : readKnown(folder, state, name, old)
      if (one) after.set(name, one)
      if (one !== old) same = false
    }
    if (!same || after.size !== last.files.size) {
      if (state === 'pending') order = undefined
      else ids[state] = undefined
    }
    if (state === 'pending') gone.clear()
    const end = performance.now()
    looks[state] = {
      files: after,
      listedAt: end,
      listMs: end - begin,
      comparedAt: compare ? end : last.comparedAt,
      compareMs: compare ? end - begin : last.compareMs,
    }
    return after
  }

  /** The last look if there are many files and it was a moment ago, else a new one. */
  function recent(state: State): Map<string, Known> {
    const last = looks[state]
    const isRecent = last.files.size > FEW && performance.now() - last.listedAt < last.listMs * SHARE
    return isRecent ? last.files : look(state, true)
  }

  return {
    files(state) {
      const found = new Map<string, TaskFile>()
      for (const [name, { file }] of look(state, false)) if (file) found.set(name, file)
      return found
    },
    order(now = false) {
      const found = now ? look('pending', true) : recent('pending')
      order ??= makeOrder([...found.values()].flatMap(({ file }) => file ?? []))
      return order
    },
    ids(state) {
      const found = recent(state)
      const known = ids[state] ?? new Set([...found.values()].flatMap(({ file }) => file?.task.id ?? []))
      ids[state] = known
      return known
    },
    isGone: (name) => gone.has(name),
    gone: (name) => void gone.add(name),
    problems: (state) => [
      ...[wrongPlace(folder, state) ?? []].flat(),
      ...[...looks[state].files].flatMap(([name, { content }]) => problemsOf(place(folder, state, name), content)),
    ],
  }
}

function makeOrder(files: readonly TaskFile[]): Order {
  const first = new Map<string, TaskFile>()
  const twice = new Set<TaskFile>()
  for (const file of files) {
    const there = first.get(file.task.id)
    if (there) twice.add(there.place < file.place ? file : there)
    if (!there || file.place < there.place) first.set(file.task.id, file)
  }
  return { files: inOrder(files), ids: new Set(first.keys()), twice }
}

function names(folder: Folder, state: State): string[] {
  if (wrongPlace(folder, state)) return []
  try {
    return readdirSync(place(folder, state), 'buffer').map(fromBytes).filter(isTaskName)
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return []
    throw error
  }
}

function readKnown(folder: Folder, state: State, name: string, old: Known | undefined): Known | undefined {
  const path = place(folder, state, name)
  const stat = lstatSync(onDisk(path), { throwIfNoEntry: false })
  if (!stat) return undefined
  const stamp = `${stat.ino}:${stat.size}:${stat.mtimeMs}:${stat.ctimeMs}`
  if (old?.stamp === stamp) return old
  const content = readTaskFile(path, name)
  if (!content) return undefined
  if (!content.ok) return { stamp, content }
  const file = { task: content.task, place: name, state, sinceMs: stat.ctimeMs }
  return { stamp, content: { ...content, text: '' }, file }
}

function problemsOf(path: string, content: FileContent): TaskProblem[] {
  if (content.ok) return content.remarks.map((reason) => ({ path, reason }))
  return [{ path, reason: content.reason, ...(content.line === undefined ? {} : { line: content.line }) }]
}
