// Tickets for landing on a target, on a ref of its remote, for clones that push to it without an engine. A ticket that
// does not change for its lease is passed over, by the clock of whoever waits: two machines' clocks need not agree.

import { randomUUID } from 'node:crypto'
import path from 'node:path'
import { z } from 'zod'
import { isErrno } from '../../errors.js'
import { stateFolder } from '../../files/paths.js'
import type { LaneTickets } from '../engine.js'
import { withLock } from '../one-file.js'
import { pauseBefore, type RefPlace, readRef, type Seen, writeRef } from './remote.js'

/** How long the remote may be silent: a turn that takes longer than a test costs more than the test. */
const SILENT_MS = 15_000
/** Whoever loses so many times against others lands without a ticket. */
const MOST_TRIES = 20

const TICKETS = z.object({
  format: z.literal(1),
  tickets: z
    .array(z.object({ ticket: z.string(), swarm: z.string(), host: z.string(), renewed: z.number() }))
    .max(1000),
})

type Ticket = z.infer<typeof TICKETS>['tickets'][number]

export interface RemoteTickets {
  /** The main checkout. */
  readonly root: string
  readonly remote: string
  /** Called once with what the server says, if it takes no such refs; nobody is asked to wait from then on. */
  refused(words: string): void
  /** Called when somebody else has a ticket, too. */
  met?(): void
}

/** The tickets for landing on the branches of a remote. They throw where no turn can be had: who lands does without. */
export function remoteTickets({ root, remote, refused, met }: RemoteTickets): LaneTickets {
  /** When a ticket was first seen as it is, by `performance.now()`. */
  const seen = new Map<string, { readonly renewed: number; readonly at: number }>()
  const targets = new Map<string, string>()
  let refusal: unknown

  /** For how long it has been as it is. */
  const ageOf = ({ ticket, renewed }: Ticket): number => {
    const before = seen.get(ticket)
    if (before?.renewed === renewed) return performance.now() - before.at
    seen.set(ticket, { renewed, at: performance.now() })
    return 0
  }

  /** The tickets of a target as they were when they were last read or written. */
  const last = new Map<string, Seen>()

  /**
   * Changes the tickets of a target; `turn` gives them as they shall be, or the same when there is nothing to change.
   * @param isLikely that they are as they were: then they are written at once, and read if somebody else was quicker
   */
  const change = async (
    target: string,
    turn: (tickets: Ticket[]) => Ticket[],
    { isLikely = false, signal }: { isLikely?: boolean; signal?: AbortSignal } = {},
  ): Promise<Ticket[]> => {
    if (refusal !== undefined) throw refusal
    const place = { root, remote, kind: 'lanes', name: target, timeoutMs: SILENT_MS, signal } as const
    const tryOnce = async (seen: Seen): Promise<Ticket[] | undefined> => {
      const tickets = readTickets(seen.text)
      const after = turn(tickets)
      const now = after === tickets ? seen : await write(place, seen, after)
      if (now) last.set(target, now)
      if (now && after.some((one) => !targets.has(one.ticket))) met?.()
      return now && after
    }
    // Of one clone one at a time: two that push at once only get in each other's way.
    return withLock(root, path.join(stateFolder(root), 'claims', 'refs', 'lanes.lock'), async () => {
      let after = isLikely ? await tryOnce(last.get(target) ?? {}) : undefined
      for (let attempt = 0; !after && attempt < MOST_TRIES; attempt++) {
        if (attempt > 0) await pauseBefore(attempt)
        after = await tryOnce(await readRef(place))
      }
      if (!after) throw new Error(`others were faster ${MOST_TRIES} times`)
      return after
    }).catch((error: unknown) => {
      if (isErrno(error, 'store-refused') && refusal === undefined) {
        refusal = error
        refused((error as Error).message)
      }
      throw error
    })
  }

  return {
    async lane({ target, swarm, host, leaseMs, ticket: held, signal }) {
      const ticket = held ?? randomUUID()
      const turn = (tickets: Ticket[]): Ticket[] => {
        const own = tickets.find((one) => one.ticket === ticket)
        const others = tickets.filter((one) => one === own || ageOf(one) <= leaseMs)
        if (!own) return [...others, { ticket, swarm, host, renewed: 0 }]
        if (ageOf(own) <= leaseMs / 4) return others.length === tickets.length ? tickets : others
        return others.map((one) => (one === own ? { ...one, renewed: one.renewed + 1 } : one))
      }
      targets.set(ticket, target)
      const tickets = await change(target, turn, { isLikely: held === undefined, signal })
      return { ticket, ahead: tickets.findIndex((one) => one.ticket === ticket), offered: [] }
    },
    async leaveLane(ticket) {
      const target = targets.get(ticket)
      targets.delete(ticket)
      if (target === undefined) return
      const turn = (tickets: Ticket[]) =>
        tickets.some((one) => one.ticket === ticket) ? tickets.filter((one) => one.ticket !== ticket) : tickets
      await change(target, turn, { isLikely: true })
    },
  }
}

/** Whoever may push can write them: what is not of their form is no ticket. */
function readTickets(text: string | undefined): Ticket[] {
  try {
    return TICKETS.parse(JSON.parse(text ?? '')).tickets
  } catch {
    return []
  }
}

/** The last one takes the ref away with it, unless the server keeps what it has. */
async function write(place: RefPlace, seen: Seen, tickets: readonly Ticket[]): Promise<Seen | undefined> {
  const what = 'oompa: tickets for landing'
  if (tickets.length > 0) return writeRef(place, seen, textOf(tickets), what)
  return writeRef(place, seen, undefined, what).catch((error: unknown) => {
    if (!isErrno(error, 'store-refused')) throw error
    return writeRef(place, seen, textOf(tickets), what)
  })
}

/** A ticket on each line, so that a person can read them. */
function textOf(tickets: readonly Ticket[]): string {
  return `{"format":1,"tickets":[\n${tickets.map((one) => JSON.stringify(one)).join(',\n')}\n]}\n`
}
