// A swarm as the page shows it: the first things first, and small enough to be sent once a second.

import type { WorkerState } from '../events/state.js'
import { figuresFacts, statusFacts } from '../views/facts.js'
import { successRate } from '../views/figures.js'
import { problemsOf } from '../views/problems.js'
import type { Watched } from './swarm-history.js'

/** Iterations of a worker that stand in the grid. */
const MOST_CELLS = 60

/** One line of the history. */
export function lineFacts({ run, state }: Watched): Record<string, unknown> {
  return {
    swarm: run.swarm,
    state: run.state,
    startedAt: run.startedAt ?? null,
    stoppedAt: run.stoppedAt ?? null,
    workers: state.workers.size,
    iterations: state.counts.iterations,
    landed: state.counts.landed,
    successRate: successRate(state) ?? null,
    costUsd: state.costUsd ?? null,
    ...(state.estimated ? { estimated: true } : {}),
  }
}

/** Everything above the tabs, and what the tabs of queue and cost need. */
export function pageFacts(one: Watched): Record<string, unknown> {
  const { run, state, figures, spent, position } = one
  return {
    ...statusFacts(run, state),
    position,
    stoppedAt: run.stoppedAt ?? null,
    reason: state.stopped?.reason ?? null,
    status: state.stopped?.status ?? null,
    level: state.level ?? null,
    into: state.into ?? null,
    version: state.version ?? null,
    counts: state.counts,
    costUsd: state.costUsd ?? null,
    ...(state.estimated ? { estimated: true } : {}),
    budgetUsd: state.budgetUsd ?? null,
    problems: problemsOf(state, run.state, Date.now()),
    workers: [...state.workers.values()].map((worker) => workerFacts(worker, one)),
    figures: figuresFacts({ state, figures }),
    spent,
  }
}

function workerFacts(worker: WorkerState, { run, changes }: Watched): Record<string, unknown> {
  const { iteration, iterations, phase, doing, task, agent, attempt, costUsd, since, startedAt, until, seenAt } = worker
  return {
    worker: worker.worker,
    state: run.state === 'running' ? phase : 'ended',
    iteration,
    iterations,
    doing,
    task: task ?? null,
    agent,
    attempt,
    costUsd: costUsd ?? null,
    ...(worker.estimated ? { estimated: true } : {}),
    since: since ?? null,
    startedAt: startedAt ?? null,
    until: until ?? null,
    seenAt: seenAt ?? null,
    earlier: Math.max(0, worker.ended.length - MOST_CELLS),
    ended: worker.ended.slice(-MOST_CELLS).map((one) => [
      one.iteration,
      // What waited for a person may have been decided since.
      changes.get(`${worker.worker}-${one.iteration}`)?.outcome ?? one.outcome,
      one.task ?? '',
    ]),
  }
}
