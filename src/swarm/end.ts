// Ends a swarm: finishes what is under way, removes what nobody needs, and says what the exit status is.

import { messageOf, STATUS, type Status } from '../errors.js'
import { gitFolders } from '../git/folders.js'
import { clearMaintenanceLock } from '../git/left-locks.js'
import { deleteRef } from '../git/refs.js'
import type { Ended, Outcome, Swarm } from './contract.js'
import type { Registration } from './open-log.js'
import { payLastDebts } from './owed.js'

/** What is still being written down by `codex-persist` gets so long, milliseconds. */
const PERSIST_MS = 5_000

/** Called when every worker has ended. Gives the exit status (docs/contract.md). */
export async function endSwarm(swarm: Swarm, entry: Registration): Promise<Status> {
  // Whatever goes wrong here (a full disk, say), the log gets its last line.
  const tried = async (what: string, act: () => Promise<unknown>): Promise<void> => {
    try {
      await act()
    } catch (error) {
      swarm.emit({ type: 'note', level: 'warning', text: `${what}: ${messageOf(error)}` })
    }
  }
  await tried('Removing worktrees that were made ahead', () => removePrepared(swarm))
  await tried('Writing conversations down', () => swarm.persister.settle(PERSIST_MS))
  await swarm.watch.close()
  const settle = async () => {
    await tried('Giving tasks back', () => payLastDebts(swarm))
    // While the store is still open.
    await tried('Counting the tasks that are left', async () =>
      (await import('./tasks-left.js')).countTasks(swarm, true),
    )
  }
  await tried('Ending the landings', () => swarm.drain(settle))
  // What is done is pushed by now.
  await swarm.elsewhere?.leave()
  if (swarm.store?.tracked) {
    const { sayTasksLeft } = await import('./tasks-left.js')
    await tried('Looking at what is committed of the tasks', () => sayTasksLeft(swarm))
  }
  await tried('Clearing a lock of git away', async () => {
    clearMaintenanceLock(gitFolders(swarm.repository.root).common, performance.timeOrigin)
  })
  await tried('Looking for moves of the target', () => swarm.bypassed())
  const status = statusOf(swarm.outcomes, swarm.stopping.status)
  const reason = swarm.stopping.why ?? (status === STATUS.nothing ? 'there was no task' : 'all workers have ended')
  await entry.close(reason, status, swarm.stopping.why !== undefined)
  return status
}

/**
 * The exit status of a run: 1 only if every iteration failed, was refused, or did nothing about the task that it had;
 * 3 if there never was a task.
 * @param stopped the status that whatever stopped the swarm asks for
 */
function statusOf(outcomes: readonly Ended[], stopped: Status | undefined): Status {
  if (stopped !== undefined) return stopped
  if (outcomes.length === 0) return STATUS.done
  const idle = outcomes.filter(({ outcome, hadTask }) => outcome === 'nothing' && !hadTask)
  if (idle.length === outcomes.length) return STATUS.nothing
  const others = outcomes.filter((one) => !idle.includes(one))
  return others.every(({ outcome }) => BAD.has(outcome)) ? STATUS.failed : STATUS.done
}

const BAD: ReadonlySet<Outcome> = new Set(['failed', 'refused', 'nothing'])

/** Worktrees that were made ahead for iterations that never came have nothing in them. */
async function removePrepared(swarm: Swarm): Promise<void> {
  for (const [name, ahead] of swarm.ahead) {
    const worktree = await ahead
    if (!worktree) continue
    const returned = await swarm.pool.release(worktree)
    if (returned.gone) await deleteRef(swarm.repository.root, `refs/heads/${worktree.branch}`, worktree.base)
    else swarm.emit({ type: 'note', level: 'warning', text: `${name} stays: ${returned.why}` })
  }
}
