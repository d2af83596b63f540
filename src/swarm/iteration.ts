// Makes iterations, and what their hooks get to see.

import { agents } from '../agents/index.js'
import { outputFile } from '../files/paths.js'
import type { HookContext } from '../hooks/contract.js'
import type { Worktree } from '../words.js'
import type { Iteration, Swarm, Worker } from './contract.js'
import { hookContext } from './context.js'
import { oompaVariables } from './environment.js'

export function makeIteration(lane: Worker, number: number): Iteration {
  const name = `${lane.name}-i${number}`
  return {
    swarm: lane.swarm.id,
    worker: lane.name,
    number,
    lane,
    name: `.${name}`,
    branch: `oompa/${name}`,
    marker: `${lane.swarm.id}:${lane.name}:${number}`,
    claims: [],
    rounds: 0,
  }
}

/** The context of this iteration's hooks. */
export function contextOf(iteration: Iteration, worktree?: Worktree): HookContext {
  const { swarm } = iteration.lane
  return hookContext({
    root: swarm.repository.root,
    swarm: swarm.id,
    worker: iteration.worker,
    iteration: iteration.number,
    task: iteration.claims[0]?.task,
    tasks: swarm.tasks,
    signal: swarm.stopping.agents,
    variables: oompaVariables(worktree ? { ...iteration, worktree } : iteration),
    settings: swarm.settings,
    findAgent: swarm.findAgent,
    emit: (event) => swarm.emit({ worker: iteration.worker, iteration: iteration.number, ...event }),
    logFile: outputFile(swarm.repository.root, swarm.id, iteration.worker, iteration.number),
    harnesses: swarm.harnesses,
    spend: swarm.spend,
  })
}

/** Finds an agent by its harness: those of `hooks/agent.*` first, so that one can replace ours. */
export function agentFinder(hooks: Pick<Swarm['hooks'], 'agents'>): Swarm['findAgent'] {
  return (harness) => hooks.agents.find((agent) => agent.name === harness) ?? agents.get(harness)
}
