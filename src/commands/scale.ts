// `oompa scale`: how many workers the tasks want now, for whatever starts and ends machines.

import { type Command, flag } from '../cli/contract.js'
import { STATUS } from '../errors.js'
import { allRuns } from '../events/elsewhere.js'
import { scanForState } from '../events/scan.js'
import { findRoot } from '../tasks/root.js'
import { type Figures, gather, median } from '../views/figures.js'
import { lookElsewhere } from './elsewhere.js'
import { json, storeOf } from './tasks/open.js'

/** The latest swarms say how long work and landings take. */
const LATEST = 5

export const command: Command = {
  summary: 'Say how many workers are wanted: one for each task that is ready or held, as many as can land.',
  options: { json },
  examples: [['oompa scale --json', 'for a program that starts machines']],
  async run(args) {
    const root = await findRoot()
    await lookElsewhere(root)
    const { pending, current } = await (await storeOf(root)).list()
    const runs = allRuns(root)
    const figures = runs.slice(0, LATEST).map(({ root: place, run }) => {
      const gathering = gather(run.swarm)
      for (const event of scanForState(place, run.swarm, run.size)) gathering.take(event)
      return gathering
    })
    const ready = pending.filter((task) => task.ready).length
    const running = figures.filter((_, at) => runs[at]?.run.state === 'running')
    const workers = running.flatMap(({ state }) => [...state.workers.values()]).filter(({ phase }) => phase !== 'ended')
    const lane = laneCapacity(figures.map((one) => one.figures))
    const open = ready + current.length
    const facts = {
      ready,
      current: current.length,
      workers: workers.length,
      lane: lane ?? null,
      wanted: Math.min(open, lane ?? open),
    }
    if (flag(args, 'json')) console.log(JSON.stringify(facts, null, 2))
    else
      console.log(
        `${facts.wanted} wanted, ${facts.workers} at work: ${ready} ready, ${current.length} held${lane === undefined ? '' : `, ${lane} can land`}`,
      )
    return STATUS.done
  },
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
