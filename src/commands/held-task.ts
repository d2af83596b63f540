// The task of a change that waits for a person: completed when it lands, given back when it is rejected.

import type { StoredApproval } from '../review/held-changes.js'
import type { Claim, TaskStore } from '../tasks/contract.js'
import { landingStatus } from '../tasks/landingStatus.js'
import type { StatusEdits } from '../words.js'
import type { Standalone } from './standalone.js'

export interface HeldTask {
  readonly claim: Claim
  readonly store: TaskStore
  /** It had gone back to pending meanwhile, and was claimed for this answer. */
  readonly taken: boolean
}

/** Of the change that a task belongs to. */
export type Whose = Pick<StoredApproval, 'worker' | 'swarm' | 'task' | 'into'>

/**
 * The claim under which the change was made. Where the swarm has ended and its claims have gone back, a new one: a
 * task whose work lands now must not be done again. Somebody else's claim is none of ours.
 */
export async function heldTask(
  root: string,
  approval: Whose,
  { hooks, settings }: Pick<Standalone, 'hooks' | 'settings'>,
): Promise<HeldTask | undefined> {
  const { task } = approval
  if (task === null) return undefined
  const store = await storeOf(root, { hooks, settings }, approval.into)
  // Whoever landed it before, and died, has left the claim: what the target has complete is complete.
  await store.tracked?.recover(approval.into)
  const held = await heldIn(store, approval, task)
  if (!held) await store.close?.()
  return held
}

async function heldIn(store: TaskStore, { worker, swarm }: Whose, id: string): Promise<HeldTask | undefined> {
  const listing = await store.list()
  const claim = listing.current.find((task) => task.id === id)?.claim
  if (claim) {
    const ours = claim.holder.worker === worker && claim.holder.swarm === swarm
    return ours ? { claim, store, taken: false } : undefined
  }
  if (!listing.pending.some((task) => task.id === id)) return undefined
  const answer = await store.claim({ id, claimer: { worker, swarm, pid: process.pid } })
  return answer.answer === 'claimed' ? { claim: answer.claim, store, taken: true } : undefined
}

/** The tasks of the branch that it lands on, whatever is checked out. */
async function storeOf(
  root: string,
  { hooks, settings }: Pick<Standalone, 'hooks' | 'settings'>,
  into: string,
): Promise<TaskStore> {
  const [{ openTaskStore, storeOfHook }, { choiceOf }] = await Promise.all([
    import('../tasks/index.js'),
    import('../tasks/existing.js'),
  ])
  const choice = { ...choiceOf(settings), into }
  return hooks.tasks ? storeOfHook(hooks.tasks, root, choice) : openTaskStore(root, choice)
}

/** Completes the task with the landing of its change. */
export function statusOf({ claim, store }: HeldTask, approval: Whose): StatusEdits {
  const completion = { by: approval.worker, at: new Date().toISOString() }
  return landingStatus(store, { into: approval.into, claims: [claim], completion })
}
