// Where a swarm that stopped or crashed goes on: the same id, and the iterations that were left.

import { isDeepStrictEqual } from 'node:util'
import { tokensOf } from '../agents/usage.js'
import { environmentNames, overrides } from '../config/flags.js'
import { OompaError, STATUS } from '../errors.js'
import type { OompaEvent } from '../events/contract.js'
import { fold } from '../events/fold.js'
import { nextIterations } from '../events/left.js'
import { readLog } from '../events/log.js'
import { findRun, listRuns } from '../events/runs.js'
import type { SwarmState } from '../events/state.js'
import type { Spending } from './caps.js'
import { provenStart, readStart, type StartFacts } from './start-proof.js'

export interface ResumePoint {
  readonly swarm: string
  readonly workers: readonly string[]
  /** The next iteration of each worker. An interrupted one is run again (docs/contract.md, 25). */
  readonly next: ReadonlyMap<string, number>
  /**
   * Work that an interrupted iteration left, by `w1-3`: named in the prompt of its second run. What a crash left is
   * added when it has been put in order.
   */
  readonly kept: Map<string, string>
  readonly spent: Spending
  /** The command word it was started with (`run`, `loop`), and what followed. */
  readonly argv: readonly string[]
  readonly environment: Readonly<Record<string, string>>
  /** All of the start that it goes on from. */
  readonly started: StartFacts
  /** Whether argv, environment and workers are what the swarm itself wrote down, out of its agents' reach. */
  readonly proven: boolean
  /** The log says that it was started otherwise: somebody wrote into it. */
  readonly otherwise?: Pick<StartFacts, 'argv' | 'environment'>
}

/**
 * @param id of a swarm, or the beginning of it; the latest that is not running if undefined
 * @throws OompaError `running` (4), `nothing-left`, `no-swarm` (3), `unknown-swarm` (2)
 */
export async function resumePoint(root: string, id?: string): Promise<ResumePoint> {
  const latest = id === undefined ? listRuns(root).find((run) => run.state !== 'running') : undefined
  const run = latest ?? findRun(root, id)
  if (run.state === 'running') {
    throw new OompaError({
      code: 'running',
      message: `Swarm ${run.swarm} is running.`,
      mend: `oompa view ${run.swarm} --watch`,
      status: STATUS.refused,
    })
  }
  const events = readLog(root, run.swarm)
  // The crash may have come between a landing and its line: that iteration is over.
  const { recoverLandings } = await import('../recovery/landings.js')
  const landed = (await recoverLandings(root, events)).filter((one) => one.landed)
  return resumeFrom(events, run.swarm, landed, provenStart(root, run.swarm))
}

/** The same from a log's events. Pure. */
function resumeFrom(
  events: readonly OompaEvent[],
  swarm: string,
  landed: readonly { readonly worker: string; readonly iteration: number }[],
  proof: StartFacts | undefined,
): ResumePoint {
  const logged = readStart(events.findLast((event) => event.type === 'swarm.started'))
  const started = proof ?? logged
  if (!started) {
    throw new OompaError({
      code: 'no-start',
      message: `The log of swarm ${swarm} does not say how it started.`,
      mend: 'oompa run',
      status: STATUS.nothing,
    })
  }
  const state = fold(events, swarm)
  const kept = new Map<string, string>()
  for (const { worker, iteration, ref } of state.kept) {
    if (/^refs\/oompa\/kept\/[\w/-]+$/.test(ref)) kept.set(`${worker}-${iteration}`, ref)
  }
  const left = nextIterations(state, landed)
  const next = new Map(started.workers.map(({ worker }) => [worker, left.get(worker) ?? 1]))
  const isOver = started.workers.every(({ worker, iterations }) => (next.get(worker) ?? 1) > iterations)
  // One that crashed in its last landing has that to bring to its end.
  if (isOver && (state.stopped || landed.length === 0)) {
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
    spent: spendingOf(state),
    argv: started.argv.filter((word) => !OF_ONE_CALL.has(word)),
    environment: started.environment,
    started,
    proven: proof !== undefined,
    ...(proof && logged && !isDeepStrictEqual(logged, proof) ? { otherwise: logged } : {}),
  }
}

function spendingOf({ costUsd = 0, workers }: SwarmState): Spending {
  const tasks = new Map<string, number>()
  let tokens = 0
  for (const { ended, usage } of workers.values()) {
    tokens += tokensOf(usage)
    for (const one of ended) {
      if (one.task !== undefined) tasks.set(one.task, (tasks.get(one.task) ?? 0) + (one.costUsd ?? 0))
    }
  }
  const byWorker = new Map([...workers.values()].map((worker) => [worker.worker, worker.costUsd ?? 0]))
  return { all: { usd: costUsd, tokens }, workers: byWorker, tasks }
}

/** How a start was called says nothing about how its resume is. */
const OF_ONE_CALL = new Set(['--detach', '-d', '--json'])

/** Sets the variables that settings come from to what they were at the start: a resume goes on with the same swarm. */
export function restoreEnvironment(point: ResumePoint, env: NodeJS.ProcessEnv = process.env): void {
  for (const name of environmentNames) {
    if (name === overrides.json.env) continue
    const value = point.environment[name]
    if (value === undefined) delete env[name]
    else env[name] = value
  }
}
