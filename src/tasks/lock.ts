// The lock of a store that is one file: held for a few milliseconds, in a folder of its own below `.oompa/`.

import { withLockIn } from '../locks/index.js'
import { makeStateFolder } from './records.js'

/**
 * Runs `work` while nobody else does; one that takes half a minute is not at work on such a file, but hangs.
 * @throws OompaError `lock-timeout`
 */
export function withLock<T>(root: string, folder: string, work: () => T | Promise<T>): Promise<T> {
  makeStateFolder(root, folder)
  return withLockIn(folder, 'tasks', async () => work(), { timeoutMs: 30_000 })
}
