// The state of one swarm now: its log, and what the machine says of its process.

import type { OompaEvent } from './contract.js'
import { fold } from './fold.js'
import type { Run, RunState } from './runs.js'
import { scanForState } from './scan-log.js'
import type { SwarmState } from './state.js'

/** The state of a swarm when `run` was read; one that is not running has no worker that does anything. */
export function readState(root: string, run: Run): SwarmState {
  return readSnapshot(root, run).state
}

/** The same, with the events that it was made of: all but messages and most of the activity. */
export function readSnapshot(root: string, run: Run): { state: SwarmState; events: OompaEvent[] } {
  const events = scanForState(root, run.swarm, run.size)
  return { state: settle(fold(events, run.swarm), run.state), events }
}

/** Ends in `state`, which it changes, what a crash has left as going on. */
export function settle(state: SwarmState, run: RunState): SwarmState {
  if (run !== 'crashed') return state
  state.queue.length = 0
  for (const worker of state.workers.values()) {
    worker.phase = 'ended'
    worker.agentPid = undefined
  }
  return state
}
