// A store whose tasks are those of one branch, whatever the main checkout is on: the files of the checkout while it is
// on that branch, a copy of the branch's own while it is not (src/tasks/tracked/away.ts).

import { existsSync, watch as watchFiles } from 'node:fs'
import path from 'node:path'
import { stateFolder } from '../../files/paths.js'
import { branchOf, gitFolders } from '../../git/folders.js'
import type { StatusEdits } from '../../words.js'
import type { StatusRequest, TaskStore, TrackedTasks } from '../contract.js'
import { withLock } from '../one-file.js'
import {
  type Away,
  bringUpToDate,
  comeBack,
  copyFolder,
  forgetIfDone,
  isTracked,
  leaveCheckout,
  targetNow,
} from './away.js'

export interface Followed {
  /** The main checkout, absolute. */
  readonly root: string
  /** The target, without `refs/heads/`; undefined for whatever branch is checked out. */
  readonly into?: string
  /** Which of several stores it is, by its path. */
  readonly shard?: string
  /** Called when the tasks go to the copy, and when they come back. */
  readonly say?: (text: string) => void
}

/** The same store, following its target. One that is not in the repository is left as it is. */
export function followTarget(store: TaskStore, followed: Followed): TaskStore {
  const { tracked } = store
  return tracked ? following(store, tracked, followed) : store
}

function following(store: TaskStore, tracked: TrackedTasks, { root, into, shard, say }: Followed): TaskStore {
  const aways = new Map<string, Promise<{ store: TaskStore; away: Away }>>()
  const elsewhere = new Map<string, boolean>()
  const copyOf = (target: string) => copyFolder({ root, into: target, shard })

  function awayFor(target: string): Promise<{ store: TaskStore; away: Away }> {
    const known = aways.get(target)
    if (known) return known
    const opened = (async () => {
      const home = await tracked.away!()
      const copied = home.copyIn(copyOf(target))
      return { store: copied, away: { root, into: target, shard, home, copy: await copied.tracked!.away!() } }
    })()
    aways.set(target, opened)
    return opened
  }

  /** The store to use now. `fresh`: with what has reached the target meanwhile. */
  async function at(fresh = false): Promise<TaskStore> {
    const on = branchOf(root)
    const target = into ?? on
    if (target === undefined) return store
    const isThere = existsSync(copyOf(target))
    if (on === target && !isThere) return store
    if (on !== target && !isThere && !(await belongsTo(target))) return store
    const found = await awayFor(target)
    if (on !== target && existsSync(path.join(copyOf(target), 'base')) && !fresh) return found.store
    return withLock(root, path.join(stateFolder(root), 'away', 'lock'), () => settle(target, found))
  }

  async function settle(target: string, found: { store: TaskStore; away: Away }): Promise<TaskStore> {
    const folder = copyOf(target)
    if (branchOf(root) === target) {
      if (!existsSync(folder)) return store
      await comeBack(found.away)
      say?.(`The checkout is on ${target} again: its tasks are where they were.`)
      return store
    }
    if (existsSync(path.join(folder, 'base'))) await bringUpToDate(found.away)
    else {
      await leaveCheckout(found.away)
      say?.(
        `The checkout is not on ${target}: until it is, the tasks of ${target} are kept in ${path.relative(root, folder)}.`,
      )
    }
    return found.store
  }

  /** Whether the target has the tasks in its tree, asked once for each of its values. */
  async function belongsTo(target: string): Promise<boolean> {
    const commit = await targetNow(root, target)
    if (!commit) return false
    const known = elsewhere.get(commit)
    if (known !== undefined) return known
    const answer = await isTracked({ root, into: target }, await tracked.away!())
    elsewhere.set(commit, answer)
    return answer
  }

  async function close(): Promise<void> {
    const on = branchOf(root)
    const target = into ?? on
    if (target === undefined || !existsSync(copyOf(target))) return
    try {
      await at(true)
      const { away } = await awayFor(target)
      await withLock(root, path.join(stateFolder(root), 'away', 'lock'), () => forgetIfDone(away))
    } catch {
      // A copy that stays is put right by whoever opens these tasks next.
    }
  }

  return {
    name: store.name,
    list: async () => (await at(true)).list(),
    claim: async (request) => (await at(true)).claim(request),
    complete: async (claim, completion) => (await at()).complete(claim, completion),
    release: async (claim, reason) => (await at()).release(claim, reason),
    add: async (task) => (await at(true)).add(task),
    renew: async (claims) => (await at()).renew?.(claims),
    ...(store.watch ? { watch: (changed) => watchBoth(root, store, changed) } : {}),
    take: async (id, claimer, expected) => (await at()).take!(id, claimer, expected),
    reopen: async (id, reason, by) => (await at()).reopen!(id, reason, by),
    get path() {
      return store.path
    },
    tracked: {
      requests: async (...args) => (await at(true)).tracked!.requests(...args),
      restore: (...args) => tracked.restore(...args),
      statusEdits: (request) => statusEdits(request, at),
      drain: async (target) => (await at(true)).tracked!.drain(target),
      recover: async (target) => (await at(true)).tracked!.recover(target),
      history: () => tracked.history(),
      away: () => tracked.away!(),
    },
    close,
    ...(store.snapshots
      ? {
          snapshots: {
            take: async (before) => (await at()).snapshots!.take(before),
            putBack: async (...args) => (await at()).snapshots!.putBack(...args),
            keep: async (task) => (await at()).snapshots!.keep(task),
            clear: async (wrong) => (await at()).snapshots!.clear(wrong),
          },
        }
      : {}),
  }
}

/** Each store writes the same bytes, however often it is asked: the checkout may come back in between. */
function statusEdits(request: StatusRequest, at: () => Promise<TaskStore>): StatusEdits {
  const edits = new Map<TaskStore, StatusEdits>()
  const now = async () => {
    const store = await at()
    const known = edits.get(store) ?? store.tracked!.statusEdits(request)
    edits.set(store, known)
    return known
  }
  return {
    edits: async (mergedCommit, onto) => (await now()).edits(mergedCommit, onto),
    settle: async (landing) => (await now()).settle(landing),
  }
}

/** Calls back when the checkout is put on another branch, too. */
function watchBoth(root: string, store: TaskStore, changed: () => void): () => Promise<void> {
  const ends = [store.watch!(changed), watchBranch(root, changed)]
  return async () => {
    for (const end of ends) await end()
  }
}

/** Calls back when the main checkout may have been put on another branch; the answer ends it. */
export function watchBranch(root: string, changed: () => void): () => void {
  const watcher = watchFiles(gitFolders(root).own, { persistent: false }, (_, name) => {
    // Git writes HEAD last, by a rename of its lock.
    if (name === null || name === 'HEAD') changed()
  })
  watcher.on('error', () => {})
  return () => watcher.close()
}
