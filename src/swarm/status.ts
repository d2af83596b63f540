// How the status of an iteration's tasks travels with its landing, so that status and work are one commit.

import { becameReady } from '../tasks/order.js'
import type { Landing, StatusEdits } from '../words.js'
import type { Iteration } from './contract.js'

/** What the landing writes of the tasks that this iteration holds or added; undefined where there are none. */
export function statusOfChange(iteration: Iteration): StatusEdits | undefined {
  const { store, into } = iteration.lane.swarm
  if (!store?.tracked || !into || iteration.claims.length + iteration.added.length === 0) return undefined
  const claims = [...iteration.claims]
  const status = store.tracked.statusEdits({
    into,
    claims,
    completion: completionOf(iteration),
    added: iteration.added,
  })
  return {
    edits: (mergedCommit, onto) => status.edits(mergedCommit, onto),
    async settle(landing) {
      await status.settle(landing)
      const done = iteration.claims.filter((claim) => claims.includes(claim))
      for (const claim of done) await completed(iteration, claim.task.id, landing)
      iteration.claims.splice(0, iteration.claims.length, ...iteration.claims.filter((claim) => !done.includes(claim)))
    },
  }
}

/** Completes what no landing has completed: a store outside the repository, an empty change, another merge hook. */
export async function completeClaims(iteration: Iteration, landing?: Landing): Promise<void> {
  const { store } = iteration.lane.swarm
  for (const claim of iteration.claims.splice(0)) {
    await store?.complete(claim, { ...completionOf(iteration), mergedCommit: landing?.mergedCommit })
    await completed(iteration, claim.task.id, landing)
  }
}

function completionOf(iteration: Iteration) {
  return {
    by: iteration.worker,
    at: new Date().toISOString(),
    reviewRounds: iteration.reviews?.rounds.length,
  }
}

async function completed(iteration: Iteration, task: string, landing: Landing | undefined): Promise<void> {
  const { swarm } = iteration.lane
  iteration.completed++
  swarm.emit({
    type: 'task.completed',
    worker: iteration.worker,
    iteration: iteration.number,
    task,
    commit: landing?.mergedCommit ?? landing?.commit,
    by: iteration.worker,
  })
  const listing = await swarm.store?.list()
  if (!listing) return
  const complete = new Set(listing.complete.map(({ id }) => id))
  for (const { id } of becameReady(listing.pending, task, (one) => complete.has(one))) {
    swarm.emit({ type: 'task.ready', task: id })
  }
}
