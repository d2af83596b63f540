// Names of workers: which are taken, and which are free.

import { scanLog } from '../events/scan.js'

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
