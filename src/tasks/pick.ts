// Chooses the task that a claim is given, for stores that look at everything under a lock. Pure but for `take`.

import type { Task } from '../words.js'
import type { Claim, ClaimAnswer, ClaimRequest, TaskListing } from './contract.js'
import { isWanted } from './order.js'

/** The answer to a request; `take` makes the claim of the task that was chosen. */
export function answerFrom(listing: TaskListing, request: ClaimRequest, take: (task: Task) => Claim): ClaimAnswer {
  const { pending, current, complete } = listing
  if (request.id === undefined) {
    const ready = pending.find((task) => task.ready && isWanted(task, request))
    if (ready) return { answer: 'claimed', claim: take(ready) }
    const waiting = pending.find((task) => task.waitsFor.length > 0)
    return {
      answer: 'none',
      why: waiting ? `\`${waiting.id}\` waits for ${waiting.waitsFor.join(', ')}` : 'no task is pending',
    }
  }
  const { id } = request
  const named = pending.filter((task) => task.id === id)
  const ready = named.find((task) => task.ready)
  if (ready) return { answer: 'claimed', claim: take(ready) }
  const held = current.find((task) => task.id === id)
  if (held) return { answer: 'already-taken', why: `\`${id}\` is held by ${held.claim?.holder.worker ?? 'somebody'}` }
  if (complete.some((task) => task.id === id)) return { answer: 'already-taken', why: `\`${id}\` is complete` }
  const waits = named[0]?.waitsFor ?? []
  if (named[0])
    return { answer: 'dependency-missing', why: `\`${id}\` waits for ${waits.join(', ') || 'something else'}` }
  return { answer: 'not-found', why: `there is no task \`${id}\`` }
}
