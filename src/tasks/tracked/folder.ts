// The tasks of a folder on their way with the work: requests read out of a branch, status written by a landing.

import { readFileSync } from 'node:fs'
import path from 'node:path'
import type { Landing, StatusEdits, TreeEdit } from '../../words.js'
import type { Claim, StatusRequest, TaskProblem, TaskRequests, TrackedTasks } from '../contract.js'
import { findComplete } from '../folder/complete.js'
import type { FolderState } from '../folder/folder-state.js'
import { storeOf } from '../folder/folder-store.js'
import { forceComplete } from '../folder/force.js'
import { isTaskName, place, STATES, type State } from '../folder/names.js'
import { completedText, movedByHolder, revive } from '../folder/settle.js'
import { parseTask, readTaskFile } from '../folder/task-file.js'
import { addedBySwarms, standing } from '../history.js'
import { alreadyComplete, notYours } from '../task-errors.js'
import { folderHistory } from './diverged.js'
import { drainFolder, oursInFolder, recoverFolder } from './drain.js'
import { decideRequests, type Standing } from './requests.js'
import { restorePaths } from './restore.js'
import { changedPaths, fileAt, statusPaths, treeFiles, treePath } from './task-tree.js'

export function trackedFolder(state: () => FolderState): TrackedTasks {
  return {
    async requests(worktree, base, own) {
      const folder = treePath(state())
      return folder
        ? readRequests(state(), worktree, base, folder, own)
        : { adds: [], ready: false, completed: [], ignored: [] }
    },
    async restore(worktree, base, adds) {
      const folder = treePath(state())
      return folder ? restorePaths(worktree, base, statusPaths(folder), adds) : undefined
    },
    statusEdits: (request) => folderEdits(state(), request),
    drain: (into) => drainFolder(state(), into),
    recover: (into) => recoverFolder(state(), into),
    history: async () => folderHistory(state().folder.root, treePath(state())),
    async away() {
      const { root } = state().folder
      const folder = treePath(state())
      return {
        paths: folder === undefined ? [] : statusPaths(folder),
        records: state().records,
        copyIn: (base) => storeOf(path.join(base, folder ?? ''), root, folder),
        ours: (into) => oursInFolder(state(), into),
        isOurs: async () => false,
      }
    },
  }
}

async function readRequests(
  state: FolderState,
  worktree: string,
  base: string,
  folder: string,
  own: readonly string[],
): Promise<TaskRequests> {
  const before: Standing[] = []
  const after: Standing[] = []
  const problems: TaskProblem[] = []
  for (const changed of await changedPaths(worktree, base, statusPaths(folder))) {
    const parts = changed.slice(folder.length + 1).split('/')
    const where = STATES.find((one) => one === parts[0])
    const name = parts[1]
    if (!where || name === undefined) continue
    if (parts.length !== 2 || !isTaskName(name)) {
      if (!name.startsWith('.'))
        problems.push({ path: changed, reason: 'it is no task: its name does not end in .edn or .json' })
      continue
    }
    const committed = await fileAt(worktree, base, changed)
    const old = committed && parseTask(committed, name)
    if (old?.ok) before.push({ task: old.task, state: where, path: changed, content: old.text })
    const now = readTaskFile(path.join(worktree, changed), name)
    if (now?.ok) after.push({ task: now.task, state: where, path: changed, content: now.text })
    else if (now) problems.push({ path: changed, reason: now.reason, line: now.line })
  }
  const known = new Set(after.length ? knownIds(state) : [])
  const requests = decideRequests({ before, after, problems }, own, (id) => known.has(id))
  for (const { task } of requests.adds) state.asked.add(task.id)
  return requests
}

function knownIds(state: FolderState): string[] {
  return STATES.flatMap((one) => [...state.scan.files(one).values()].map((file) => file.task.id))
}

interface Completed {
  readonly claim: Claim
  readonly name: string
  readonly bytes: Buffer
}

