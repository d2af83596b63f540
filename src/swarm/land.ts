// The fifth stage: what may land, lands, and its task is complete with it.

import { formatAgentSpec } from '../agents/spec.js'
import { OompaError, STATUS } from '../errors.js'
import type { HookContext, MergeHook } from '../hooks/contract.js'
import { someOf } from '../hooks/patterns.js'
import { offerToHook } from '../merge/bypass.js'
import { prepareConflict } from '../merge/conflict.js'
import { isTaken, takenRefusal } from '../merge/taken.js'
import { keepCommit, keptRef } from '../recovery/keep.js'
import { holdForApproval, reasonsToWait } from '../review/held-changes.js'
import { stillHolds } from '../review/rounds.js'
import type { Claim } from '../tasks/contract.js'
import { type Change, isRefusal, type Landing, type Refusal } from '../words.js'
import { costWords } from './capped.js'
import type { Iteration, Swarm } from './contract.js'
import { lostClaims } from './hold.js'
import { contextOf, iterationOf } from './iteration.js'
import { judged, judgesAsPinned } from './judged.js'
import { completeClaims, statusOfChange } from './task-status.js'
import { endUnchanged } from './unchanged.js'

/** Lands a change by `hooks/approve` and `hooks/merge`; undefined if it landed, or there was nothing to land. */
export async function landProposal(change: Change): Promise<Refusal | undefined> {
  const iteration = iterationOf(change)
  const { swarm } = iteration.lane
  if (iteration.unfinished) return iteration.unfinished
  if (change.files.length === 0) return endUnchanged(change)
  swarm.proven.add(formatAgentSpec(iteration.lane.agent))
  const { merge, approve } = swarm.hooks
  if (!merge) return keep(iteration, 'landing is turned off')
  if (await swarm.bypassed()) return keep(iteration, 'landing has stopped, because a worker moved the target')
  await swarm.watch.look()
  const context = contextOf(iteration, change.worktree)
  const { approval } = iteration
  if (approval && !(await stillHolds(swarm.repository.root, approval.pin, change))) {
    return { refused: 'review', feedback: 'What was approved is not what is to land: it is reviewed again.' }
  }
  const cost = costWords(iteration.bills)
  const reviewed: Change = { ...change, reviewedBy: approval?.by ?? [], ...(cost ? { cost } : {}) }
  const approving = approve.map((hook) => judged(swarm, hook))
  const reasons = [...(await reasonsToWait(reviewed, approving, context)), ...iteration.held]
  if (reasons.length > 0) {
    iteration.outcome = 'waiting'
    return holdForApproval(reviewed, reasons, context)
  }
  const lost = await lostClaims(iteration)
  if (lost.length > 0) return giveUp(iteration, lostRefusal(iteration, lost))
  sayOwnTest(iteration, change)
  const result = await merged(merge, { ...reviewed, status: statusOfChange(iteration) }, context, swarm)
  if (!result) return keep(iteration, `landing has stopped: ${swarm.stopping.why ?? 'nothing lands any more'}`)
  if (!isRefusal(result)) {
    // A hook of the person's own lands without a word; the queue says it itself.
    if (!('options' in merge) && !result.nothing) {
      const { branch, into, task } = change
      swarm.emit({ type: 'landing.landed', ...factsOf(iteration), task: task?.id, branch, into, commit: result.commit })
    }
    return finish(iteration, result)
  }
  const { refused: reason, feedback } = result
  swarm.emit({
    type: 'landing.refused',
    ...factsOf(iteration),
    task: change.task?.id,
    branch: change.branch,
    reason,
    feedback,
  })
  if (isTaken(result)) return giveUp(iteration, result)
  // Markers that are committed are mended where they are: the target is no part of it.
  const isTargets = result.refused === 'conflict' && !result.final && result.details?.markers === undefined
  return isTargets ? brought(iteration, change, result) : result
}

const factsOf = (iteration: Iteration) => ({ worker: iteration.worker, iteration: iteration.number })

/** Nobody was asked, and it is not hidden either. */
function sayOwnTest(iteration: Iteration, { branch, touchesTheTest = [] }: Change): void {
  if (touchesTheTest.length === 0) return
  const text = `${branch} touches what the test runs from, and is tested by its own version of it: ${someOf(touchesTheTest)}.`
  iteration.lane.swarm.emit({ type: 'note', ...factsOf(iteration), text })
}

