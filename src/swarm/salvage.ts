// Keeps what an interrupted iteration had made, and puts its task back.

import path from 'node:path'
import { resolveCommit } from '../git/repository.js'
import { isAncestor } from '../git/history.js'
import { gitText } from '../git/run.js'
import { commitLeftovers } from '../merge/commit.js'
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

/** Puts back the claims of a swarm that is gone; gives how many. */
export async function releaseClaimsOf(swarm: Swarm, id: string, kept: readonly string[]): Promise<number> {
  const { store } = swarm
  if (!store) return 0
  let released = 0
  for (const task of (await store.list()).current) {
    if (task.claim?.holder.swarm !== id) continue
    const work = kept.find((ref) => ref.includes(`/${task.claim?.holder.worker}-`))
    await store.release(task.claim, `Swarm ${id} was interrupted.${work ? ` Its work is kept at ${work}.` : ''}`)
    swarm.emit({ type: 'task.released', task: task.id, worker: task.claim.holder.worker, reason: `swarm ${id} was interrupted`, kept: work })
    released++
  }
  return released
}
