// The fourth stage: what can be said without a reviewer, and then every reviewer's verdict.

import path from 'node:path'
import { git } from '../git/run-git.js'
import type { HookContext, MergeHook } from '../hooks/contract.js'
import type { MergeOptions } from '../merge/contract.js'
import { ourNames, oursRefusal } from '../merge/our-paths.js'
import { plannerPrompt } from '../prompts/index.js'
import { review } from '../review/rounds.js'
import type { Claim } from '../tasks/contract.js'
import { isTrivial, type OutputFault, outputFault, outputMissing, outputsOf } from '../tasks/outputs.js'
import type { Change, Refusal } from '../words.js'
import { capOf, endAt } from './capped.js'
import { contextOf, iterationOf } from './iteration.js'
import { judged } from './judged.js'
import { workedHere, wouldComplete } from './unchanged.js'

/** Why a change may not land; undefined if every reviewer agrees, or there is none. */
export async function reviewProposal(change: Change): Promise<Refusal | undefined> {
  const iteration = iterationOf(change)
  const { lane } = iteration
  const { swarm } = lane
  const { settings } = swarm
  const hooks = swarm.reviewers(lane.settings)
  if (iteration.unfinished) return iteration.unfinished
  const ours = ourNames(change.files)
  if (ours.length > 0) return oursRefusal(change.branch, ours)
  const completes = await wouldComplete(change)
  const missing = await missingOutput(change, completes)
  if (missing) return missing
  // An empty change is judged like any other if it is to complete a task because its agent says so.
  if (change.files.length === 0 && (completes.length === 0 || (await workedHere(iteration)))) return undefined
  if (lane.settings.planner) {
    return { refused: 'policy', feedback: plannerPrompt(change.files.map((file) => file.path)) }
  }
  if (hooks.length === 0) return undefined
  const context = contextOf(iteration, change.worktree)
  const test = settings.testFirst ? await tested(change, context, swarm.hooks.merge) : undefined
  if (test && 'refused' in test) {
    context.signal.throwIfAborted()
    return test
  }
  const reviewed = await review(change, {
    hooks: hooks.map((hook) => judged(swarm, hook)),
    settings,
    worker: lane.settings,
    context,
    ...(test ? { test } : {}),
    earlier: iteration.reviews,
  })
  // A reviewer that may not begin, or go on, has not judged: the work is as it is without one.
  const cap = reviewed.refusal?.refused === 'unavailable' ? capOf(iteration) : undefined
  if (cap) endAt(iteration, cap)
  iteration.reviews = reviewed.history
  iteration.approval = { pin: reviewed.pin, by: reviewed.reviewedBy }
  return reviewed.refusal
}

/** With `test_first`: the merge hook's own test, where it says which that is. */
async function tested(change: Change, context: HookContext, merge: MergeHook | undefined) {
  if (!merge || !('options' in merge)) return undefined
  const { testBeforeReview } = await import('../merge/pretest.js')
  return testBeforeReview(change, context, merge.options as MergeOptions)
}

// A task that names its outputs is complete only if they are there: looked for before anybody reads the change.

/** A refusal that names the first output that is missing, of the tasks that this change would complete. */
async function missingOutput(change: Change, claims: readonly Claim[]): Promise<Refusal | undefined> {
  const { here } = iterationOf(change).lane.swarm.settings
  for (const { task } of claims) {
    for (const file of outputsOf(task)) {
      const fault = await faultOf(change, file, here)
      if (!fault) continue
      const feedback = outputMissing(task, file, fault).message
      return { refused: 'task', feedback, details: { task: task.id, output: file } }
    }
  }
  return undefined
}

/** In the change's commit; a file that git ignores is on disk alone. */
async function faultOf({ worktree, commit }: Change, file: string, here: boolean): Promise<OutputFault | undefined> {
  const full = path.resolve(worktree.path, file)
  const relative = path.relative(worktree.path, full)
  const inside = relative !== '' && !relative.startsWith('..') && !path.isAbsolute(relative)
  if (here || !inside) return outputFault(full)
  const name = `${commit}:${relative.split(path.sep).join('/')}`
  const { status, stdout } = await git(worktree.path, ['cat-file', '-s', '--end-of-options', name])
  if (status === 0) return (await isTrivialIn(worktree.path, name, Number(stdout))) ? 'empty' : undefined
  const fault = outputFault(full)
  if (fault) return fault
  const ignored = await git(worktree.path, ['check-ignore', '--quiet', '--', relative])
  return ignored.status === 0 ? undefined : 'not there'
}

/** A folder of a commit has something in it. */
async function isTrivialIn(worktree: string, name: string, bytes: number): Promise<boolean> {
  if (!isTrivial(bytes, () => '')) return false
  const { status, stdout } = await git(worktree, ['cat-file', 'blob', name])
  return status === 0 && isTrivial(bytes, () => stdout)
}
