// New task files in a worktree, for a store that keeps its tasks elsewhere: a planner writes files, whatever the store is.

import path from 'node:path'
import type { TaskProblem, TaskRequests } from '../contract.js'
import { isTaskName } from '../folder/names.js'
import { readTaskFile } from '../folder/task-file.js'
import { decideRequests, type Standing } from './requests.js'
import { changedPaths, fileAt } from './task-tree.js'

/** Where planners write files. */
export const PENDING = 'tasks/pending'

/** Reads files that the worktree has below `tasks/pending/` and `base` has not, as tasks to add. */
export async function addedFiles(
  worktree: string,
  base: string,
  isKnown: (id: string) => boolean,
): Promise<Pick<TaskRequests, 'adds' | 'ignored'>> {
  const after: Standing[] = []
  const problems: TaskProblem[] = []
  for (const changed of await changedPaths(worktree, base, [PENDING])) {
    const name = changed.slice(PENDING.length + 1)
    if (!isTaskName(name) || name.includes('/') || (await fileAt(worktree, base, changed))) continue
    const now = readTaskFile(path.join(worktree, changed), name)
    if (now?.ok) after.push({ task: now.task, state: 'pending', path: changed, content: now.text })
    else if (now) problems.push({ path: changed, reason: now.reason, line: now.line })
  }
  return decideRequests({ before: [], after, problems }, [], isKnown)
}
