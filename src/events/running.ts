// Names of workers: which are taken, and which are free.

import { checkedOutElsewhere, siblingsOf } from '../git/checkouts.js'
import type { StartedWorker } from './contract.js'
import { listRuns } from './runs.js'
import { scanLog } from './scan-log.js'

/** `count` worker names, `w1` on, that are not taken. */
export function freeWorkerNames(count: number, taken: readonly string[]): string[] {
  const names: string[] = []
  for (let number = 1; names.length < count; number++) if (!taken.includes(`w${number}`)) names.push(`w${number}`)
  return names
}

/** The worker names of a swarm's latest start. */
export function workersOf(root: string, swarm: string): string[] {
  const started = scanLog(root, swarm, (type) => type === 'swarm.started').at(-1)
  return started?.type === 'swarm.started' ? started.workers.map(({ worker }) => worker) : []
}

/** A running swarm as it was started last. */
export interface RunningLoop {
  readonly swarm: string
  /** The named worktree that it is a loop in. */
  readonly named?: string
  readonly workers: readonly StartedWorker[]
}

export function runningLoops(root: string): RunningLoop[] {
  return listRuns(root).flatMap(({ swarm, state }) => {
    if (state !== 'running') return []
    const started = scanLog(root, swarm, (type) => type === 'swarm.started').at(-1)
    if (started?.type !== 'swarm.started') return []
    const { named, workers } = started
    return { swarm, workers, ...(named === undefined ? {} : { named }) }
  })
}

/** Which tasks the workers of other running swarms take. */
export function runningLanes(
  root: string,
  except: string,
): Pick<StartedWorker, 'story' | 'priority' | 'role' | 'stores'>[] {
  return runningLoops(root)
    .filter(({ swarm }) => swarm !== except)
    .flatMap(({ workers }) => workers)
    .map(({ story, priority, role, stores }) => ({ story, priority, role, stores }))
}

/** A worker of a running swarm. */
export interface TakenName {
  readonly worker: string
  readonly swarm: string
}

/** Workers of the running swarms of a repository, in whichever of its checkouts they were started. */
export function runningWorkers(root: string): TakenName[] {
  return [root, ...siblingsOf(root)].flatMap((one) =>
    listRuns(one)
      .filter((run) => run.state === 'running')
      .flatMap((run) => workersOf(one, run.swarm).map((worker) => ({ worker, swarm: run.swarm }))),
  )
}

/** Workers whose branches another checkout of the repository is on: git gives no second one to us. */
export function takenElsewhere(root: string): string[] {
  return checkedOutElsewhere(root).flatMap((branch) => /^oompa\/(w\d+)-i\d+$/.exec(branch)?.[1] ?? [])
}

// Which worktrees a running swarm has: nobody else may touch them.

/** Tells whether the worktree `.w1-i1` (or the branch `oompa/w1-i1`) belongs to a worker of a running swarm. */
export function inUse(root: string): (name: string) => string | undefined {
  const owners = new Map(runningWorkers(root).map(({ worker, swarm }) => [worker, swarm]))
  return (name) => {
    const worker = /^(?:\.|oompa\/)(w\d+)-i\d+$/.exec(name)?.[1]
    return worker === undefined ? undefined : owners.get(worker)
  }
}
