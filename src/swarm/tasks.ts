// Finds the tasks that count, and whether the loop claims them or the agents do.

import { existsSync } from 'node:fs'
import path from 'node:path'
import type { Settings } from '../config/contract.js'
import type { Hooks } from '../hooks/contract.js'
import { openTaskStore } from '../tasks/index.js'
import type { TaskStore } from '../tasks/contract.js'

export interface Tasks {
  /** The store, where there are tasks and the level is above 1. */
  readonly store?: TaskStore
  /** Whether the loop claims a task for each iteration (`hooks/tasks`). */
  readonly claims: boolean
}

/** At level 1 agents see to their tasks themselves, and nobody opens a store. */
export async function openTasks(root: string, settings: Settings, hooks: Pick<Hooks, 'tasks'>, level: number): Promise<Tasks> {
  if (level === 1) return { claims: false }
  if (hooks.tasks) return { store: hooks.tasks, claims: true }
  if (!existsSync(path.join(root, 'tasks'))) return { claims: false }
  return { store: await openTaskStore(root, { store: settings.tasksStore }), claims: false }
}
