// Which task comes next, and what holds the others back: pure functions over what a store has read.

import type { Task } from '../words.js'
import type { ClaimRequest } from './contract.js'

/** A pending task and its place among equals: its file's name, or its number in a list. */
export interface Placed {
  readonly task: Task
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

/** What a task waits for, of its prerequisites. */
export function waitsFor(task: Task, isComplete: (id: string) => boolean): string[] {
  return task.dependsOn.filter((id) => !isComplete(id))
}

/** Whether a task is one of those that were asked for. */
export function isWanted(task: Task, request: Omit<ClaimRequest, 'claimer' | 'id'>): boolean {
  if (request.story !== undefined && task.story !== request.story) return false
  if (request.priority !== undefined && (task.priority ?? Number.POSITIVE_INFINITY) > request.priority) return false
  if (request.role !== undefined && task.role !== undefined && task.role !== request.role) return false
  if (request.files?.length && !task.files.some((file) => request.files?.some((one) => covers(one, file)))) return false
  return true
}

/** Whether `wanted`, a file or a folder, holds `file`, or the other way round. */
function covers(wanted: string, file: string): boolean {
  const [a, b] = [wanted, file].map((one) => one.replace(/^\.\//, '').replace(/\/+$/, ''))
  return a === b || file.startsWith(`${a}/`) || wanted.startsWith(`${b}/`)
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
 * recursion: a chain of 10,000 tasks is as good as any.
 */
export function cycles(tasks: readonly Task[]): string[][] {
  const byId = new Map(tasks.map((task) => [task.id, task]))
  const order = new Map<string, number>()
  const low = new Map<string, number>()
  const stack: string[] = []
  const onStack = new Set<string>()
  const found: string[][] = []
  for (const root of byId.keys()) {
    if (order.has(root)) continue
    const work: { id: string; next: number }[] = [{ id: root, next: 0 }]
    while (work.length) {
      const frame = work.at(-1)!
      if (frame.next === 0) {
        order.set(frame.id, order.size)
        low.set(frame.id, order.get(frame.id)!)
        stack.push(frame.id)
        onStack.add(frame.id)
      }
      const child = byId.get(frame.id)!.dependsOn[frame.next++]
      if (child !== undefined) {
        if (!byId.has(child)) continue
        if (!order.has(child)) work.push({ id: child, next: 0 })
        else if (onStack.has(child)) low.set(frame.id, Math.min(low.get(frame.id)!, order.get(child)!))
        continue
      }
      work.pop()
      const parent = work.at(-1)
      if (parent) low.set(parent.id, Math.min(low.get(parent.id)!, low.get(frame.id)!))
      if (low.get(frame.id) !== order.get(frame.id)) continue
      const members = stack.splice(stack.lastIndexOf(frame.id))
      for (const member of members) onStack.delete(member)
      if (members.length > 1 || byId.get(frame.id)!.dependsOn.includes(frame.id)) found.push(along(members, byId))
    }
  }
  return found.sort((a, b) => (a[0]! < b[0]! ? -1 : 1))
}

/** One way round a component, from its smallest id back to itself. */
function along(members: readonly string[], byId: ReadonlyMap<string, Task>): string[] {
  const inside = new Set(members)
  const first = [...members].sort()[0]!
  const from = new Map<string, string>()
  const queue = [first]
  for (const id of queue) {
    for (const next of byId.get(id)!.dependsOn) {
      if (next === first) {
        const way = [id]
        while (way[0] !== first) way.unshift(from.get(way[0]!)!)
        return way
      }
      if (inside.has(next) && !from.has(next)) {
        from.set(next, id)
        queue.push(next)
      }
    }
  }
  return [first]
}

/** Tasks that became ready because `completed` is complete. */
export function becameReady(pending: readonly Task[], completed: string, isComplete: (id: string) => boolean): Task[] {
  return pending.filter((task) => task.dependsOn.includes(completed) && waitsFor(task, isComplete).length === 0)
}
