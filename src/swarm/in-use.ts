// Which worktrees a running swarm has: nobody else may touch them.

import { listRuns } from '../events/runs.js'
import { workersOf } from './names.js'

/** Tells whether the worktree `.w1-i1` (or the branch `oompa/w1-i1`) belongs to a worker of a running swarm. */
export function inUse(root: string): (name: string) => string | undefined {
  const owners = new Map<string, string>()
  for (const run of listRuns(root)) {
    if (run.state === 'running') for (const worker of workersOf(root, run.swarm)) owners.set(worker, run.swarm)
  }
  return (name) => {
    const worker = /^(?:\.|oompa\/)(w\d+)-i\d+$/.exec(name)?.[1]
    return worker === undefined ? undefined : owners.get(worker)
  }
}
