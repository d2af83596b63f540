// Makes of a worker's change what is landed, and says whose it is.

import type { Change } from '../words.js'
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
