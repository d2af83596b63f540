// The lane of one target, for swarms on several machines that land on it: first come, first served, one at a time. Nothing
// rests on it but time: two that land at once are told apart by the remote, which refuses a push that is no fast-forward.

import { setTimeout as sleep } from 'node:timers/promises'
import { thisMachine } from '../processes/owner.js'
import type { EngineMachines } from '../tasks/engine.js'

const LOOK_MS = 500
/** A ticket that nobody renewed for so long is passed over. */
const LEASE_MS = 20_000

export interface LaneOptions {
  readonly target: string
  readonly swarm: string
  readonly host?: string
  readonly leaseMs?: number
}

export type Lane = <T>(work: () => Promise<T>, signal: AbortSignal) => Promise<T>

/** The lane of a target in an engine; while the engine is away nobody waits for it. */
export function laneIn(machines: EngineMachines, options: LaneOptions): Lane {
  const { target, swarm, host = thisMachine.host, leaseMs = LEASE_MS } = options
  return async (work, signal) => {
    let ticket: string | undefined
    /** How many are in front; undefined where nobody can say. */
    const ahead = async (): Promise<number | undefined> => {
      try {
        const answer = await machines.lane({
          target,
          swarm,
          host,
          leaseMs,
          ...(ticket === undefined ? {} : { ticket }),
        })
        ticket = answer.ticket
        return answer.ahead
      } catch {
        return undefined
      }
    }
    let renewing: NodeJS.Timeout | undefined
    try {
      while ((await ahead()) && !signal.aborted) await sleep(LOOK_MS, undefined, { signal }).catch(() => {})
      signal.throwIfAborted()
      renewing = setInterval(() => void ahead(), leaseMs / 4)
      return await work()
    } finally {
      clearInterval(renewing)
      if (ticket !== undefined) await machines.leaveLane(ticket).catch(() => {})
    }
  }
}