/** Errors of the queue that end all landing: the target was moved past us, the remote refuses it or is another. */
const STOPS = ['bypassed', 'moved', 'push-refused', 'diverged']

/** Calls the merge hook; undefined if nothing lands any more. */
async function merged(merge: MergeHook, change: Change, context: HookContext, swarm: Swarm) {
  // Ours write down themselves what they land; a hook of the person's own moves the target by its own commands.
  const answered = 'options' in merge ? () => {} : offerToHook(swarm.repository.root, change.commit)
  try {
    // Ours tests in the merged tree, with what is in it; a hook of the person's own runs what stands in the checkout.
    if (!('options' in merge)) await judgesAsPinned(swarm)
    const result = await merge(change, context)
    answered(!isRefusal(result))
    // What it started was ended with the swarm, so a no of it is an interruption. Our own queue ends its landing first.
    if (isRefusal(result) && !('options' in merge)) context.signal.throwIfAborted()
    return result
  } catch (error) {
    answered(false)
    if (error instanceof OompaError && error.code === 'judge-changed') {
      return { refused: 'unavailable' as const, final: true, feedback: `${error.message}\n${error.mend ?? ''}`.trim() }
    }
    if (!(error instanceof OompaError && STOPS.includes(error.code))) throw error
    swarm.stopping.gently(error.message, STATUS.failed)
    swarm.emit({ type: 'note', level: 'warning', text: `${error.message}\n${error.mend ?? ''}` })
    return undefined
  }
}

/** A conflict is brought to its author: the target is merged into the worktree, the conflicted files are named. */
async function brought(iteration: Iteration, change: Change, refusal: Refusal): Promise<Refusal> {
  const { swarm, settings } = iteration.lane
  if (change.attempt >= swarm.rounds(settings)) return refusal
  const { root } = swarm.repository
  const { feedback, paths, marked, target } = await prepareConflict(root, change.worktree, {
    into: change.into,
    base: change.base,
    async keep(commit) {
      const ref = await keepCommit(root, keptRef(swarm.id, iteration.worker, iteration.number), commit)
      iteration.before.push({ ref, commit })
      const reason = `it was built on commits that ${change.into} no longer has`
      swarm.emit({ type: 'work.kept', ...factsOf(iteration), task: change.task?.id, ref, base: change.base, reason })
    },
  })
  iteration.onto = target
  iteration.conflicted.push(...marked)
  return { ...refusal, feedback, details: { ...refusal.details, paths } }
}

/** Nothing is completed or given back of what is not ours any more. */
function lostRefusal({ claims }: Iteration, lost: readonly Claim[]): Refusal {
  claims.splice(0, claims.length, ...claims.filter((claim) => !lost.includes(claim)))
  const [{ task }] = lost as [Claim]
  return takenRefusal(`The claim of ${task.id} has lapsed, and somebody else may have taken it.`, task.id)
}

/**
 * Somebody else had its task: the work is kept, no author is asked to mend it, and the task is not given back, where the
 * target has it complete.
 */
async function giveUp(iteration: Iteration, { feedback }: Refusal): Promise<undefined> {
  const { store, into } = iteration.lane.swarm
  iteration.givenUp = true
  if (store?.tracked && into) {
    await store.tracked.recover(into)
    const complete = new Set((await store.list()).complete.map(({ id }) => id))
    iteration.outdone = iteration.claims.some(({ task }) => complete.has(task.id))
    iteration.claims.splice(
      0,
      iteration.claims.length,
      ...iteration.claims.filter(({ task }) => !complete.has(task.id)),
    )
  }
  return keep(iteration, feedback)
}

function keep(iteration: Iteration, reason: string): undefined {
  iteration.outcome = 'kept'
  iteration.reason = reason
}

/** Its task is held by the request until that is merged or closed (swarm/pulls.ts); its work is none of the next iteration's. */
function inReview(iteration: Iteration, { url }: { readonly url: string }): undefined {
  iteration.outcome = 'waiting'
  iteration.reason = url ? `pull request ${url} is open` : 'its pull request was being opened'
  iteration.givenUp = true
}

/** What landed has completed its task already, where the landing carries the status of tasks; else it is done here. */
async function finish(iteration: Iteration, landing: Landing): Promise<undefined> {
  if (landing.pull) return inReview(iteration, landing.pull)
  await completeClaims(iteration, landing)
  iteration.outcome = landing.nothing ? (iteration.completed > 0 ? 'done' : 'nothing') : 'landed'
}
