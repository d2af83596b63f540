// After a crash, landed is landed: a change that reached the target before its swarm died completes its task, once, and
// its iteration is over.

import { existsSync } from 'node:fs'
import path from 'node:path'
import { readLog } from '../events/log.js'
import { deleteRef } from '../git/refs.js'
import { type RecoveredLanding, recoverLandings } from '../merge/recover-work.js'
import type { TaskStore } from '../tasks/contract.js'
import type { Swarm } from './contract.js'

/** Completes the tasks of changes that landed while the swarm `id` was killed, and says so. */
export async function completeLanded(swarm: Swarm, id: string, store: TaskStore | undefined): Promise<void> {
  const { repository, emit } = swarm
  for (const one of await recoverLandings(repository.root, readLog(repository.root, id))) {
    if (!one.landed) continue
    emit({
      type: 'note',
      text: `${one.branch} of swarm ${id} had landed on ${one.into} when it died.`,
      commit: one.landed,
    })
    const claim = (await store?.list())?.current.find((task) => task.id === one.task)?.claim
    if (store?.take && claim?.holder.swarm === id) {
      const by = { worker: one.worker, swarm: swarm.id, pid: process.pid }
      const ours = await store.take(claim.task.id, by, claim.fence)
      await store.complete(ours, { by: one.worker, at: new Date().toISOString(), mergedCommit: one.mergedCommit })
      emit({
        type: 'task.completed',
        worker: one.worker,
        task: claim.task.id,
        commit: one.mergedCommit ?? one.landed,
        by: one.worker,
      })
    }
    if (id === swarm.id) await endIteration(swarm, one)
  }
}

/** Writes the lines that the crash kept from the log, and lets go of the worktree. */
async function endIteration({ repository, pool, emit }: Swarm, one: RecoveredLanding): Promise<void> {
  const { worker, iteration, branch, into, task, landed: commit, mergedCommit } = one
  const facts = { worker, iteration, branch, ...(task ? { task } : {}) }
  if (!one.said) emit({ type: 'landing.landed', ...facts, into, commit, ...(mergedCommit ? { mergedCommit } : {}) })
  emit({ type: 'iteration.ended', ...facts, outcome: 'landed' })
  const full = path.join(repository.root, `.${worker}-i${iteration}`)
  const gone = !existsSync(full) || (await pool.release({ path: full })).gone
  // A commit that was made after it is on the branch still, which stays then.
  if (gone && one.commit) await deleteRef(repository.root, `refs/heads/${branch}`, one.commit)
}
