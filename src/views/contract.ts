// What a view is: a reporter of the same events, whatever it makes of them.

import type { OompaEvent } from '../events/contract.js'
import type { RunState } from '../events/runs.js'

export interface View {
  /** Called for each event, in order. Never throws, whatever the event holds. */
  event(event: OompaEvent): void
  /** A piece of what an agent printed, cut anywhere; called at level 1, where the bash loop would have printed it. */
  output(worker: string, text: string): void
  /**
   * The last call: prints the summary and leaves the terminal as it was.
   * @param run how the swarm ended; `stopped` unless given.
   */
  end(run?: RunState): void
}

/** What keys on a terminal do, in the process of the swarm itself. */
export interface Controls {
  /** Ends the swarm gently. */
  stop(): void
  /** The last lines that a worker's agents printed in an iteration, made readable; escaped. */
  printed(worker: string, iteration: number): Promise<readonly string[]>
}

/** Where a view writes; `process.stdout` is one. */
export interface Screen {
  readonly isTTY?: boolean
  readonly columns?: number
  readonly rows?: number
  /** Bytes that a slow reader has not taken yet. */
  readonly writableLength?: number
  write(text: string): unknown
  on(event: 'resize' | 'error', listener: () => void): unknown
  off(event: 'resize' | 'error', listener: () => void): unknown
}
