// Finds the tasks: those that count from level 2 on, and at level 1 those that are the agents' own business.

import { existsSync } from 'node:fs'
import path from 'node:path'
import type { Settings } from '../config/contract.js'
import { sharedObjects } from '../git/objects.js'
import type { TaskStore } from './contract.js'
import { findGraph } from './graph/files.js'
import { openTaskStore, type StoreChoice, storeOfHook } from './index.js'

/** What `hooks/tasks` gives, if there is such a hook. */
interface WithTasks {
  readonly tasks?: TaskStore
}

/** The store of `hooks/tasks`, else the one that the repository has; undefined where there are no tasks yet. */
export async function existingTasks(
  root: string,
  settings: Pick<Settings, 'tasksStore' | 'tasksStores'>,
  hooks: WithTasks,
  whose: Whose = {},
): Promise<TaskStore | undefined> {
  if (hooks.tasks) return storeOfHook(hooks.tasks, root, { ...choiceOf(settings), ...whose })
  const isThere =
    existsSync(path.join(root, 'tasks')) ||
    settings.tasksStores !== undefined ||
    settings.tasksStore === 'graph' ||
    findGraph(root) ||
    (whose.into !== undefined && (await sharedObjects(root).info(`refs/heads/${whose.into}:tasks`)))
  return isThere ? openTaskStore(root, { ...choiceOf(settings), ...whose }) : undefined
}

/** What the settings say of the store. */
export function choiceOf({ tasksStore, tasksStores }: Pick<Settings, 'tasksStore' | 'tasksStores'>): StoreChoice {
  return { store: tasksStore, stores: tasksStores }
}

/** The branch whose tasks they are, and who is told where they are kept. */
type Whose = Pick<StoreChoice, 'into' | 'say'>

/** The same for a swarm: as soon as a worker may add tasks there is a place for them. */
export async function openTasks(
  root: string,
  settings: Settings,
  hooks: WithTasks,
  whose: Whose = {},
): Promise<TaskStore | undefined> {
  const mayAdd = settings.planner !== undefined || settings.workers.some((lane) => lane.canPlan)
  const existing = await existingTasks(root, settings, hooks, whose)
  return existing ?? (mayAdd ? openTaskStore(root, { ...choiceOf(settings), ...whose }) : undefined)
}

/** The tasks of level 1, opened when there are any, and only to be looked at; undefined where nothing says which they are. */
export function agentsTasks(root: string, settings: Settings): () => Promise<TaskStore | undefined> {
  let store: TaskStore | undefined
  return async () => {
    store ??= await existingTasks(root, settings, {}).catch(() => undefined)
    return store
  }
}
