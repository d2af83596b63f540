// How the status of an iteration's tasks travels with its landing.

import type { StatusEdits } from '../words.js'
import type { Iteration } from './contract.js'

/** What the landing writes of the tasks that this iteration holds; undefined where it holds none. */
export function statusOfChange(iteration: Iteration): StatusEdits | undefined {
  if (iteration.claims.length === 0) return undefined
  return {
    edits: async () => [],
    settle: async (landing) => completeClaims(iteration, landing.mergedCommit),
  }
}

/** Completes what is still claimed. */
export async function completeClaims(iteration: Iteration, mergedCommit?: string): Promise<void> {
  const { swarm } = iteration.lane
  for (const claim of iteration.claims.splice(0)) {
    await swarm.store?.complete(claim, {
      by: iteration.worker,
      at: new Date().toISOString(),
      reviewRounds: iteration.reviews?.rounds.length,
      mergedCommit,
    })
    swarm.emit({ type: 'task.completed', worker: iteration.worker, iteration: iteration.number, task: claim.task.id, commit: mergedCommit })
  }
}
