// The lane of one target, for swarms of several machines or clones that land on it: first come, first served, one at a time.
// Nothing rests on it but time: two that land at once are told apart by the remote, which refuses a push that is no
// fast-forward.

import { setTimeout as sleep } from 'node:timers/promises'
import type { HookContext, Lane } from '../hooks/contract.js'
import { type Fresh, OTHERS_MS } from '../merge/fresh.js'
import { thisMachine } from '../processes/owner.js'
import type { LaneAnswer, LaneTickets } from '../tasks/task-engine.js'

const LOOK_MS = 250
/** A ticket that nobody renewed for so long is passed over. */
const LEASE_MS = 20_000
/** The same on a remote, where each renewal is a push. */
const REMOTE_LEASE_MS = 60_000
/** After so long it is said that somebody else's turn is waited for. */
const SAY_AFTER_MS = 30_000
/** Who waits long looks more seldom: at a twentieth of the time for which it has waited. */
const PART_OF_WAITING = 20

export interface LaneOptions {
  readonly target: string
  readonly swarm: string
  readonly host?: string
  readonly leaseMs?: number
  /** Called once for a turn that is long in coming. */
  say?(words: string): void
}

/** The lane of a target where there are tickets for it; while those are away nobody waits. */
export function laneIn(tickets: LaneTickets, options: LaneOptions): Lane {
  const { target, swarm, host = thisMachine.host, leaseMs = LEASE_MS, say } = options
  return async (work, { signal, offers, isOver }) => {
    let ticket: string | undefined
    /** Where it stands; undefined where nobody can say. */
    const ask = async (own?: readonly object[]): Promise<LaneAnswer | undefined> => {
      try {
        const answer = await tickets.lane({ target, swarm, host, leaseMs, signal, ticket, offers: own })
        ticket = answer.ticket
        return answer
      } catch {
        return undefined
      }
    }
    let timer: NodeJS.Timeout | undefined
    let renewing: Promise<unknown> | undefined
    try {
      const since = performance.now()
      let hasWaited = false
      let isSaid = false
      for (let count = (await ask())?.ahead; count && !signal.aborted; ) {
        const waitedMs = performance.now() - since
        hasWaited = true
        if (waitedMs > SAY_AFTER_MS && !isSaid) {
          isSaid = true
          say?.(`Landing on ${target} waits for its turn: ${count} before it, from elsewhere.`)
        }
        const own = await offers?.()
        const pause = Math.min(LOOK_MS + waitedMs / PART_OF_WAITING, leaseMs / 4)
        await sleep(pause, undefined, { signal }).catch(() => {})
        const before = count
        count = (await ask(own))?.ahead
        if (count && count < before && own?.length && (await isOver?.())) {
          return await work({ hasWaited: false, offered: async () => [] })
        }
      }
      signal.throwIfAborted()
      timer = setInterval(() => {
        renewing ??= ask().finally(() => {
          renewing = undefined
        })
      }, leaseMs / 4)
      return await work({ hasWaited, offered: async () => (await ask())?.offered ?? [] })
    } finally {
      clearInterval(timer)
      // One that came after the leave would take a ticket that nobody gives back.
      await renewing
      if (ticket !== undefined) await tickets.leaveLane(ticket).catch(() => {})
    }
  }
}

/**
 * The lane of clones that share nothing but the remote. Its tickets are on the remote, and are taken while somebody else
 * lands there, too: else of two that test at one time one tests again. Nobody knows that before the first landing.
 */
export function laneAmongClones(
  clone: { readonly root: string; readonly remote: string; readonly fresh: Pick<Fresh, 'others'> },
  options: LaneOptions,
): HookContext['lane'] {
  const { root, remote, fresh } = clone
  const refused = (words: string) =>
    options.say?.(`${words} So clones that push at one time do not take turns: some tests run twice.`)
  let metMs = Number.NEGATIVE_INFINITY
  const met = () => {
    metMs = performance.now()
  }
  let lane: Lane | undefined
  return async () => {
    const isAlone = lane && performance.now() - metMs > OTHERS_MS && !(await fresh.others())
    if (isAlone) return undefined
    const { remoteTickets } = await import('../tasks/refs/landing-tickets.js')
    lane ??= laneIn(remoteTickets({ root, remote, refused, met }), { leaseMs: REMOTE_LEASE_MS, ...options })
    return lane
  }
}
