// Why there is no task for a worker, in words that name what a person can mend. Pure.

import type { ClaimRequest, TaskListing } from './contract.js'
import { isWanted, missingPrerequisites } from './order.js'

/** What a worker saw that found no task. */
export interface NoneReady {
  readonly reason: string
  readonly pending: number
  readonly problems: number
}

type Wants = Pick<ClaimRequest, 'story' | 'priority' | 'role' | 'stores'>

/** @param wants which tasks the worker takes */
export function noneReady(listing: TaskListing, wants: Wants): NoneReady {
  const { pending, problems } = listing
  const [problem] = problems
  const why = whyNone(listing, wants)
  return {
    reason: problem && !why.includes('which is no task') ? `${why}; ${problem.path}: ${problem.reason}` : why,
    pending: pending.length,
    problems: problems.length,
  }
}

function whyNone({ pending, current, complete }: TaskListing, wants: Wants): string {
  if (pending.length === 0) {
    if (current.length === 0) return 'no task is pending'
    return `no task is pending, and ${current.length === 1 ? `\`${current[0]!.id}\` is` : `${current.length} are`} held`
  }
  const mine = pending.filter((task) => isWanted(task, wants))
  const [first] = mine
  if (!first) {
    const given = Object.entries(wants).flatMap(([name, value]) => (value === undefined ? [] : `${name} ${value}`))
    return `no pending task is for this worker (${given.join(', ')})`
  }
  const missing = missingPrerequisites([...pending, ...current, ...complete])
  const lost = mine.find(({ id }) => missing.has(id))
  if (lost) return `\`${lost.id}\` waits for ${named(missing.get(lost.id)!)}, which is no task`
  return `\`${first.id}\` ${first.waitsFor.length > 0 ? `waits for ${named(first.waitsFor)}` : 'is held back'}`
}

function named(ids: readonly string[]): string {
  return ids.map((id) => `\`${id}\``).join(', ')
}
