// The fifth stage: what may land, lands, and its task is complete with it.

import { protectedPaths } from '../review/protected.js'
import { holdForApproval } from '../review/approvals.js'
import { type Change, isRefusal, type Landing, type Refusal } from '../words.js'
import { iterationOf } from './change.js'
import type { Iteration } from './contract.js'
import { contextOf } from './iteration.js'
import { completeClaims, statusOfChange } from './status.js'

/**
 * Lands a change through `hooks/approve` and `hooks/merge`; undefined if it landed, or if there was nothing to land.
 */
export async function land(change: Change): Promise<Refusal | undefined> {
  const iteration = iterationOf(change)
  const { swarm } = iteration.lane
  if (swarm.level === 1) return undefined
  if (change.files.length === 0) return finishEmpty(iteration)
  const { merge } = swarm.hooks
  if (!merge) {
    iteration.outcome = 'kept'
    iteration.reason = 'landing is turned off'
    return undefined
  }
  const waiting = await approve(change, iteration)
  if (waiting) return waiting
  const context = contextOf(iteration, iteration.worktree)
  const landed = await merge({ ...change, status: await statusOfChange(iteration, change) }, context)
  if (isRefusal(landed)) return landed
  return finishLanded(iteration, landed)
}
