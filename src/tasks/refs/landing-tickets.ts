// Tickets for landing on a target, on a ref of its remote, for clones that push to it without an engine. One that does not
// change for its lease is passed over.

import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import type { LaneTickets } from '../task-engine.js'
import { type ChangeOptions, remoteList } from './remote-list.js'

const TICKET = z.object({
  ticket: z.string(),
  swarm: z.string(),
  host: z.string(),
  renewed: z.number(),
  offers: z.array(z.unknown()).max(32).optional(),
})

type Ticket = z.infer<typeof TICKET>

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
  const targets = new Map<string, string>()
  const list = remoteList<Ticket>({
    root,
    remote,
    refused,
    kind: 'lanes',
    field: 'tickets',
    entry: TICKET,
    keyOf: ({ ticket }) => ticket,
    what: 'oompa: tickets for landing',
  })
  const change = async (
    target: string,
    turn: (tickets: readonly Ticket[]) => readonly Ticket[],
    options: ChangeOptions,
  ): Promise<readonly Ticket[]> => {
    const tickets = await list.change(target, turn, options)
    if (tickets.some((one) => !targets.has(one.ticket))) met?.()
    return tickets
  }
  return {
    async lane({ target, swarm, host, leaseMs, ticket: held, offers, signal }) {
      const ticket = held ?? randomUUID()
      const turn = (tickets: readonly Ticket[]): readonly Ticket[] => {
        const own = tickets.find((one) => one.ticket === ticket)
        const others = tickets.filter((one) => one === own || list.ageOf(one) <= leaseMs)
        if (!own) return [...others, { ticket, swarm, host, renewed: 0 }]
        const isTold = !offers || JSON.stringify(offers) === JSON.stringify(own.offers ?? [])
        if (isTold && list.ageOf(own) <= leaseMs / 4) return others.length === tickets.length ? tickets : others
        const renewed = { ...own, renewed: own.renewed + 1, ...(offers ? { offers: [...offers] } : {}) }
        return others.map((one) => (one === own ? renewed : one))
      }
      targets.set(ticket, target)
      const tickets = await change(target, turn, { isLikely: held === undefined, signal })
      const ahead = tickets.findIndex((one) => one.ticket === ticket)
      const behind = tickets.slice(ahead + 1).filter((one) => one.swarm !== swarm)
      return { ticket, ahead, offered: behind.flatMap((one) => one.offers ?? []) }
    },
    async leaveLane(ticket) {
      const target = targets.get(ticket)
      targets.delete(ticket)
      if (target === undefined) return
      const turn = (tickets: readonly Ticket[]) =>
        tickets.some((one) => one.ticket === ticket) ? tickets.filter((one) => one.ticket !== ticket) : tickets
      await change(target, turn, { isLikely: true })
    },
  }
}
