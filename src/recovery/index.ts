// Puts in order what a crash left, at the next start (docs/contract.md, 15). Each thing once; then its log says so.
//
// | what a crash leaves               | where it is seen                    | what recovers it                       |
// | --------------------------------- | ----------------------------------- | -------------------------------------- |
// | agents that still run             | the swarm's record of processes     | `reap` (processes), here and by its watchdog |
// | a checkout that is half moved     | the landing's journal               | `recoverMoves` (merge), under the lock |
// | landed, and not said              | the target's history                | `completeLanded` (landings)            |
// | an iteration's work, uncommitted  | its worktree; no end in the log     | `keepInterrupted` (interrupted)        |
// | a worktree that is half made      | the reason of its lock              | `discardHalfMade` (worktrees)          |
// | a claim                           | its record, whose holder is dead    | `releaseStale` (interrupted)           |
// | a task file between two names     | its name in `tasks/`                | `repair` (tasks/folder), at each claim |
// | locks of git, of ours             | their age; their owner              | `clearLeftLocks`, `locks/`             |
// | work under a name that is needed  | `.w1-i1`, `oompa/w1-i1`             | `keepEarlierWork` (earlier)            |
// | kept work that nobody lands       | `refs/oompa/kept/`                  | a person: `oompa salvage`              |
// | what is clean and landed          | worktrees and branches of ours      | a person: `oompa cleanup`              |

import { existsSync } from 'node:fs'
import path from 'node:path'
import { messageOf } from '../errors.js'
import { openLog } from '../events/log.js'
import { listRuns } from '../events/runs.js'
import { logEdges, scanLog } from '../events/scan-log.js'
import { runFolder } from '../files/paths.js'
import { gitFolders } from '../git/folders.js'
import { clearMaintenanceLock } from '../git/left-locks.js'
import { withLock } from '../locks/index.js'
import { reap } from '../processes/reap.js'
import { processRecord } from '../processes/watchdog.js'
import { existingTasks } from '../tasks/existing.js'
import type { Recovering } from './contract.js'
import type { TargetTasks } from './interrupted.js'

/** Puts the things of every swarm that died in order, and says what was found. */
export async function recoverCrashed(swarm: Recovering): Promise<void> {
  const { root } = swarm.repository
  if (left(swarm).length === 0 && !swarm.resumed && !swarm.store) return
  const [{ keepInterrupted, releaseStale }, { completeLanded }] = await Promise.all([
    import('./interrupted.js'),
    import('./landings.js'),
  ])
  // Two starts at once must not put the same worktree in order, when the faster one works in it already.
  await withLock(root, 'recover', async () => {
    const dead = left(swarm)
    // A worker from a shell, or a swarm of an earlier day, may have left claims too.
    if (dead.length === 0 && !swarm.resumed) await releaseStale(swarm)
    for (const id of [...dead, ...(swarm.resumed ? [swarm.id] : [])]) {
      try {
        const processes = await reap(id, processRecord(runFolder(root, id)))
        const startedAt = listRuns(root).find((run) => run.swarm === id)?.startedAt
        if (startedAt) clearMaintenanceLock(gitFolders(root).common, Date.parse(startedAt))
        const kept = await keepInterrupted(swarm, id, openIterations(root, id))
        const other = await tasksOf(swarm, id)
        await completeLanded(swarm, id, (other ?? swarm).store)
        const theirs = other ? (await releaseStale(swarm, other, id)).released : 0
        await other?.store?.close?.()
        const claims = theirs + (await releaseStale(swarm, swarm, id)).released
        if (id === swarm.id) swarm.emit({ type: 'swarm.recovered', by: swarm.id, processes, claims, kept })
        else append(root, id, { by: swarm.id, processes, claims, kept })
        const what = found(processes, claims, kept)
        if (what) swarm.emit({ type: 'note', text: `Swarm ${id} had died: ${what}.` })
      } catch (error) {
        swarm.emit({ type: 'note', level: 'warning', text: `Putting swarm ${id} in order: ${messageOf(error)}` })
      }
    }
  })
}

/** Swarms that ended without seeing to their things: killed, or ended at once by a second Ctrl-C. */
function left(swarm: Recovering): string[] {
  const { root } = swarm.repository
  return listRuns(root)
    .filter((run) => run.swarm !== swarm.id && (run.state === 'crashed' || run.abrupt))
    .filter((run) => !isRecovered(root, run.swarm))
    .map((run) => run.swarm)
}

/** Whether a later start has seen to it since it was last started. */
function isRecovered(root: string, id: string): boolean {
  const edges = logEdges(root, id, (type) => type === 'swarm.recovered' || type === 'swarm.started')
  return edges === undefined || edges.last.at(-1)?.type === 'swarm.recovered'
}

/** The tasks of the target of a swarm that died, if that is not ours: their status is not written into our checkout. */
async function tasksOf(swarm: Recovering, id: string): Promise<TargetTasks | undefined> {
  const { repository, settings, hooks } = swarm
  const [started] = scanLog(repository.root, id, (type) => type === 'swarm.started').slice(-1)
  const into = started?.type === 'swarm.started' && typeof started.into === 'string' ? started.into : undefined
  if (into === undefined || into === swarm.into || !(await swarm.commitOf(`refs/heads/${into}`))) return undefined
  const store = await existingTasks(repository.root, settings, hooks, { into })
  return store && { store, into }
}

/** What was found, in words; empty if there was nothing. Pure. */
function found(processes: number, claims: number, kept: readonly string[]): string {
  const many = (count: number, one: string) => `${count} ${one}${count === 1 ? '' : one.endsWith('s') ? 'es' : 's'}`
  return [
    ...(processes > 0 ? [`ended ${many(processes, 'process')}`] : []),
    ...(claims > 0 ? [`put back ${many(claims, 'task')}`] : []),
    ...(kept.length > 0 ? [`kept unfinished work at ${kept.join(', ')}`] : []),
  ].join('; ')
}

/** Iterations that began and have no end in the log, whose worktree is still there: `w1-3`. */
function openIterations(root: string, id: string): { worker: string; iteration: number }[] {
  const open = new Map<string, { worker: string; iteration: number }>()
  for (const event of scanLog(root, id, (type) => type === 'iteration.started' || type === 'iteration.ended')) {
    if (event.worker === undefined || event.iteration === undefined) continue
    const name = `${event.worker}-${event.iteration}`
    if (event.type === 'iteration.ended') open.delete(name)
    else open.set(name, { worker: event.worker, iteration: event.iteration })
  }
  return [...open.values()].filter(({ worker, iteration }) => existsSync(path.join(root, `.${worker}-i${iteration}`)))
}

function append(
  root: string,
  id: string,
  facts: { by: string; processes: number; claims: number; kept: readonly string[] },
): void {
  const log = openLog(root, id)
  log.emit({ type: 'swarm.recovered', ...facts })
  log.close()
}
