// Waits that end with the swarm, or with a cap that was reached meanwhile, and leave no listener behind.

import type { Budget } from './budget.js'
import type { Stopping } from './stopping.js'

interface Over {
  readonly stopping: Pick<Stopping, 'ending'>
  readonly budget: Pick<Budget, 'reached' | 'watch'>
}

/**
 * Runs `wait` with a signal that is aborted when no further iteration shall begin.
 * @returns whether it came to its own end; what need not wait does, whatever the signal says
 * @throws what `wait` throws for another reason than the signal
 */
export async function waitUnlessOver(
  { stopping, budget }: Over,
  wait: (signal: AbortSignal) => Promise<unknown>,
): Promise<boolean> {
  const stop = new AbortController()
  const abort = (): void => stop.abort()
  const look = (): void => {
    if (budget.reached()) abort()
  }
  const unwatch = budget.watch(look)
  stopping.ending.addEventListener('abort', abort)
  if (stopping.ending.aborted) abort()
  look()
  try {
    await wait(stop.signal)
    return true
  } catch (error) {
    if (!stop.signal.aborted) throw error
    return false
  } finally {
    unwatch()
    stopping.ending.removeEventListener('abort', abort)
  }
}
