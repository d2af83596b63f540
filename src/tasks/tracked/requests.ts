// What an agent did to its own copy of the tasks, decided: pure, over what was there before and what is there after.

import type { Task } from '../../words.js'
import type { TaskProblem, TaskRequests } from '../contract.js'
import type { State } from '../folder/names.js'

/** A task as it stands in one place of a copy. */
export interface Standing {
  readonly task: Task
  readonly state: State
  /** Below the worktree. */
  readonly path: string
  /** What tells it from another version of itself. */
  readonly content: string
}

export interface CopyChange {
  readonly before: readonly Standing[]
  readonly after: readonly Standing[]
  /** Files of the copy that are new or changed, and are no tasks. */
  readonly problems: readonly TaskProblem[]
}

/**
 * New tasks in pending are to be added; its own task in complete means that it is ready; anything else is ignored, and
 * said. `isKnown` tells ids of tasks that did not change, which `change` leaves out.
 */
export function decideRequests(
  change: CopyChange,
  own: readonly string[],
  isKnown: (id: string) => boolean = () => false,
): TaskRequests {
  const before = new Map(change.before.map((one) => [one.task.id, one]))
  const after = new Map(change.after.map((one) => [one.task.id, one]))
  const adds: TaskRequests['adds'][number][] = []
  const completed: string[] = []
  const ignored = change.problems.map(({ path, line, reason }) => ({
    path,
    reason: line === undefined ? reason : `line ${line}: ${reason}`,
  }))
  for (const [id, now] of after) {
    const was = before.get(id)
    const isOwn = own.includes(id)
    if (now.state === 'complete' && was?.state !== 'complete') completed.push(id)
    if (isOwn) continue
    const say = (reason: string) => ignored.push({ path: now.path, reason })
    if (was) {
      if (was.state !== now.state) say(`task \`${id}\` is not this worker's: its move to ${now.state} does not count`)
      else if (was.content !== now.content) say(`task \`${id}\` was changed in a worktree: the main checkout's counts`)
    } else if (now.state !== 'pending') say(`task \`${id}\` is new and not in pending`)
    else if (isKnown(id)) say(`there is a task \`${id}\` already`)
    else adds.push({ path: now.path, task: now.task })
  }
  for (const [id, was] of before) {
    if (!after.has(id) && !own.includes(id)) {
      ignored.push({ path: was.path, reason: `task \`${id}\` was removed in a worktree: the main checkout's counts` })
    }
  }
  return { adds, ready: completed.some((id) => own.includes(id)), completed, ignored }
}
