// The workers of a state: found or made by name, and put from one phase into the next.

import type { Usage } from '../words.js'
import type { OompaEvent } from './contract.js'
import type { SwarmState, WorkerPhase, WorkerState } from './state.js'

/** A worker does something else from now on. */
export function enter(worker: WorkerState, phase: WorkerPhase, at: string, doing = ''): void {
  worker.phase = phase
  worker.doing = doing
  worker.since = at
  worker.until = undefined
}

/**
 * The worker of an event; a new one if it is the first that is heard of it.
 * @throws TypeError if the event names none
 */
export function workerOf(state: SwarmState, event: OompaEvent): WorkerState {
  if (typeof event.worker !== 'string') throw new TypeError(`${event.type} names no worker`)
  return named(state, event.worker)
}

/** The worker of this name; a new one if there is none. */
export function named(state: SwarmState, name: string): WorkerState {
  const known = state.workers.get(name)
  if (known) return known
  const worker: WorkerState = {
    worker: name,
    agent: '',
    phase: 'idle',
    doing: '',
    iteration: 0,
    iterations: 0,
    attempt: 0,
    finishing: false,
    denials: new Set(),
    ended: [],
  }
  state.workers.set(name, worker)
  return worker
}

/** Tokens of two runs together. */
export function added(to: Usage | undefined, more: Usage | undefined): Usage | undefined {
  if (!more) return to
  return {
    input: (to?.input ?? 0) + more.input,
    output: (to?.output ?? 0) + more.output,
    cacheRead: (to?.cacheRead ?? 0) + more.cacheRead,
    cacheWrite: (to?.cacheWrite ?? 0) + more.cacheWrite,
  }
}
