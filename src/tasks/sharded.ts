// Several stores as one: whatever is asked of a task is asked of the store that it stands in. Ids are unique among all of
// them, and a task may wait for one of another store. Claims are made in the stores themselves, so that whoever works with
// one of them, and whoever works with all, never have the same task.

import { existsSync } from 'node:fs'
import path from 'node:path'
import { peekSettings } from '../config/peek.js'
import { unknownStore } from '../config/store-paths.js'
import { messageOf, type OompaError, usageError } from '../errors.js'
import { stateFolder } from '../files/paths.js'
import type { Task } from '../words.js'
import type {
  Claim,
  ClaimAnswer,
  ClaimRequest,
  FoundTask,
  FoundTasks,
  NewTask,
  TaskListing,
  TaskProblem,
  TaskStore,
} from './contract.js'
import { completeTask } from './encode.js'
import { taskFolder } from './folder/folder-store.js'
import { taskGraph } from './graph/task-graph.js'
import { arrange } from './listing.js'
import { markdownLists } from './lists/markdown-lists.js'
import { withLock } from './one-file.js'
import { answerFrom, isWanted } from './order.js'
import { recordsFolder } from './records.js'
import { duplicateTask, notYours } from './task-errors.js'
import { trackedShards } from './tracked/shards.js'
import { rootOf } from './where.js'

/** Stores by their paths below the root. */
export type Shards = ReadonlyMap<string, TaskStore>

/**
 * The stores that `tasks.stores` of `oompa.json` names, as one.
 * @param root the main checkout; that of the hook which makes it, else `OOMPA_ROOT`, else the working directory
 * @throws OompaError `no-stores` (status 2) if it names none
 */
export function taskStores(root?: string): TaskStore {
  const base = rootOf(root)
  const { tasksStores } = peekSettings(base)
  if (tasksStores) return storesAt(tasksStores, base)
  throw usageError(
    'oompa.json does not say which task stores there are.',
    'Write into it: { "tasks": { "stores": ["tasks/api", "tasks/web/task-graph.yaml"] } }',
    'no-stores',
  )
}

/**
 * The folders, lists and graphs at these paths below the root, or absolute.
 * @throws OompaError `alike-stores` (status 2)
 */
export function storesAt(names: readonly string[], root: string): TaskStore {
  for (const [at, name] of names.entries()) {
    const twin = names.slice(0, at).find((other) => recordsFolder(root, other) === recordsFolder(root, name))
    if (twin !== undefined) throw alike(twin, name)
  }
  return sharded(new Map(names.map((name) => [name, storeAt(name, root)])), root)
}

function alike(one: string, other: string): OompaError {
  return usageError(
    `The task stores ${one} and ${other} would have their claims in one place: their paths differ by signs alone.`,
    `Rename one of them: git mv ${other} ${other}-2`,
    'alike-stores',
  )
}

/** A file is a graph; a folder holds lists where a list stands in it, else tasks. */
function storeAt(name: string, root: string): TaskStore {
  if (/\.ya?ml$/.test(name)) return taskGraph(name, root)
  const has = (entry: string) => existsSync(path.resolve(root, name, entry))
  return has('pending.md') && !has('pending') ? markdownLists(name, root) : taskFolder(name, root)
}

/** More looks than others can have been faster in. */
const MOST_LOOKS = 100

/** The stores `shards` of the main checkout `root` as one. */
export function sharded(shards: Shards, root: string): TaskStore {
  const list = async () => arrange(heldBack(await readAll(shards, root)))

  function shard(name: string | undefined): TaskStore {
    const found = shards.get(name ?? '')
    if (!found) throw unknownStore(name ?? '', [...shards.keys()])
    return found
  }

  /** The store of a claim, wherever that was made. */
  async function storeOf({ task: { id, store } }: Claim): Promise<TaskStore> {
    if (store !== undefined) return shard(store)
    const { current, complete } = await list()
    const there = [...current, ...complete].find((task) => task.id === id)
    if (!there) throw notYours(id, 'it is in none of the stores')
    return shard(there.store)
  }

  async function claim(request: ClaimRequest): Promise<ClaimAnswer> {
    const { claimer, id } = request
    let answer: ClaimAnswer | undefined
    for (let look = 0; look < MOST_LOOKS; look++) {
      const listing = await list()
      const ready = listing.pending.filter(
        (task) => task.ready && (id === undefined ? isWanted(task, request) : task.id === id),
      )
      if (ready.length === 0) return answerFrom(listing, request, notReady)
      for (const task of ready) {
        answer = await shard(task.store).claim({ claimer, id: task.id, done: doneElsewhere(task, listing) })
        if (answer.answer === 'claimed') return { ...answer, claim: inStore(answer.claim, task.store) }
      }
    }
    return answer ?? { answer: 'none', why: 'no task is pending' }
  }

  return {
    name: 'stores',
    shards,
    list,
    claim,
    complete: async (one, completion) => (await storeOf(one)).complete(one, completion),
    release: async (one, reason) => (await storeOf(one)).release(one, reason),
    // Under a lock: two who add the same id to two stores would not see each other.
    add: (wanted) =>
      withLock(root, path.join(stateFolder(root), 'stores'), async () => addTo(shards, wanted, await list())),
    async renew(claims) {
      for (const [name, store] of shards) await store.renew?.(claims.filter(({ task }) => task.store === name))
    },
    watch(changed) {
      const ends = [...shards.values()].flatMap((store) => store.watch?.(changed) ?? [])
      return async () => {
        for (const end of ends) await end()
      }
    },
    async take(id, claimer, expected) {
      const held = (await list()).current.find((task) => task.id === id)
      if (!held) throw notYours(id, 'nobody holds it')
      return inStore(await shard(held.store).take!(id, claimer, expected), held.store)
    },
    async reopen(id, reason, by) {
      const done = (await list()).complete.find((task) => task.id === id)
      return done !== undefined && (await shard(done.store).reopen!(id, reason, by))
    },
    tracked: trackedShards(shards),
    async close() {
      for (const store of shards.values()) await store.close?.()
    },
  }
}

