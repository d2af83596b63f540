// Which worktrees a running swarm has: nobody else may touch them.

import { runningWorkers } from './names.js'

/** Tells whether the worktree `.w1-i1` (or the branch `oompa/w1-i1`) belongs to a worker of a running swarm. */
export function inUse(root: string): (name: string) => string | undefined {
  const owners = new Map(runningWorkers(root).map(({ worker, swarm }) => [worker, swarm]))
  return (name) => {
    const worker = /^(?:\.|oompa\/)(w\d+)-i\d+$/.exec(name)?.[1]
    return worker === undefined ? undefined : owners.get(worker)
  }
}
