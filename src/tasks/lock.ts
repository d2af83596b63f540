// The lock of a store that is one file: held for a few milliseconds, free at once when its holder dies.

import { withLockIn } from '../merge/lock.js'
import { makeStateFolder } from './records.js'

/** How long we wait for a lock that is held for milliseconds before we say that something is wrong. */
const PATIENCE_MS = 30_000

/**
 * Runs `work` while nobody else does; `folder` is the lock's own, below `root`'s `.oompa/`.
 * @throws OompaError `lock-timeout`
 */
export function withLock<T>(root: string, folder: string, work: () => T | Promise<T>): Promise<T> {
  makeStateFolder(root, folder)
  return withLockIn(folder, 'tasks', async () => work(), { timeoutMs: PATIENCE_MS })
}
