// Finds the tasks that count, from level 2 on.

import { existsSync } from 'node:fs'
import path from 'node:path'
import type { Settings } from '../config/contract.js'
import type { Hooks } from '../hooks/contract.js'
import type { TaskStore } from '../tasks/contract.js'
import { openTaskStore } from '../tasks/index.js'

/** The store of `hooks/tasks`, else the one that the repository has; undefined without tasks. */
export async function openTasks(
  root: string,
  settings: Settings,
  hooks: Pick<Hooks, 'tasks'>,
): Promise<TaskStore | undefined> {
  if (hooks.tasks) return hooks.tasks
  if (!existsSync(path.join(root, 'tasks')) && settings.tasksStore !== 'graph') return undefined
  return openTaskStore(root, { store: settings.tasksStore })
}
