// Whose a claim is: it belongs to the iteration that made it, until it is complete, given back, or waits for a person.

import { checkoutState } from '../git/checkoutState.js'
import type { Claim, TaskListing } from '../tasks/contract.js'
import { historySize, readHistory } from '../tasks/history.js'
import type { Iteration } from './contract.js'

/** Enters a claim as this iteration's, and says so. */
export function hold(iteration: Iteration, claim: Claim, by?: string): void {
  const { swarm } = iteration.lane
  iteration.claims.push(claim)
  iteration.hadTask = true
  swarm.emit({
    type: 'task.claimed',
    worker: iteration.worker,
    iteration: iteration.number,
    task: claim.task.id,
    ...(by ? { by } : {}),
  })
}

/** Notes how things stand before the iteration's agent runs for the first time: what it does is told by the difference. */
export async function noteStart(iteration: Iteration): Promise<void> {
  const { swarm } = iteration.lane
  if (iteration.start || swarm.level === 1) return
  const { root } = swarm.repository
  const own = new Set(iteration.claims.map((claim) => claim.fence))
  const held = swarm.store ? heldBy(iteration, await swarm.store.list()) : []
  iteration.start = {
    fences: new Set(held.flatMap(({ fence }) => (own.has(fence) ? [] : fence))),
    history: historySize(root),
    ...(swarm.settings.here ? { checkout: await checkoutState(root) } : {}),
  }
}

/** What its worker holds, by the store's word. */
function heldBy({ lane }: Iteration, { current }: TaskListing): Claim[] {
  return current.flatMap(({ claim }) =>
    claim && claim.holder.swarm === lane.swarm.id && claim.holder.worker === lane.name ? [claim] : [],
  )
}

/** Claims that the agent made from a shell are the iteration's; those that its worker held before it ran are not. */
export function adoptClaims(iteration: Iteration, listing: TaskListing): void {
  const { start, lane } = iteration
  if (!start) return
  const { fences: owed } = lane.swarm.debts
  const own = new Set(iteration.claims.map((claim) => claim.fence))
  for (const claim of heldBy(iteration, listing)) {
    const { fence } = claim
    if (!own.has(fence) && !start.fences.has(fence) && !owed.has(fence)) hold(iteration, claim, 'the agent')
  }
}

/**
 * Claims that are somebody else's by now, or nobody's, by the store's word: while its server was away a lease lapsed, say.
 * Of tasks that stand in the repository the landing says it, as a person may move their files.
 */
export async function lostClaims({ lane: { swarm }, claims }: Iteration): Promise<readonly Claim[]> {
  const { store } = swarm
  if (!store || store.tracked || claims.length === 0) return []
  await store.renew?.(claims)
  const held = new Set((await store.list()).current.map(({ claim }) => claim?.fence))
  return claims.filter(({ fence }) => !held.has(fence))
}

/**
 * What the agent asked for by `oompa tasks …` while it ran: tasks that it added stand in the store already, and one that
 * it called complete is completed by what lands.
 */
export function takeCommands(iteration: Iteration): void {
  const { start, lane } = iteration
  if (!start) return
  const { swarm } = lane
  for (const entry of readHistory(swarm.repository.root, start.history)) {
    if (entry.swarm !== swarm.id || entry.by !== lane.name || entry.asked) continue
    if (entry.type === 'finished') iteration.moved.add(entry.task)
    if (entry.type !== 'added' || iteration.added.includes(entry.task)) continue
    iteration.added.push(entry.task)
    swarm.emit({
      type: 'task.added',
      worker: lane.name,
      iteration: iteration.number,
      task: entry.task,
      by: lane.name,
    })
  }
}
