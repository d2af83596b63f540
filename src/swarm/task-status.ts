// How the status of an iteration's tasks travels with its landing, so that status and work are one commit.

import type { Claim } from '../tasks/contract.js'
import { becameReady } from '../tasks/order.js'
import type { Landing, StatusEdits } from '../words.js'
import type { Iteration } from './contract.js'
import { factsOfClaim, pay } from './owed.js'

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
    async edits(mergedCommit, onto) {
      // Its task may have been moved by an agent of somebody else while it was reviewed and tested.
      await iteration.lane.swarm.watch.look()
      return status.edits(mergedCommit, onto)
    },
    async settle(landing) {
      await status.settle(landing)
      const done = iteration.claims.filter((claim) => claims.includes(claim))
      iteration.claims.splice(0, iteration.claims.length, ...iteration.claims.filter((claim) => !done.includes(claim)))
      for (const claim of done) await completed(iteration, claim.task.id, landing)
    },
  }
}

/**
 * Completes what no landing has completed: a store outside the repository, an empty change, another merge hook. What
 * the store does not take now is owed: the work is where it belongs, and nobody shall do it again.
 */
export async function completeClaims(
  iteration: Iteration,
  landing?: Landing,
  claims: readonly Claim[] = [...iteration.claims],
): Promise<void> {
  const { swarm } = iteration.lane
  const completion = { ...completionOf(iteration), mergedCommit: landing?.mergedCommit }
  for (const claim of claims) {
    iteration.claims.splice(iteration.claims.indexOf(claim), 1)
    await pay(swarm, {
      claim,
      facts: factsOfClaim(iteration, claim),
      what: 'completed',
      async act(store) {
        // Whoever begins with what this one made ready builds on it, on another machine perhaps.
        if (landing) await swarm.pushed(landing.commit)
        await store.complete(claim, completion)
      },
      done: () => completed(iteration, claim.task.id, landing),
    })
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
  // What is complete from now on is known as that.
  await swarm.watch.look()
  swarm.emit({
    type: 'task.completed',
    worker: iteration.worker,
    iteration: iteration.number,
    task,
    commit: landing?.mergedCommit ?? landing?.commit,
    by: iteration.worker,
  })
  // A hint for those who wait; a store that is away now has completed the task all the same.
  const listing = await swarm.store?.list().catch(() => undefined)
  if (!listing) return
  const complete = new Set(listing.complete.map(({ id }) => id))
  for (const { id } of becameReady(listing.pending, task, (one) => complete.has(one))) {
    swarm.emit({ type: 'task.ready', task: id })
  }
}
