// Puts together what a store has read: what is ready, what waits for what, and what is wrong. Pure.

import type { Task } from '../words.js'
import type { Claim, TaskListing, TaskProblem } from './contract.js'
import { cycles, inOrder, missingPrerequisites, type Placed, waitsFor } from './order.js'

/** A task as a store read it. `path` is for problems. */
export interface Found extends Placed {
  readonly path: string
  /** Held back by the one who wrote it. */
  readonly blocked?: boolean
}

export interface CurrentFound extends Found {
  readonly claim?: Claim
  /** Why it shows no sign of life. */
  readonly stale?: string
  /** Why it is nobody's. */
  readonly bare?: string
}

export interface Snapshot {
  readonly pending: readonly Found[]
  readonly current: readonly CurrentFound[]
  readonly complete: readonly Found[]
  readonly problems: readonly TaskProblem[]
}

/** The listing of a snapshot. A task whose id is another's is held back, as is what waits for a cycle or for nothing. */
export function arrange(snapshot: Snapshot): TaskListing {
  const problems = [...snapshot.problems]
  const owner = new Map<string, Found>()
  const twice = new Set<Found>()
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
  const complete = new Set(snapshot.complete.map((found) => found.task.id))
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
  }
}

/** What can still wait, among all that may be waited for. */
function unfinishedAmong(unfinished: readonly Found[], all: readonly Task[]): Task[] {
  const waiting = new Set(unfinished.map((found) => found.task))
  return all.map((task) => (waiting.has(task) ? task : { ...task, dependsOn: [] }))
}
