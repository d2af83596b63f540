// The tasks that count for a command: the store of `hooks/tasks` where there is one, as the loop has it.

import { readdirSync } from 'node:fs'
import path from 'node:path'
import type { TaskStore } from '../tasks/contract.js'

/**
 * The store of `hooks/tasks` of the main checkout `root`; undefined where there is no such hook. Nothing else of
 * `hooks/` is loaded.
 * @throws OompaError for a hook that cannot be loaded (status 2)
 */
export async function hookTasks(root: string): Promise<TaskStore | undefined> {
  // On the path of a shell loop: what looks at hooks closely is loaded only where one may be.
  if (!names(path.join(root, 'hooks')).some((name) => name.startsWith('tasks'))) return undefined
  const [{ findHooks }, { loadHooks }] = await Promise.all([import('./find.js'), import('./load-hooks.js')])
  const found = findHooks(root)
  const files = found.files.filter((file) => file.hook === 'tasks')
  return (await loadHooks(root, { found: { ...found, files } })).tasks
}

function names(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}
