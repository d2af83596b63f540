// How many workers the tasks want: one formula for `oompa scale` and for a swarm that follows it. Pure, but for the figures.

import type { Scale } from '../config/contract.js'
import { allRuns } from '../events/copied-logs.js'
import type { Run } from '../events/runs.js'
import { scanForState } from '../events/scan-log.js'
import type { SwarmState } from '../events/state.js'
import { type Figures, type Gathering, gather, median } from '../views/figures.js'

/** The latest swarms say how long work and landings take, and what an iteration costs. */
const LATEST = 5

/** The latest swarms of all machines and all that run, with what they have shown, but for one of them. */
export function latestSwarms(root: string, except?: string): { readonly run: Run; readonly shown: Gathering }[] {
  const runs = allRuns(root).filter(({ run }) => run.swarm !== except)
  return runs
    .filter(({ run }, at) => at < LATEST || run.state === 'running')
    .map(({ root: place, run }) => {
      const shown = gather(run.swarm)
      for (const event of scanForState(place, run.swarm, run.size)) shown.take(event)
      return { run, shown }
    })
}

export interface TaskFacts {
  /** Tasks that could be claimed now. */
  readonly ready: number
  /** Tasks that are held, on whichever machine. */
  readonly held: number
  /** How many workers one lane can land for; undefined where nobody knows. */
  readonly lane: number | undefined
  /** How many iterations the budget still pays for; undefined without a cap, or where nobody knows what one costs. */
  readonly affords: number | undefined
}

/** How many workers are wanted in all: one for each task that is ready or held, but no more than can land or be paid for. */
export function lanesWanted({ ready, held, lane, affords }: TaskFacts): number {
  return Math.min(ready + held, lane ?? Number.POSITIVE_INFINITY, affords ?? Number.POSITIVE_INFINITY)
}

/** How many of those that are wanted one swarm shall have, beside the workers elsewhere. */
export function lanesHere(wanted: number, { min, max, elsewhere }: Scale & { readonly elsewhere: number }): number {
  return Math.min(max, Math.max(min, wanted - elsewhere))
}

/** How many iterations `leftUsd` pays for, at what one has cost. */
export function affordable(
  shown: readonly { readonly state: Pick<SwarmState, 'costUsd' | 'counts'> }[],
  leftUsd: number | undefined,
): number | undefined {
  const costUsd = shown.reduce((sum, { state }) => sum + (state.costUsd ?? 0), 0)
  const iterations = shown.reduce((sum, { state }) => sum + state.counts.iterations, 0)
  if (leftUsd === undefined || costUsd === 0) return undefined
  return Math.floor((Math.max(0, leftUsd) * iterations) / costUsd)
}

/**
 * More workers than this make changes faster than the tests of one lane can land them: how often a test fits into the
 * time of an iteration, times the landings that one test has been for. Undefined where nothing has landed yet. Pure.
 */
export function laneCapacity(all: readonly Pick<Figures, 'timeToMerge' | 'stages' | 'gateRuns'>[]): number | undefined {
  const whole = median(all.flatMap(({ timeToMerge }) => timeToMerge))
  const test = median(all.flatMap(({ stages }) => stages.get('testing') ?? []))
  const landed = all.reduce((sum, { timeToMerge }) => sum + timeToMerge.length, 0)
  const tests = all.reduce((sum, { gateRuns }) => sum + gateRuns, 0)
  if (!whole || !test || tests === 0) return undefined
  return Math.max(1, Math.ceil((whole / test) * (landed / tests)))
}
