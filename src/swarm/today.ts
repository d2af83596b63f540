// What all swarms of a repository have spent today: their logs say it, also of one that runs beside this one. Loaded only
// where there is a cap for each day.

import { lstatSync } from 'node:fs'
import { logFile, swarmIds } from '../events/log.js'
import { scanLog } from '../events/scan.js'
import { type Day, ownDay, startOfDay } from './day.js'

/** The logs of other swarms are read again after so long. */
const READ_MS = 5000

/** Counts what every swarm below `root` has spent: `swarm`, which is this one, by itself, the others by their logs. */
export function sharedDay(root: string, swarm: string, clock: () => number = Date.now): Day {
  const own = ownDay(clock)
  const start = clock()
  // Of an earlier process of this swarm, where it goes on.
  const before = loggedSince(root, [swarm], startOfDay(start))
  let others = { at: Number.NEGATIVE_INFINITY, usd: 0 }
  return {
    add: own.add,
    total() {
      const now = clock()
      const midnight = startOfDay(now)
      if (now - others.at >= READ_MS) {
        const ids = swarmIds(root).filter((id) => id !== swarm)
        others = { at: now, usd: loggedSince(root, ids, midnight) }
      }
      return others.usd + own.total() + (start >= midnight ? before : 0)
    },
  }
}

function loggedSince(root: string, swarms: readonly string[], from: number): number {
  return swarms
    .filter((swarm) => (lstatSync(logFile(root, swarm), { throwIfNoEntry: false })?.mtimeMs ?? 0) >= from)
    .flatMap((swarm) => scanLog(root, swarm, (type) => type === 'agent.ended'))
    .reduce((sum, event) => {
      const counts = event.type === 'agent.ended' && typeof event.costUsd === 'number' && Date.parse(event.at) >= from
      return counts ? sum + (event.costUsd ?? 0) : sum
    }, 0)
}
