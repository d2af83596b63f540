// The fifth stage: what may land, lands, and its task is complete with it.

import { prepareConflict } from '../merge/conflict.js'
import { holdForApproval, reasonsToWait } from '../review/approvals.js'
import { stillHolds } from '../review/pin.js'
import { type Change, isRefusal, type Landing, type Refusal } from '../words.js'
import type { Iteration } from './contract.js'
import { contextOf, iterationOf } from './iteration.js'
import { completeClaims, statusOfChange } from './status.js'

/** Lands a change by `hooks/approve` and `hooks/merge`; undefined if it landed, or there was nothing to land. */
export async function landProposal(change: Change): Promise<Refusal | undefined> {
  const iteration = iterationOf(change)
  const { swarm } = iteration.lane
  if (change.files.length === 0) return finish(iteration)
  const { merge, approve } = swarm.hooks
  if (!merge) return keep(iteration, 'landing is turned off')
  if (await swarm.bypassed()) return keep(iteration, 'landing has stopped, because a worker moved the target')
  const context = contextOf(iteration, change.worktree)
  const { approval } = iteration
  if (approval && !(await stillHolds(swarm.repository.root, approval.pin, change))) {
    return { refused: 'review', feedback: 'What was approved is not what is to land: it is reviewed again.' }
  }
  const reviewed: Change = { ...change, reviewedBy: approval?.by ?? [] }
  const reasons = await reasonsToWait(reviewed, approve, context)
  if (reasons.length > 0) {
    iteration.outcome = 'waiting'
    return holdForApproval(reviewed, reasons, context)
  }
  const result = await merge({ ...reviewed, status: statusOfChange(iteration) }, context)
  if (!isRefusal(result)) return finish(iteration, result)
  return result.refused === 'conflict' && !result.final
    ? brought(change, result, swarm.rounds(iteration.lane.settings))
    : result
}

/** A conflict is brought to its author: the target is merged into the worktree, the conflicted files are named. */
async function brought(change: Change, refusal: Refusal, rounds: number): Promise<Refusal> {
  if (change.attempt >= rounds) return refusal
  const { feedback, paths } = await prepareConflict(change.worktree, change.into)
  return { ...refusal, feedback, details: { ...refusal.details, paths } }
}

function keep(iteration: Iteration, reason: string): undefined {
  iteration.outcome = 'kept'
  iteration.reason = reason
}

/** What landed has completed its task already; an empty change needs no merge, and completes it here. */
async function finish(iteration: Iteration, landing?: Landing): Promise<undefined> {
  await completeClaims(iteration, landing)
  iteration.outcome = landing && !landing.nothing ? 'landed' : iteration.completed > 0 ? 'done' : 'nothing'
}
