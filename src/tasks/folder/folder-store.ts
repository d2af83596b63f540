// The task folder as a store: `tasks/{pending,current,complete}/*.edn|json`, one file a task, a claim is a rename.

import { existsSync, mkdirSync } from 'node:fs'
import path from 'node:path'
import type { Task } from '../../words.js'
import type { Claim, FoundCurrent, NewTask, TaskListing, TaskStore } from '../contract.js'
import { fileStem } from '../decode.js'
import { encodeTask, completeTask as fillIn, freeId } from '../encode.js'
import { addedBy, record, standing } from '../history.js'
import { arrange } from '../listing.js'
import { bareClaim, claimRecords, holderOf, staleness } from '../records.js'
import { duplicateTask } from '../task-errors.js'
import { lazySnapshots, lazyTracked } from '../tracked/lazy.js'
import { rootOf } from '../where.js'
import { claimTask } from './claim-file.js'
import type { FolderState } from './folder-state.js'
import { discard, draft, show } from './moves.js'
import { type Folder, formatOf, newFence, parseInBetween, place, STATES } from './names.js'
import { checkFolder } from './real.js'
import { inBetweens, repair } from './repair.js'
import { createScan, type TaskFile } from './scan.js'
import { completeTask, releaseTask, reopenTask, revive, takeTask } from './settle.js'
import { readTaskFile } from './task-file.js'
import { watchFolder } from './watch.js'

/**
 * The store of a folder of task files.
 * @param folder below the main checkout, or absolute
 * @param root the main checkout; that of the hook which makes it, else `OOMPA_ROOT`, else the working directory
 */
export function taskFolder(folder = 'tasks', root?: string): TaskStore {
  return storeOf(folder, root)
}

/** @param copyOf where the tasks stand below the root, if `folder` is a copy of that */
export function storeOf(folder: string, root: string | undefined, copyOf?: string): TaskStore {
  let opened: FolderState | undefined
  const state = () => {
    opened ??= openFolder(rootOf(root), folder, copyOf)
    return opened
  }
  return {
    name: 'folder',
    list: async () => listTasks(state()),
    claim: async (request) => claimTask(state(), request),
    complete: (claim, completion) => completeTask(state(), claim, completion),
    release: (claim, reason) => releaseTask(state(), claim, reason),
    add: async (task) => addTask(state(), task),
    renew: async (claims) => renewClaims(state(), claims),
    watch: (changed) => watchFolder(state().folder, changed),
    take: (id, claimer, expected) => takeTask(state(), id, claimer, expected),
    reopen: async (id, reason, by) => reopenTask(state(), id, reason, by),
    get path() {
      return state().folder.path
    },
    tracked: lazyTracked(async () => (await import('../tracked/folder.js')).trackedFolder(state)),
    snapshots: lazySnapshots(async () => (await import('./snapshot.js')).folderSnapshots(state())),
  }
}

/** What the functions of this folder work on. */
export function openFolder(root: string, folder: string, copyOf?: string): FolderState {
  const opened: Folder = { root, path: path.resolve(root, folder), ...(copyOf === undefined ? {} : { copyOf }) }
  return {
    folder: opened,
    scan: createScan(opened),
    records: claimRecords(root, folder),
    asked: new Set(),
    held: new Map(),
    say: (entry) => record(root, entry),
  }
}

/** Everything in the three folders; files that a dead process left on their way are put right first. */
export function listTasks(state: FolderState): TaskListing {
  const { folder, scan } = state
  repair(state)
  const found = (file: TaskFile) => ({ ...file, path: place(folder, file.state, file.place) })
  const current: FoundCurrent[] = [...scan.files('current').values()].map((file) => ({
    ...found(file),
    ...claimOf(state, file),
  }))
  const pending = [...scan.files('pending').values()].map(found)
  const complete = [...scan.files('complete').values()].map(found)
  return arrange({
    pending,
    current: [...current, ...onTheirWay(state, new Set(current.map((file) => file.place)))],
    complete,
    problems: [...STATES.flatMap((one) => scan.problems(one)), ...state.records.problems()],
  })
}