function folderEdits(state: FolderState, request: StatusRequest): StatusEdits {
  // The same bytes go into the commit and onto the disk, however often the merge is tried in between.
  const written = new Map<string, Completed[]>()
  const completed = (mergedCommit: string | undefined) => {
    const known = written.get(mergedCommit ?? '')
    const made =
      known ?? request.claims.map((claim) => completedFile(state, claim, { ...request.completion, mergedCommit }))
    written.set(mergedCommit ?? '', made)
    return made
  }
  return {
    async edits(mergedCommit, onto) {
      for (const claim of request.claims) verify(state, claim)
      return treeEdits(state, request, completed(mergedCommit), onto)
    },
    async settle(landing: Landing) {
      const commit = landing.nothing ? undefined : landing.commit
      for (const { claim, name, bytes } of completed(landing.mergedCommit)) {
        await forceComplete(state, {
          id: claim.task.id,
          name,
          bytes,
          by: request.completion.by,
          swarm: claim.holder.swarm,
          commit,
        })
      }
    },
  }
}

/** Where the file of a claim is: in current, unless its holder has moved it to complete by hand. */
function locate(state: FolderState, claim: Claim): { name: string; state: State } | undefined {
  const { id } = claim.task
  const current = [...state.scan.files('current').values()].find((file) => file.task.id === id)
  if (current) return { name: current.place, state: 'current' }
  const complete = movedByHolder(state, claim) ?? findComplete(state, id)
  if (complete === undefined && revive(state, id, claim.fence)) return locate(state, claim)
  return complete === undefined ? undefined : { name: complete, state: 'complete' }
}

/** @throws OompaError `not-yours` */
function verify(state: FolderState, claim: Claim): void {
  const { id } = claim.task
  const where = locate(state, claim)
  if (!where) throw notYours(id, 'its file went back to pending, or is gone')
  const record = standing(state.folder.root, state.records, where.name, claim.fence)
  if (record?.fence === claim.fence) return
  throw notYours(id, record ? `${record.worker} has held it since ${record.since}` : 'its claim has ended')
}

function completedFile(state: FolderState, claim: Claim, completion: Parameters<typeof completedText>[2]): Completed {
  const where = locate(state, claim)
  if (!where) throw notYours(claim.task.id, 'its file went back to pending, or is gone')
  const text = readFileSync(place(state.folder, where.state, where.name), 'utf8')
  return { claim, name: where.name, bytes: Buffer.from(completedText(text, where.name, completion)) }
}

/** Pending → complete over the target's tree, and the tasks that were added for this change. */
async function treeEdits(
  state: FolderState,
  request: StatusRequest,
  completed: readonly Completed[],
  onto = `refs/heads/${request.into}`,
): Promise<readonly TreeEdit[]> {
  const folder = treePath(state)
  if (folder === undefined) return []
  const { root } = state.folder
  const there = await treeFiles(root, onto, statusPaths(folder))
  const edits: TreeEdit[] = []
  const ours = addedBySwarms(root)
  for (const { claim, name, bytes } of completed) {
    const { id } = claim.task
    const done = await completeIn(root, onto, there, folder, id, name)
    if (done) throw alreadyComplete(id, `${request.into} has ${done}`)
    const old = ['pending', 'current'].map((one) => `${folder}/${one}/${name}`).filter((one) => there.has(one))
    if (old.length === 0 && !(there.size > 0 && ours.has(id))) continue
    edits.push(...old.map((one) => ({ path: one, content: null })), {
      path: `${folder}/complete/${name}`,
      content: bytes,
    })
  }
  if (there.size > 0) edits.push(...addedEdits(state, request.added ?? [], folder, there))
  return edits
}

async function completeIn(
  root: string,
  target: string,
  there: ReadonlyMap<string, string>,
  folder: string,
  id: string,
  name: string,
): Promise<string | undefined> {
  const stem = name.replace(/\.(edn|json)$/, '')
  for (const ending of ['edn', 'json']) {
    const file = `${folder}/complete/${stem}.${ending}`
    const bytes = there.has(file) ? await fileAt(root, target, file) : undefined
    const content = bytes && parseTask(bytes, `${stem}.${ending}`)
    if (content?.ok && content.task.id === id) return file
  }
  return undefined
}

function addedEdits(
  state: FolderState,
  ids: readonly string[],
  folder: string,
  there: ReadonlyMap<string, string>,
): TreeEdit[] {
  const wanted = new Set(ids)
  return (['pending', 'current'] as const).flatMap((where) =>
    [...state.scan.files(where).values()].flatMap((file) => {
      const to = `${folder}/pending/${file.place}`
      if (!wanted.has(file.task.id) || there.has(to)) return []
      return { path: to, content: readFileSync(place(state.folder, where, file.place)) }
    }),
  )
}
