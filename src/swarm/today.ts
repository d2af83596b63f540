// What all swarms of a repository have spent today, and what goes on in them: their logs say it, also of one that runs
// beside this one. Loaded only where there is a cap for each day.

import { lstatSync } from 'node:fs'
import { logFile, swarmIds } from '../events/log.js'
import { readRun } from '../events/runs.js'
import { scanLog } from '../events/scan-log.js'
import { type Going, p90 } from './caps.js'
import { type Day, ownDay, startOfDay } from './day.js'

/** The logs of other swarms are looked at again after so long; one that has not grown is not read. */
const READ_MS = 1000

interface Logged {
  readonly bytes: number
  readonly usd: number
  /** Runs that began and have no end yet, and what one of them will probably cost. */
  readonly open: number
  readonly priceUsd: number
}

/** Counts what every swarm below `root` has spent: `swarm`, which is this one, by itself, the others by their logs. */
export function sharedDay(root: string, swarm: string, clock: () => number = Date.now): Day {
  const own = ownDay(clock)
  const start = clock()
  // Of an earlier process of this swarm, where it goes on.
  const before = loggedSince(root, swarm, startOfDay(start)).usd
  let day = startOfDay(start)
  let readAt = Number.NEGATIVE_INFINITY
  const others = new Map<string, Logged>()
  let going: readonly Going[] = []
  const read = (): void => {
    const now = clock()
    if (startOfDay(now) !== day) others.clear()
    day = startOfDay(now)
    if (now - readAt < READ_MS) return
    readAt = now
    for (const id of swarmIds(root)) {
      const stats = id === swarm ? undefined : lstatSync(logFile(root, id), { throwIfNoEntry: false })
      if (!stats || stats.mtimeMs < day || others.get(id)?.bytes === stats.size) continue
      others.set(id, { ...loggedSince(root, id, day), bytes: stats.size })
    }
    going = [...others].flatMap(([id, { open, priceUsd }]) => {
      // What a crash left open does not go on.
      if (open === 0 || readRun(root, id)?.state !== 'running') return []
      const run = { reserved: { usd: priceUsd, tokens: 0 }, used: { usd: 0, tokens: 0 } }
      return Array.from({ length: open }, () => run)
    })
  }
  return {
    add: own.add,
    total() {
      read()
      const beside = [...others.values()].reduce((sum, { usd }) => sum + usd, 0)
      return beside + own.total() + (start >= day ? before : 0)
    },
    going() {
      read()
      return going
    },
  }
}

function loggedSince(root: string, swarm: string, from: number): Omit<Logged, 'bytes'> {
  const costs: number[] = []
  let open = 0
  for (const event of scanLog(root, swarm, (type) => /^agent\.(?:started|ended)$|^swarm\.started$/.test(type))) {
    if (event.type === 'swarm.started') open = 0
    else if (event.type === 'agent.started') open++
    else if (event.type === 'agent.ended') {
      open = Math.max(0, open - 1)
      if (typeof event.costUsd === 'number' && Date.parse(event.at) >= from) costs.push(event.costUsd)
    }
  }
  return { usd: costs.reduce((sum, usd) => sum + usd, 0), open, priceUsd: p90(costs) }
}
