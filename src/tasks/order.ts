// Which task comes next, and what holds the others back: pure functions over what a store has read.

import { createHash } from 'node:crypto'
import type { Task } from '../words.js'
import type { Claim, ClaimAnswer, ClaimRequest, TaskListing } from './contract.js'

/** A pending task and its place among equals: its file's name, or its number in a list. */
export interface Placed<T extends Task = Task> {
  readonly task: T
  readonly place: string
}

/** By priority (none is last), then by place, compared as bytes so that every machine agrees. */
export function inOrder<T extends Placed>(pending: readonly T[]): T[] {
  return [...pending].sort(
    (a, b) =>
      (a.task.priority ?? Number.POSITIVE_INFINITY) - (b.task.priority ?? Number.POSITIVE_INFINITY) ||
      (a.place < b.place ? -1 : a.place > b.place ? 1 : 0) ||
      0,
  )
}

/**
 * By priority, and among equals in an order of a clone's own: clones that took them by their names would all begin with
 * the same, and learn of each other when they push.
 * @param clone what names it, and no other
 */
export function inOrderOfClone<T extends Task>(tasks: readonly T[], clone: string): T[] {
  const rank = ({ id }: Task) => createHash('sha256').update(`${clone}\0${id}`).digest('hex')
  return inOrder(tasks.map((task) => ({ task, place: rank(task) }))).map(({ task }) => task)
}

/** What a task waits for, of its prerequisites. */
export function waitsFor(task: Task, isComplete: (id: string) => boolean): string[] {
  return task.dependsOn.filter((id) => !isComplete(id))
}

/** Whether a task is one of those that were asked for. */
export function isWanted(task: Task, request: Omit<ClaimRequest, 'claimer' | 'id'>): boolean {
  if (request.story !== undefined && task.story !== request.story) return false
  if (request.priority !== undefined && (task.priority ?? Number.POSITIVE_INFINITY) > request.priority) return false
  if (request.role !== undefined && task.role !== undefined && task.role !== request.role) return false
  if (request.stores !== undefined && !request.stores.includes(task.store ?? '')) return false
  if (request.files?.length && !task.files.some((file) => request.files?.some((one) => covers(one, file)))) return false
  return true
}

/** Whether `wanted`, a file or a folder, holds `file`, or the other way round. */
function covers(wanted: string, file: string): boolean {
  const [a, b] = [wanted, file].map((one) => withoutSlashes(one.replace(/^\.\//, '')))
  return a === b || file.startsWith(`${a}/`) || wanted.startsWith(`${b}/`)
}

/** Without the slashes at its end. Not by a pattern: that begins anew at each slash. */
function withoutSlashes(path: string): string {
  let end = path.length
  while (path[end - 1] === '/') end--
  return path.slice(0, end)
}

/** Prerequisites that are no task at all, by the id of the task that names them. */
export function missingPrerequisites(tasks: readonly Task[]): Map<string, string[]> {
  const ids = new Set(tasks.map((task) => task.id))
  const missing = new Map<string, string[]>()
  for (const task of tasks) {
    const absent = task.dependsOn.filter((id) => !ids.has(id))
    if (absent.length) missing.set(task.id, absent)
  }
  return missing
}

/**
 * The cycles among tasks, each as the ids along it, beginning with the smallest. Tarjan's components, without
 * recursion: a chain of 10,000 tasks is as good as any. By numbers and not by ids: with many, looking an id up costs
 * more than all else.
 */
export function cycles(tasks: readonly Task[]): string[][] {
  const ids = [...new Set(tasks.map((task) => task.id))]
  const numbers = new Map(ids.map((id, number) => [id, number]))
  const before: number[][] = ids.map(() => [])
  for (const task of tasks) {
    before[numbers.get(task.id)!] = task.dependsOn.flatMap((id) => numbers.get(id) ?? [])
  }
  const order = new Int32Array(ids.length).fill(-1)
  const low = new Int32Array(ids.length)
  const isOpen = new Uint8Array(ids.length)
  const stack: number[] = []
  const found: string[][] = []
  let met = 0
  const enter = (at: number) => {
    order[at] = met
    low[at] = met++
    stack.push(at)
    isOpen[at] = 1
    return { at, next: 0 }
  }
  for (let root = 0; root < ids.length; root++) {
    if (order[root] !== -1) continue
    const work = [enter(root)]
    while (work.length > 0) {
      const frame = work.at(-1)!
      const { at } = frame
      const child = before[at]![frame.next++]
      if (child !== undefined) {
        if (order[child] === -1) work.push(enter(child))
        else if (isOpen[child]) low[at] = Math.min(low[at]!, order[child]!)
        continue
      }
      work.pop()
      const parent = work.at(-1)
      if (parent) low[parent.at] = Math.min(low[parent.at]!, low[at]!)
      if (low[at] !== order[at]) continue
      const members = stack.splice(stack.lastIndexOf(at))
      for (const member of members) isOpen[member] = 0
      if (members.length > 1 || before[at]!.includes(at)) found.push(along(members, before, ids))
    }
  }
  return found.sort((a, b) => (a[0]! < b[0]! ? -1 : 1))
}

/** One way round a component, from its smallest id back to itself. */
function along(members: readonly number[], before: readonly (readonly number[])[], ids: readonly string[]): string[] {
  const inside = new Set(members)
  const first = members.reduce((least, one) => (ids[one]! < ids[least]! ? one : least))
  const from = new Map<number, number>()
  const queue = [first]
  for (const at of queue) {
    for (const next of before[at]!) {
      if (next === first) {
        const way = [at]
        while (way.at(-1) !== first) way.push(from.get(way.at(-1)!)!)
        return way.reverse().map((one) => ids[one]!)
      }
      if (inside.has(next) && !from.has(next)) {
        from.set(next, at)
        queue.push(next)
      }
    }
  }
  return [ids[first]!]
}

/** Tasks that became ready because `completed` is complete. */
export function becameReady(pending: readonly Task[], completed: string, isComplete: (id: string) => boolean): Task[] {
  return pending.filter((task) => task.dependsOn.includes(completed) && waitsFor(task, isComplete).length === 0)
}

// Chooses the task that a claim is given, for stores that look at everything under a lock. Pure but for `take`.

/** The answer to a request; `take` makes the claim of the task that was chosen. */
export function answerFrom(listing: TaskListing, request: ClaimRequest, take: (task: Task) => Claim): ClaimAnswer {
  const { pending, current, complete } = listing
  if (request.id === undefined) {
    const ready = pending.find((task) => task.ready && isWanted(task, request))
    if (ready) return { answer: 'claimed', claim: take(ready) }
    const waiting = pending.find((task) => task.waitsFor.length > 0)
    return {
      answer: 'none',
      why: waiting ? `\`${waiting.id}\` waits for ${waiting.waitsFor.join(', ')}` : 'no task is pending',
    }
  }
  const { id } = request
  const named = pending.filter((task) => task.id === id)
  const ready = named.find((task) => task.ready)
  if (ready) return { answer: 'claimed', claim: take(ready) }
  const held = current.find((task) => task.id === id)
  if (held) return { answer: 'already-taken', why: `\`${id}\` is held by ${held.claim?.holder.worker ?? 'somebody'}` }
  if (complete.some((task) => task.id === id)) return { answer: 'already-taken', why: `\`${id}\` is complete` }
  const waits = named[0]?.waitsFor ?? []
  if (named[0])
    return { answer: 'dependency-missing', why: `\`${id}\` waits for ${waits.join(', ') || 'something else'}` }
  return { answer: 'not-found', why: `there is no task \`${id}\`` }
}
