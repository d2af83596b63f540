// Keeps the order of a list where tasks become files, which come in the order of their names: priorities say it.

import type { NewTask } from '../contract.js'
import { fileStem } from '../decode.js'

const last = (task: Pick<NewTask, 'priority'>) => task.priority ?? Number.POSITIVE_INFINITY

/**
 * The tasks, with priorities where files would come in another order than the list. A priority that was there stays
 * what it was but for a fraction; tasks without one come after all that have one.
 * @param known priorities of tasks that are there already
 */
export function ranked(tasks: readonly NewTask[], known: readonly number[] = []): NewTask[] {
  const highest = Math.max(0, ...tasks.map((task) => task.priority ?? 0), ...known)
  const groups = new Map<number, NewTask[]>()
  for (const task of tasks) groups.set(last(task), [...(groups.get(last(task)) ?? []), task])
  const changed = new Map<NewTask, number>()
  for (const [priority, group] of groups) {
    const names = group.map((task) => fileStem(task.id ?? ''))
    if (names.every((name, at) => at === 0 || names[at - 1]! < name)) continue
    const digits = String(group.length).length
    for (const [at, task] of group.entries()) {
      const own = Number.isFinite(priority) ? priority + at / 10 ** digits : Math.floor(highest) + 1 + at
      changed.set(task, Number(own.toFixed(6)))
    }
  }
  return tasks.map((task) => (changed.has(task) ? { ...task, priority: changed.get(task)! } : task))
}
