// Keeps what an interrupted iteration had made, and puts its task back.

import path from 'node:path'
import { isAncestor } from '../git/history.js'
import { resolveCommit } from '../git/repository.js'
import { gitText } from '../git/run.js'
import { commitLeftovers } from '../merge/commit.js'
import { waitingApprovals } from '../review/approvals.js'
import { keptWork } from '../tasks/kept.js'
import { requeueStale, staleClaims } from '../tasks/requeue.js'
import { keptRef } from './close.js'
import type { Swarm } from './contract.js'

/**
 * Commits the unsaved work of each iteration to its branch and keeps it under `refs/oompa/kept/`. At level 1 the
 * worktree simply stays, with everything in it.
 * @returns the refs
 */
export async function keepInterrupted(
  swarm: Swarm,
  id: string,
  iterations: readonly { readonly worker: string; readonly iteration: number }[],
): Promise<string[]> {
  if (swarm.level === 1) return []
  const { root } = swarm.repository
  const kept: string[] = []
  for (const { worker, iteration } of iterations) {
    const full = path.join(root, `.${worker}-i${iteration}`)
    await commitLeftovers({ path: full }, { message: `Interrupted work of ${worker}, iteration ${iteration}` })
    const tip = await resolveCommit(full, 'HEAD')
    if (!tip || (await isAncestor(root, tip, `refs/heads/${swarm.into}`))) continue
    const ref = keptRef(id, worker, iteration)
    await gitText(root, ['update-ref', ref, tip])
    swarm.emit({ type: 'work.kept', worker, iteration, ref, reason: `swarm ${id} was interrupted` })
    kept.push(ref)
  }
  return kept
}

/**
 * Puts back every claim whose holder is gone, whoever it was; what the target has complete is complete.
 * @returns how many claims
 */
export async function releaseStale(swarm: Swarm): Promise<number> {
  const { store, into } = swarm
  if (!store) return 0
  if (into) await store.tracked?.recover(into)
  // A task whose change waits for a person is nobody's to do again.
  const waiting = new Set(waitingApprovals(swarm.repository.root).map((approval) => approval.task))
  const stale = (await staleClaims(store)).filter(({ id, claim }) => claim !== undefined && !waiting.has(id))
  if (stale.length === 0) return 0
  const { requeued } = await requeueStale(store, {
    ids: stale.map(({ id }) => id),
    by: `oompa-${swarm.id}`,
    note: (claim) => keptWork(swarm.repository.root, claim),
  })
  for (const { id, reason, claim } of requeued) {
    swarm.emit({ type: 'task.released', task: id, worker: claim?.holder.worker, reason })
  }
  return requeued.length
}
