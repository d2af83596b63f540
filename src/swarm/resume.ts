// Where a swarm that stopped or crashed goes on: the same id, and the iterations that were left.

import { OompaError, STATUS } from '../errors.js'
import type { OompaEvent } from '../events/contract.js'
import { fold } from '../events/fold.js'
import { readLog } from '../events/log.js'
import { findRun } from '../events/runs.js'

export interface ResumePoint {
  readonly swarm: string
  readonly workers: readonly string[]
  /** The next iteration of each worker. An interrupted one is run again (cli.md, settled question 25). */
  readonly next: ReadonlyMap<string, number>
  /** Work that an interrupted iteration left, by `w1-3`: named in the prompt of its second run. */
  readonly kept: ReadonlyMap<string, string>
  readonly spentUsd: number
  readonly argv: readonly string[]
  readonly environment: Readonly<Record<string, string>>
}

/**
 * @param id of a swarm, or the beginning of it; the latest that is not running if undefined
 * @throws OompaError `running` (4), `nothing-left` (3)
 */
export function resumePoint(root: string, id?: string): ResumePoint {
  const run = findRun(root, id)
  if (run.state === 'running') {
    throw new OompaError({
      code: 'running',
      message: `Swarm ${run.swarm} is running.`,
      mend: `oompa view ${run.swarm}`,
      status: STATUS.refused,
    })
  }
  return resumeFrom(readLog(root, run.swarm), run.swarm)
}

/** The same from a log's events. Pure. */
export function resumeFrom(events: readonly OompaEvent[], swarm: string): ResumePoint {
  const started = events.findLast((event) => event.type === 'swarm.started')
  if (started?.type !== 'swarm.started') {
    throw new OompaError({
      code: 'no-start',
      message: `The log of swarm ${swarm} does not say how it started.`,
      mend: 'oompa run',
      status: STATUS.nothing,
    })
  }
  const next = new Map<string, number>()
  const kept = new Map<string, string>()
  for (const { worker } of started.workers) next.set(worker, 1)
  for (const event of events) {
    if (event.worker === undefined || event.iteration === undefined) continue
    if (event.type === 'iteration.ended' && event.outcome !== 'interrupted')
      next.set(event.worker, Math.max(next.get(event.worker) ?? 1, event.iteration + 1))
    if (event.type === 'work.kept') kept.set(`${event.worker}-${event.iteration}`, event.ref)
  }
  // A worker that ended by itself (`__DONE__`, five failures) has nothing left, whatever its number says.
  const left = started.workers.filter(({ worker, iterations }) => (next.get(worker) ?? 1) <= iterations)
  if (left.length === 0) {
    throw new OompaError({
      code: 'nothing-left',
      message: `Swarm ${swarm} has no iterations left.`,
      mend: 'oompa run',
      status: STATUS.nothing,
    })
  }
  return {
    swarm,
    workers: started.workers.map(({ worker }) => worker),
    next,
    kept,
    spentUsd: fold(events, swarm).costUsd ?? 0,
    argv: started.argv ?? [],
    environment: started.environment ?? {},
  }
}
