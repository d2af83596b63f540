// Which iterations of a swarm are left: what a resume goes on with, and whether one is worth naming.

import type { SwarmState } from './state.js'

/** An iteration that is over, whatever the log says of its end. */
export interface Over {
  readonly worker: string
  readonly iteration: number
}

/**
 * The number of each worker's next iteration; more than it may start if it has none left. An interrupted one is run
 * again (docs/contract.md, 25). A worker whose author has said `__DONE__` has nothing left, and one that gave up after
 * failures tries again. Pure.
 */
export function nextIterations(state: SwarmState, over: readonly Over[] = []): Map<string, number> {
  const next = new Map<string, number>()
  const pass = (worker: string, iteration: number) => next.set(worker, Math.max(next.get(worker) ?? 1, iteration + 1))
  for (const { worker, ended } of state.workers.values()) {
    for (const { outcome, iteration } of ended) if (outcome !== 'interrupted') pass(worker, iteration)
  }
  for (const { worker, iteration } of [...state.landed, ...over]) {
    if (worker !== undefined && iteration !== undefined) pass(worker, iteration)
  }
  for (const { worker, finishing, iterations } of state.workers.values()) if (finishing) pass(worker, iterations)
  return next
}
