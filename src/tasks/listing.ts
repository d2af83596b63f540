// Puts together what a store has read: what is ready, what waits for what, and what is wrong. Pure.

import type { Task } from '../words.js'
import type { FoundTask, FoundTasks, TaskListing } from './contract.js'
import { cycles, inOrder, missingPrerequisites, waitsFor } from './order.js'

/**
 * The listing of a snapshot. A task whose id is another's is held back, as is what waits for a cycle or for nothing.
 * @param done ids that are complete elsewhere
 */
export function arrange(snapshot: FoundTasks, done: readonly string[] = []): TaskListing {
  const problems = [...snapshot.problems]
  const owner = new Map<string, FoundTask>()
  const twice = new Set<FoundTask>()
  for (const group of [snapshot.complete, snapshot.current, snapshot.pending]) {
    for (const found of [...group].sort((a, b) => (a.place < b.place ? -1 : 1))) {
      const first = owner.get(found.task.id)
      if (!first) owner.set(found.task.id, found)
      else {
        twice.add(found)
        problems.push({ path: found.path, reason: `its id \`${found.task.id}\` is also that of ${first.path}` })
      }
    }
  }
  const unfinished = [...snapshot.pending, ...snapshot.current].filter((found) => !twice.has(found))
  const tasks = [...owner.values()].map((found) => found.task)
  const pathOf = (id: string) => owner.get(id)?.path ?? id
  for (const [id, missing] of missingPrerequisites(unfinishedAmong(unfinished, tasks))) {
    const names = missing.filter((one) => !owner.has(one)).map((one) => `\`${one}\``)
    if (names.length)
      problems.push({ path: pathOf(id), reason: `\`${id}\` depends on ${names.join(', ')}, which is no task` })
  }
  for (const cycle of cycles(unfinished.map((found) => found.task))) {
    problems.push({
      path: pathOf(cycle[0]!),
      reason: `these tasks wait for each other: ${[...cycle, cycle[0]].map((id) => `\`${id}\``).join(' → ')}`,
    })
  }
  const complete = new Set([...snapshot.complete.map((found) => found.task.id), ...done])
  return {
    pending: inOrder(snapshot.pending).map((found) => {
      const waits = waitsFor(found.task, (id) => complete.has(id))
      return { ...found.task, ready: waits.length === 0 && !found.blocked && !twice.has(found), waitsFor: waits }
    }),
    current: inOrder(snapshot.current).map(({ task, claim, stale, bare }) => ({
      ...task,
      ...(claim ? { claim } : {}),
      ...(stale === undefined ? {} : { stale }),
      ...(bare === undefined ? {} : { bare }),
    })),
    complete: inOrder(snapshot.complete).map((found) => found.task),
    problems,
    found: snapshot,
  }
}

/** What can still wait, among all that may be waited for. */
function unfinishedAmong(unfinished: readonly FoundTask[], all: readonly Task[]): Task[] {
  const waiting = new Set(unfinished.map((found) => found.task))
  return all.map((task) => (waiting.has(task) ? task : { ...task, dependsOn: [] }))
}
