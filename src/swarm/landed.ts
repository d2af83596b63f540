// After a crash, landed is landed: a change that reached the target before its swarm died completes its task, once.

import { readLog } from '../events/log.js'
import { recoverLandings } from '../merge/recover-work.js'
import type { Swarm } from './contract.js'

/**
 * Completes the tasks of changes that landed while the swarm `id` was killed, and says so.
 * @returns the ids of the tasks
 */
export async function completeLanded(swarm: Swarm, id: string): Promise<string[]> {
  const { store, repository, emit } = swarm
  const completed: string[] = []
  for (const one of await recoverLandings(repository.root, readLog(repository.root, id))) {
    if (!one.landed) continue
    emit({
      type: 'note',
      text: `${one.branch} of swarm ${id} had landed on ${one.into} when it died.`,
      commit: one.landed,
    })
    const claim = (await store?.list())?.current.find((task) => task.id === one.task)?.claim
    if (!store?.take || claim?.holder.swarm !== id) continue
    const ours = await store.take(claim.task.id, { worker: one.worker, swarm: swarm.id, pid: process.pid }, claim.fence)
    await store.complete(ours, { by: one.worker, at: new Date().toISOString(), mergedCommit: one.mergedCommit })
    emit({
      type: 'task.completed',
      worker: one.worker,
      task: claim.task.id,
      commit: one.mergedCommit ?? one.landed,
      by: one.worker,
    })
    completed.push(claim.task.id)
  }
  return completed
}
