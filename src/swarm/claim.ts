// The first stage: a task for this iteration, if `hooks/tasks` has the loop claim them.

import { waitForTask } from '../tasks/wait.js'
import type { Task } from '../words.js'
import type { Iteration } from './contract.js'
import { IterationEnding } from './ending.js'

/**
 * Claims the next ready task; undefined where agents claim by themselves (no `hooks/tasks`).
 * Where none is ready it waits, as long as somebody is at work who may make one ready.
 * @throws IterationEnding when there is nothing left to do
 */
export async function claimTask(iteration: Iteration): Promise<Task | undefined> {
  const { lane } = iteration
  const { swarm } = lane
  const { store, stopping, emit } = swarm
  if (!store || lane.settings.planner) return undefined
  const stop = new AbortController()
  stopping.onStop(() => stop.abort())
  const answer = await waitForTask(
    store,
    {
      claimer: { worker: lane.name, swarm: swarm.id, pid: process.pid },
      story: lane.settings.story,
      priority: lane.settings.priority,
      role: lane.settings.role,
    },
    {
      timeoutMs: lane.settings.maxWaitForTasksMs,
      signal: stop.signal,
      // Nobody at work, nothing to come: waiting any longer would only keep the person waiting.
      hopeless: () => swarm.workers.every((other) => other === lane || !swarm.busy.has(other.name)),
    },
  )
  if (answer.answer !== 'claimed') {
    throw new IterationEnding('nothing', stopping.why ?? answer.why, { finish: true })
  }
  iteration.claims.push(answer.claim)
  swarm.busy.set(lane.name, iteration)
  const { task } = answer.claim
  emit({ type: 'task.claimed', worker: lane.name, iteration: iteration.number, task: task.id })
  return task
}
