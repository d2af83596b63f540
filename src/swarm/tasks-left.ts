// How many tasks are left, for the forecast; and the status of tasks that no commit has when a swarm has ended: of tasks
// that a person added and never committed, and where nothing lands. It is the person's to commit, so it is said, with the
// command.

import { existsSync } from 'node:fs'
import path from 'node:path'
import { runningWorkers } from '../events/running.js'
import { branchOf } from '../git/folders.js'
import { git } from '../git/run-git.js'
import { partsOf } from '../tasks/index.js'
import type { Swarm } from './contract.js'

/** Between two counts: a store may have many tasks. */
const COUNT_MS = 30_000

/** Says how many tasks are left to do, not more often than that, and in any case when the swarm ends. */
export async function countTasks(swarm: Pick<Swarm, 'store' | 'counted' | 'emit'>, isEnd = false): Promise<void> {
  const now = performance.now()
  if (!swarm.store || (!isEnd && now - swarm.counted.at < COUNT_MS)) return
  swarm.counted.at = now
  const { pending, current } = await swarm.store.list()
  swarm.emit({ type: 'tasks.left', pending: pending.length, current: current.length })
}

/** Says it, unless another swarm is at work on the same tasks. */
export async function sayTasksLeft(swarm: Pick<Swarm, 'id' | 'repository' | 'store' | 'into' | 'emit'>): Promise<void> {
  const { root } = swarm.repository
  const { store } = swarm
  // Where the checkout is on another branch, none of it is written there.
  if (!store?.tracked || branchOf(root) !== swarm.into) return
  if (runningWorkers(root).some((other) => other.swarm !== swarm.id)) return
  const places = await Promise.all(partsOf(store).map(async ({ tracked }) => (await tracked!.away!()).paths))
  const paths = await uncommittedStatus(root, places.flat())
  if (paths.length > 0) swarm.emit({ type: 'tasks.uncommitted', paths })
}

/**
 * What differs from HEAD below the places of tasks; nothing where HEAD has none of them, or git ignores them: those
 * tasks are not meant to be committed. Neither is a new task that is pending, nor one that somebody holds.
 */
async function uncommittedStatus(root: string, places: readonly string[]): Promise<string[]> {
  if (places.length === 0) return []
  const asked = async (...args: readonly string[]) => {
    const { status, stdout } = await git(root, ['--literal-pathspecs', ...args, '--', ...places])
    return status === 0 ? stdout.split('\0').filter((line) => line !== '') : []
  }
  if ((await asked('ls-tree', '-r', '-z', '--name-only', 'HEAD')).length === 0) return []
  const lines = await asked('status', '--porcelain', '-z', '--untracked-files=all', '--no-renames')
  return lines
    .map((line) => ({ isNew: line.startsWith('??'), file: line.slice(3) }))
    .filter(({ isNew, file }) => !isHeld(root, file) && !(isNew && stateOf(file) === 'pending'))
    .map(({ file }) => file)
}

const stateOf = (file: string) => path.posix.basename(path.posix.dirname(file))

/** Its file stands in current: whoever holds it moves it on. */
function isHeld(root: string, file: string): boolean {
  if (stateOf(file) === 'current') return true
  const current = path.join(path.posix.dirname(path.posix.dirname(file)), 'current', path.posix.basename(file))
  return stateOf(file) === 'pending' && existsSync(path.join(root, current))
}