function notReady(task: Task): never {
  throw new Error(`Task ${task.id} is ready after all.`)
}

const inStore = (claim: Claim, store: string | undefined): Claim => ({ ...claim, task: { ...claim.task, store } })

/** What a task waited for in other stores, of which its own knows nothing. */
function doneElsewhere({ dependsOn, store }: Task, { complete }: TaskListing): string[] {
  const own = new Set(complete.flatMap((task) => (task.store === store ? task.id : [])))
  return dependsOn.filter((id) => !own.has(id))
}

async function addTo(shards: Shards, { store, ...wanted }: NewTask, listing: TaskListing): Promise<Task> {
  const name = store ?? [...shards.keys()][0]!
  const to = shards.get(name)
  if (!to) throw unknownStore(name, [...shards.keys()])
  const all = [...listing.pending, ...listing.current, ...listing.complete]
  const where = new Map(all.map((task) => [task.id, task.store]))
  const { id } = completeTask(wanted, (one) => where.has(one))
  if (where.has(id)) throw duplicateTask(id, `it is in ${where.get(id)}`)
  return { ...(await to.add({ ...wanted, id })), store: name }
}

/**
 * What all stores hold, each task with the name of its own. One that is missing or cannot be read is a problem, and stops
 * no other.
 * @throws what the first of them says, if none can be read
 */
async function readAll(shards: Shards, root: string): Promise<FoundTasks> {
  const read: FoundTasks[] = []
  const failed: unknown[] = []
  const problems: TaskProblem[] = []
  for (const [name, store] of shards) {
    const at = path.resolve(root, name)
    try {
      // Stores of ours say what they have found.
      const snapshot = named((await store.list()).found!, name, String(read.length).padStart(4, '0'))
      const isEmpty = snapshot.pending.length + snapshot.current.length + snapshot.complete.length === 0
      if (isEmpty && !existsSync(at)) problems.push({ path: at, reason: 'there is nothing: no task is read from it' })
      read.push(snapshot)
    } catch (error) {
      failed.push(error)
      problems.push({ path: at, reason: messageOf(error) })
    }
  }
  if (read.length === 0) throw failed[0]
  return {
    pending: read.flatMap((one) => one.pending),
    current: read.flatMap((one) => one.current),
    complete: read.flatMap((one) => one.complete),
    problems: [...problems, ...read.flatMap((one) => one.problems)],
  }
}

/** The same with the name of its store at each task; `rank` is the place of the store among all. */
function named({ pending, current, complete, problems }: FoundTasks, store: string, rank: string): FoundTasks {
  const at = <T extends FoundTask>(found: T): T => ({
    ...found,
    task: { ...found.task, store },
    place: `${rank}/${found.place}`,
  })
  return {
    pending: pending.map(at),
    current: current.map((found) => ({ ...at(found), ...(found.claim ? { claim: inStore(found.claim, store) } : {}) })),
    complete: complete.map(at),
    problems,
  }
}

/** An id in two stores: nobody can tell which task is meant where it is waited for, so that neither is begun. */
function heldBack(snapshot: FoundTasks): FoundTasks {
  const stores = new Map<string, Set<string | undefined>>()
  for (const { task } of [...snapshot.pending, ...snapshot.current, ...snapshot.complete]) {
    stores.set(task.id, (stores.get(task.id) ?? new Set()).add(task.store))
  }
  const isUnique = ({ task }: FoundTask) => stores.get(task.id)?.size === 1
  return { ...snapshot, pending: snapshot.pending.map((one) => (isUnique(one) ? one : { ...one, blocked: true })) }
}
