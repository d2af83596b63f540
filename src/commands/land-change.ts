// Lands a change without a swarm, and its task with it: what an approval and a salvage do.

import { messageOf } from '../errors.js'
import { withLock } from '../locks/index.js'
import { landBranch } from '../merge/branch.js'
import { candidateOf } from '../merge/candidate.js'
import type { MergeOptions } from '../merge/contract.js'
import { type Change, isRefusal, type Landing, type Refusal } from '../words.js'
import { type HeldTask, heldTask, statusOf, type Whose } from './held-task.js'
import type { Standalone } from './standalone.js'

/** A task that may be completed with the change, and what its notes say if it goes back. */
export interface TaskOfChange extends Whose {
  readonly whyBack: (refused: string) => string
}

/**
 * Lands it as `hooks/merge` or `oompa.json` says, or says why not: then its task is as it was. Of two people who ask for
 * the same change at one moment the second waits, and hears that it has landed.
 */
export function landChange(
  root: string,
  change: Change,
  parts: Standalone,
  whose?: TaskOfChange,
): Promise<Landing | Refusal> {
  const { signal } = parts.context
  return withLock(root, `change-${change.commit}`, () => landWithTask(root, change, parts, whose), { signal })
}

async function landWithTask(
  root: string,
  change: Change,
  parts: Standalone,
  whose?: TaskOfChange,
): Promise<Landing | Refusal> {
  const { context } = parts
  const held = whose && (await heldTask(root, whose, parts))
  let answer: Landing | Refusal | undefined
  try {
    const task = held?.claim.task
    answer = await land(root, held ? { ...change, task, status: statusOf(held, whose) } : change, parts)
    if (task && !isRefusal(answer) && !answer.pull) {
      const { worker, number: iteration } = change
      context.emit({ type: 'task.completed', worker, iteration, task: task.id, commit: answer.mergedCommit })
    }
    return answer
  } finally {
    if (held?.taken && (answer === undefined || isRefusal(answer))) {
      await giveBack(held, whose!.whyBack(answer?.refused ?? 'an error')).catch((error: unknown) => {
        context.emit({ type: 'note', level: 'warning', text: messageOf(error) })
      })
    }
    await held?.store.close?.()
  }
}

const giveBack = ({ store, claim }: HeldTask, reason: string) => store.release(claim, reason)

async function land(
  root: string,
  change: Change,
  { hooks, settings, context }: Standalone,
): Promise<Landing | Refusal> {
  const { merge } = hooks
  const { enabled: _, ...configured } = settings.merge
  const options = merge ? optionsOf(merge) : configured
  if (!options) return merge!(change, context)
  const { remoteTimeoutMs, testTimeoutMs, run, emit, signal, env, prepare } = context
  return landBranch({
    remoteTimeoutMs,
    testTimeoutMs,
    ...options,
    ...candidateOf(change, options),
    ...{ root, into: change.into, run, emit, signal, env, prepare },
  })
}

/** What a merge hook of ours was made with; undefined for a person's own, and for one that lands nothing itself. */
function optionsOf(merge: object): MergeOptions | undefined {
  const options: unknown = 'options' in merge && !('opensRequests' in merge) ? merge.options : undefined
  return typeof options === 'object' && options !== null ? options : undefined
}
