// Ends an iteration at a cap, and counts what its runs come to.

import type { Bill } from '../agents/prices.js'
import { STATUS } from '../errors.js'
import type { Reservation } from './budget.js'
import type { Reached } from './caps.js'
import type { Iteration } from './contract.js'
import { IterationEnding } from './ending.js'

/** Whose runs an iteration's are, for the caps: without a task, those of the iteration alone. */
export function whoseRun({ lane, number, claims }: Iteration): { worker: string; task: string } {
  return { worker: lane.name, task: claims[0]?.task.id ?? `${lane.name}-${number}` }
}

/**
 * The cap for which an iteration that is under way has to end: the swarm's, the worker's, or the task's. One without
 * progress yet may be what the others wait for.
 */
export function capOf(iteration: Iteration): Reached | undefined {
  const { budget } = iteration.lane.swarm
  const cap = budget.reached()
  return cap && cap.limit !== 'no-progress' ? cap : budget.reachedBy(whoseRun(iteration))
}

/**
 * Ends the iteration at a cap: a task's gives the task back, a worker's ends the worker, any other the swarm, gently.
 * @throws IterationEnding
 */
export function endAt({ lane, number, claims }: Iteration, { limit, value, why }: Reached): never {
  const { stopping, emit } = lane.swarm
  const facts = { worker: lane.name, iteration: number, task: claims[0]?.task.id }
  if (stopping.why === undefined) emit({ type: 'budget.reached', ...facts, limit, value })
  if (limit === 'task') throw new IterationEnding('kept', why)
  if (limit === 'worker') throw new IterationEnding('interrupted', why, { finish: true })
  stopping.gently(why, STATUS.limit)
  throw new IterationEnding('interrupted', why)
}

/** The place of a run, whose bill is one of the iteration's. */
export function counted(iteration: Iteration, place: Reservation): Reservation {
  return {
    ...place,
    spend(result) {
      const bill = place.spend(result)
      iteration.bills.push(bill)
      return bill
    },
  }
}

/** What an iteration has cost so far, for its landing; undefined where no run has said it. Pure. */
export function costWords(bills: readonly Bill[]): string | undefined {
  const known = bills.flatMap(({ costUsd }) => costUsd ?? [])
  if (known.length === 0) return undefined
  const usd = known.reduce((sum, one) => sum + one, 0)
  const isWhole = known.length === bills.length && !bills.some(({ estimated }) => estimated)
  return `${isWhole ? '' : '~'}$${usd.toFixed(4)}`
}