function claimOf(state: FolderState, file: TaskFile): Pick<FoundCurrent, 'claim' | 'stale' | 'bare'> {
  const kept = state.records.read(file.place)
  if (!kept || kept.id !== file.task.id) {
    return bareClaim(file.sinceMs)
  }
  const stale = staleness(kept, state.records.leaseMs)
  return {
    claim: { task: file.task, holder: holderOf(kept), fence: kept.fence, since: kept.since },
    ...(stale === undefined ? {} : { stale }),
  }
}

/** Files between two names, which no folder shows: they are somebody's for the moment. */
function onTheirWay(state: FolderState, shown: ReadonlySet<string>): FoundCurrent[] {
  return inBetweens(state).flatMap((file) => {
    const between = parseInBetween(file)
    if (!between || between.doing === 'draft' || shown.has(between.name)) return []
    const path = place(state.folder, 'current', file)
    const content = readTaskFile(path, between.name)
    return content?.ok ? { task: content.task, place: between.name, path } : []
  })
}

/** Adds a task to pending, in the format that the folder uses. */
export function addTask(state: FolderState, wanted: NewTask): Task {
  const { folder, scan } = state
  const taken = new Map<string, string>()
  for (const one of ['complete', 'current', 'pending'] as const) {
    for (const file of scan.files(one).values()) taken.set(file.task.id, one)
  }
  const task = fillIn(wanted, (id) => taken.has(id) || isNameTaken(folder, fileStem(id)))
  const where = taken.get(task.id)
  if (where) throw duplicateTask(task.id, `it is ${where}`)
  const format = wanted.format ?? usualFormat(scan.order(true).files)
  for (let attempt = 1; ; attempt++) {
    const stem = freeId(fileStem(task.id), (candidate) => isNameTaken(folder, candidate))
    const name = `${stem}.${format}`
    const written = draft(folder, name, newFence(), encodeTask(task, format))
    checkFolder(path.join(folder.path, 'pending'))
    mkdirSync(path.join(folder.path, 'pending'), { recursive: true })
    if (show(written, place(folder, 'pending', name))) break
    discard(written)
    const there = readTaskFile(place(folder, 'pending', name), name)
    if (attempt > 20 || (there?.ok && there.task.id === task.id)) throw duplicateTask(task.id, 'it is pending')
  }
  state.say({ type: 'added', task: task.id, ...addedBy(state.asked.has(task.id), wanted.by) })
  return task
}

function isNameTaken(folder: Folder, stem: string): boolean {
  return ['edn', 'json'].some((ending) =>
    (['pending', 'current', 'complete'] as const).some((state) =>
      existsSync(place(folder, state, `${stem}.${ending}`)),
    ),
  )
}

/** JSON where every other task is JSON, else EDN. */
function usualFormat(files: readonly TaskFile[]): 'edn' | 'json' {
  return files.length > 0 && files.every((file) => formatOf(file.place) === 'json') ? 'json' : 'edn'
}

function renewClaims(state: FolderState, claims: readonly Claim[]): void {
  const fences = new Map(claims.map((claim) => [claim.task.id, claim.fence]))
  for (const [id, fence] of fences) revive(state, id, fence)
  for (const file of state.scan.files('current').values()) {
    const fence = fences.get(file.task.id)
    if (fence === undefined) continue
    standing(state.folder.root, state.records, file.place, fence)
    state.records.renew(file.place, fence)
  }
  // A person moved the file back by hand: whoever moves it to current next must not be taken for the old holder.
  for (const file of state.scan.order().files) {
    const fence = fences.get(file.task.id)
    const isHere = existsSync(place(state.folder, 'pending', file.place))
    if (fence !== undefined && isHere && state.records.read(file.place)?.fence === fence)
      state.records.remove(file.place)
  }
}
