// Watches a task folder. A hint to look again, never a fact: renames come late, in either order, or not at all.

import type { Folder } from './names.js'

/** Calls back when something may have changed below the folder; the answer ends it. */
export function watchFolder(folder: Folder, changed: () => void): () => Promise<void> {
  let ended = false
  const watcher = import('chokidar').then(({ watch }) => {
    if (ended) return undefined
    const started = watch(folder.path, { ignoreInitial: true, depth: 1 })
    started.on('all', () => changed())
    started.on('error', () => {}) // too many watches, a folder that went away: the slow poll is the truth
    return started
  })
  return async () => {
    ended = true
    await (await watcher)?.close()
  }
}
