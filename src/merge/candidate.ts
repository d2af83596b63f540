// Makes of a worker's change what is landed, and says whose it is.

import type { Emit } from '../events/contract.js'
import type { Change, Landing } from '../words.js'
import type { Candidate, MergeOptions } from './contract.js'

/** A change as it is landed. */
export function candidateOf(change: Change, { cost }: MergeOptions): Candidate {
  return {
    branch: change.branch,
    commit: change.commit,
    base: change.base,
    worker: change.worker,
    ...(change.machine ? { machine: change.machine } : {}),
    iteration: change.number,
    ...(change.task ? { task: { id: change.task.id, summary: change.task.summary } } : {}),
    ...(change.reviewedBy ? { reviewedBy: change.reviewedBy } : {}),
    ...(cost && change.cost ? { spent: change.cost } : {}),
    ...(change.status ? { status: change.status } : {}),
  }
}

/** Whose it is, as events name it. */
export function namesOf(candidate: Candidate): { worker?: string; iteration?: number; task?: string } {
  return {
    ...(candidate.worker ? { worker: candidate.worker } : {}),
    ...(candidate.iteration ? { iteration: candidate.iteration } : {}),
    ...(candidate.task ? { task: candidate.task.id } : {}),
  }
}

/** Writes the event of a landing. */
export function sayLanded(emit: Emit, candidate: Candidate, landing: Landing, tests?: number): void {
  if (landing.nothing) return
  emit({
    type: 'landing.landed',
    branch: candidate.branch,
    into: landing.into,
    commit: landing.commit,
    ...(landing.mergedCommit ? { mergedCommit: landing.mergedCommit } : {}),
    ...(landing.batch ? { batch: landing.batch } : {}),
    ...(tests === undefined ? {} : { tests }),
    ...namesOf(candidate),
  })
}
