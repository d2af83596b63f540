// What an agent did to the tasks is read as requests, and taken out of its change (design.md, *State*).

import { messageOf } from '../errors.js'
import { changeBase } from '../git/changes.js'
import type { TaskRequests } from '../tasks/contract.js'
import type { Worktree } from '../words.js'
import type { Iteration } from './contract.js'

/**
 * Carries out what may be carried out, says what is not, and puts the worktree's copy back.
 * @param head the commit that the worktree is on
 * @returns the commit that it is on then
 */
export async function takeRequests(iteration: Iteration, worktree: Worktree, head: string): Promise<string> {
  const { swarm } = iteration.lane
  const { store, into } = swarm
  if (!store) return head
  await adoptClaims(iteration)
  if (!store.tracked) return head
  const base = await changeBase(swarm.repository.root, head, `refs/heads/${into}`, iteration.onto)
  if (base === undefined) return head
  const own = iteration.claims.map((claim) => claim.task.id)
  const requests = await store.tracked.requests(worktree.path, base, own)
  for (const id of requests.completed) if (!own.includes(id)) await claimCompleted(iteration, id)
  await addTasks(iteration, requests)
  for (const { path, reason } of requests.ignored) ignored(iteration, path, reason)
  return (await store.tracked.restore(worktree.path, base, requests.adds)) ?? head
}

/** Tasks that the agent claimed by itself, from a shell, are the iteration's: they are completed by what lands. */
async function adoptClaims(iteration: Iteration): Promise<void> {
  const { swarm, name } = iteration.lane
  const held = new Set(iteration.claims.map((claim) => claim.fence))
  for (const { claim } of (await swarm.store!.list()).current) {
    if (!claim || held.has(claim.fence)) continue
    if (claim.holder.swarm !== swarm.id || claim.holder.worker !== name) continue
    iteration.claims.push(claim)
    swarm.emit({
      type: 'task.claimed',
      worker: name,
      iteration: iteration.number,
      task: claim.task.id,
      by: 'the agent',
    })
  }
}

/** An agent that moved a pending task to complete has done it, if nobody else holds it: claim it, for the landing. */
async function claimCompleted(iteration: Iteration, id: string): Promise<void> {
  const { swarm, name } = iteration.lane
  if (swarm.claims) return
  const answer = await swarm.store!.claim({ claimer: { worker: name, swarm: swarm.id, pid: process.pid }, id })
  if (answer.answer !== 'claimed') {
    ignored(iteration, id, answer.why)
    return
  }
  iteration.claims.push(answer.claim)
  swarm.emit({ type: 'task.claimed', worker: name, iteration: iteration.number, task: id, by: 'the agent' })
}

async function addTasks(iteration: Iteration, { adds }: TaskRequests): Promise<void> {
  const { lane } = iteration
  const { swarm } = lane
  for (const { path, task } of adds) {
    if (!lane.settings.canPlan) {
      ignored(iteration, path, 'this worker may not add tasks (can_plan is false)')
      continue
    }
    try {
      const added = await swarm.store!.add({ ...task, format: path.endsWith('.json') ? 'json' : 'edn' })
      iteration.added.push(added.id)
      swarm.emit({ type: 'task.added', worker: lane.name, iteration: iteration.number, task: added.id, by: lane.name })
    } catch (error) {
      ignored(iteration, path, messageOf(error))
    }
  }
}

function ignored(iteration: Iteration, path: string, reason: string): void {
  iteration.lane.swarm.emit({
    type: 'task.ignored',
    worker: iteration.worker,
    iteration: iteration.number,
    path,
    reason,
  })
}
