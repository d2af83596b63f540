// What was spent today, as a cap for each day counts it.

import type { Going } from './caps.js'

export interface Day {
  /** A run of this swarm has cost so much. */
  add(usd: number): void
  /** US dollars since midnight. */
  total(): number
  /** What goes on in other swarms, with what it will probably cost. */
  going(): readonly Going[]
}

/** Midnight before a moment, in the person's zone; both in milliseconds since 1970. */
export function startOfDay(now: number): number {
  return new Date(now).setHours(0, 0, 0, 0)
}

/** What this process has spent since midnight, and nobody else. */
export function ownDay(clock: () => number = Date.now): Day {
  const spent: [at: number, usd: number][] = []
  return {
    add(usd) {
      spent.push([clock(), usd])
    },
    total() {
      const midnight = startOfDay(clock())
      return spent.reduce((sum, [at, usd]) => (at >= midnight ? sum + usd : sum), 0)
    },
    going: () => [],
  }
}
