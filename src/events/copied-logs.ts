// The logs of other machines: copies of what their swarms have written, in a folder of their own beside ours, so that every
// view shows them and nothing that acts on swarms takes them for its own.

import path from 'node:path'
import { stateFolder } from '../files/paths.js'
import { swarmIds } from './log.js'
import { findRun, listRuns, type Run } from './runs.js'
import type { SwarmState } from './state.js'
import { readState } from './swarm-now.js'

/** A swarm, and below which folder its log is. */
export interface PlacedRun {
  readonly root: string
  readonly run: Run
  /** The machine that it is on, where there are several. */
  readonly machine?: string
}

/** Below it are the logs of other machines, as ours are below the root. */
export function elsewhereRoot(root: string): string {
  return path.join(stateFolder(root), 'elsewhere')
}

/** The swarms of this machine and of all others, the latest first. */
export function allRuns(root: string): PlacedRun[] {
  const others = elsewhere(root)
  const own = listRuns(root).map((run) => ({ root, run, ...(others.length > 0 ? machineOf(run) : {}) }))
  return [...own, ...others].sort((a, b) => (b.run.startedAt ?? '').localeCompare(a.run.startedAt ?? ''))
}

function elsewhere(root: string): PlacedRun[] {
  const place = elsewhereRoot(root)
  return listRuns(place).map((run) => ({ root: place, run, ...machineOf(run) }))
}

const machineOf = ({ owner }: Run) => ({ machine: owner?.host ?? 'elsewhere' })

/** The state of a swarm with the names that its workers have on all machines: `alder/w1`. */
export function stateOn({ root, run, machine }: PlacedRun): SwarmState {
  const state = readState(root, run)
  if (machine === undefined) return state
  for (const worker of state.workers.values()) Object.assign(worker, { worker: `${machine}/${worker.worker}` })
  return state
}

/** As `findRun`, on whichever machine: those of this one come first. */
export function findAnyRun(root: string, id?: string): PlacedRun {
  const others = elsewhere(root)
  const found = id === undefined ? undefined : others.filter(({ run }) => run.swarm.startsWith(id))
  if (found?.length === 1 && !swarmIds(root).some((swarm) => swarm.startsWith(id!))) return found[0]!
  if (id === undefined && swarmIds(root).length === 0) {
    const latest = allRuns(root)
    const [run] = [...latest.filter((one) => one.run.state === 'running'), ...latest]
    if (run) return run
  }
  return { root, run: findRun(root, id) }
}
