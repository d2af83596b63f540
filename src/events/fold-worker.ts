// Says what an event means for the worker that it names: its iteration, its agent, the limit that it waits for.

import type { EventOf } from './contract.js'
import { added, type Cost, enter, type SwarmState, type WorkerPhase, type WorkerState } from './state.js'

export function iterationStarted(worker: WorkerState, event: EventOf<'iteration.started'>): void {
  enter(worker, 'preparing', event.at)
  worker.iteration = event.iteration ?? worker.iteration + 1
  worker.startedAt = event.at
  worker.task = event.task
  worker.worktree = event.worktree
  worker.branch = event.branch
  worker.attempt = 0
  worker.iterationCost.costUsd = undefined
  worker.iterationCost.estimated = undefined
  worker.landedCommit = undefined
  worker.kept = undefined
  worker.noTask = undefined
}

export function iterationEnded(state: SwarmState, worker: WorkerState, event: EventOf<'iteration.ended'>): void {
  const { counts } = state
  counts.iterations++
  counts.outcomes[event.outcome] = (counts.outcomes[event.outcome] ?? 0) + 1
  worker.ended.push({
    iteration: event.iteration ?? worker.iteration,
    outcome: event.outcome,
    startedAt: worker.startedAt,
    endedAt: event.at,
    task: event.task ?? worker.task,
    reason: event.reason,
    worktree: worker.worktree,
    branch: event.branch ?? worker.branch,
    commits: event.commits,
    landed: worker.landedCommit,
    kept: event.kept ?? worker.kept,
    ...worker.iterationCost,
    attempts: worker.attempt || undefined,
    noTask: worker.noTask,
  })
  remove(state.queue, (entry) => entry.worker === worker.worker)
  worker.task = undefined
  enter(worker, worker.finishing || worker.iteration >= worker.iterations ? 'ended' : 'idle', event.at)
  worker.startedAt = undefined
}

export function agent(
  worker: WorkerState,
  event: EventOf<'agent.started'> | EventOf<'agent.activity'> | EventOf<'agent.ended'>,
): void {
  if (event.type === 'agent.activity') {
    worker.doing = String(event.text)
    return
  }
  if (event.type === 'agent.started') {
    if (event.role === 'author') {
      worker.agent = event.agent
      worker.attempt = event.attempt
      worker.session = event.session ?? worker.session
    }
    worker.agentPid = event.pid
    enter(worker, PHASE_OF_ROLE[event.role] ?? 'working', event.at)
    return
  }
  worker.agentPid = undefined
  if (event.role === 'author') worker.session = event.session ?? worker.session
  addCost(worker, event)
  addCost(worker.iterationCost, event)
  if (event.role === 'author' && event.signals?.includes('__DONE__')) worker.finishing = true
  worker.usage = added(worker.usage, event.usage)
  for (const denial of event.denials ?? []) worker.denials.add(denial)
  enter(worker, 'preparing', event.at, event.failure)
}

const PHASE_OF_ROLE: Readonly<Record<string, WorkerPhase>> = {
  author: 'working',
  reviewer: 'reviewing',
  planner: 'planning',
  probe: 'preparing',
}

/** A limit holds for a harness, so for every worker that would call it next. */
export function waitAtLimit(state: SwarmState, worker: WorkerState, at: string): void {
  if (worker.phase !== 'preparing' && worker.phase !== 'idle' && worker.phase !== 'limit') return
  const limit = state.limits.get(worker.agent.split(':')[0] ?? '') ?? state.limits.get(worker.agent)
  if (!limit || !(Date.parse(limit.until) > Date.parse(at))) return
  enter(worker, 'limit', at, limit.reason)
  worker.until = limit.until
}

export function addCost(to: Cost, { costUsd, estimated }: Cost): void {
  if (typeof costUsd !== 'number') return
  to.costUsd = (to.costUsd ?? 0) + costUsd
  if (estimated === true) to.estimated = true
}

/** Takes out of a list what is meant. */
export function remove<T>(list: T[], which: (entry: T) => boolean): void {
  for (let at = list.length - 1; at >= 0; at--) if (which(list[at]!)) list.splice(at, 1)
}
