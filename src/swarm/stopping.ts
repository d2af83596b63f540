// How a swarm is ended: gently, or now. Signals, the control file and the caps all come together here.

import { setMaxListeners } from 'node:events'
import { STATUS, type Status } from '../errors.js'

export interface Stopping {
  /** Aborted when agents shall end now; what they made is kept. */
  readonly agents: AbortSignal
  /** Aborted when the swarm is being stopped, gently or not: ends what is only waited for. */
  readonly ending: AbortSignal
  /** Why no iteration shall begin; undefined while the swarm goes on. */
  readonly why: string | undefined
  /** The exit status that the reason asks for. */
  readonly status: Status | undefined
  /** No further iteration begins; those in progress end by themselves. */
  gently(why: string, status: Status): void
  /** Agents end now; the landing in progress ends by itself. */
  now(why: string, status: Status): void
}

export function makeStopping(): Stopping {
  const controller = new AbortController()
  const ending = new AbortController()
  // Every agent and wait listens: with more than ten workers Node would print a warning about a leak.
  setMaxListeners(0, controller.signal, ending.signal)
  let why: string | undefined
  let status: Status | undefined
  const first = (reason: string, wanted: Status) => {
    // What went wrong after somebody had asked it to end is not to look like a swarm that did as it was asked.
    if (why !== undefined && !(status === STATUS.done && wanted === STATUS.failed)) return
    why = reason
    status = wanted
    ending.abort(new Error(reason))
  }
  return {
    agents: controller.signal,
    ending: ending.signal,
    get why() {
      return why
    },
    get status() {
      return status
    },
    gently: first,
    now(reason, wanted) {
      first(reason, wanted)
      controller.abort(new Error(reason))
    },
  }
}

/**
 * Ends the swarm on SIGINT, SIGTERM, SIGHUP: the first time gently for the landing and now for the agents, the second
 * time at once. Returns what takes the listeners away.
 * @param atOnce the last thing that is done before an end at once
 * The second time we are gone before anything else happens; the watchdog then ends what we had started.
 */
export function listenToSignals(
  stopping: Stopping,
  say: (text: string) => void,
  atOnce: (signal: string) => void,
): () => void {
  let asked = 0
  const heard = (signal: NodeJS.Signals) => {
    asked++
    if (asked === 1) {
      // What a person has pressed, and not what that became.
      const name = signal === 'SIGINT' && process.stdin.isTTY ? 'Ctrl-C' : signal
      say(`${name}: ending the agents; what they made is kept. Once more ends at once.`)
      stopping.now(`interrupted by ${name}`, STATUS.interrupted)
      return
    }
    atOnce(signal)
    process.exit(STATUS.interrupted)
  }
  const signals: NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP']
  for (const signal of signals) process.on(signal, heard)
  return () => {
    for (const signal of signals) process.off(signal, heard)
  }
}
