// The prompts of an iteration from level 2 on, from what the swarm knows now.

import type { PromptQueue } from '../prompts/index.js'
import { composePrompt, contextValues, tokensIn } from '../prompts/index.js'
import type { Worktree } from '../words.js'
import type { Iteration, Swarm } from './contract.js'

/** What every further turn of an iteration needs to know. */
export function turnFacts(iteration: Iteration) {
  const { lane } = iteration
  const { swarm } = lane
  return {
    swarm: swarm.id,
    worker: lane.name,
    into: swarm.hooks.merge ? swarm.into : undefined,
    planner: lane.settings.planner,
    ...(swarm.settings.here ? { here: true } : {}),
  }
}

/** The whole prompt, for a new session; `addition` is what a session that knew the rest would be told. */
export async function firstPrompt(iteration: Iteration, worktree: Worktree, addition?: string): Promise<string> {
  const { lane } = iteration
  const { swarm } = lane
  const prompts = lane.prompt.text ?? lane.prompt.bytes.toString('utf8')
  const [queue, context] = await Promise.all([
    queueOf(swarm),
    contextValues(swarm.repository.root, worktree.path, tokensIn(prompts)),
  ])
  return composePrompt({
    ...turnFacts(iteration),
    iteration: iteration.number,
    ...(swarm.settings.here ? { here: true } : { branch: worktree.branch }),
    task: iteration.claims[0]?.task,
    claiming: swarm.claims ? 'loop' : swarm.settings.configuredWorkers ? 'signal' : 'agent',
    store: swarm.store,
    queue,
    canPlan: lane.settings.canPlan,
    planning: iteration.planning,
    prompts,
    context,
    addition,
    kept: swarm.resumed?.kept.get(`${lane.name}-${iteration.number}`),
  })
}

async function queueOf({ store }: Swarm): Promise<PromptQueue | undefined> {
  if (!store) return undefined
  const { pending, current, complete } = await store.list()
  return {
    counts: { pending: pending.length, current: current.length, complete: complete.length },
    pending,
    current,
  }
}
