// What the commands print as JSON of a swarm: plain data, the same keys in each of them.

import type { Run } from '../events/runs.js'
import type { SwarmState, WorkerState } from '../events/state.js'

/** One entry of `oompa status --json` (docs/contract.md, 26). */
export function statusFacts(run: Run, state: SwarmState): Record<string, unknown> {
  return {
    swarm: run.swarm,
    state: run.state,
    pid: run.owner?.pid ?? null,
    startedAt: run.startedAt ?? null,
    workers: [...state.workers.values()].map(workerFacts),
    queue: state.queue,
  }
}

/** Everything that `oompa view --json` says of a swarm. */
export function swarmFacts(run: Run, state: SwarmState): Record<string, unknown> {
  return {
    ...statusFacts(run, state),
    stoppedAt: run.stoppedAt ?? null,
    reason: state.stopped?.reason ?? null,
    status: state.stopped?.status ?? null,
    host: run.owner?.host ?? null,
    level: state.level ?? null,
    into: state.into ?? null,
    resumed: state.resumed,
    costUsd: state.costUsd ?? null,
    counts: state.counts,
    workers: [...state.workers.values()].map((worker) => ({
      ...workerFacts(worker),
      doing: worker.doing,
      iterations: worker.iterations,
      usage: worker.usage ?? null,
      denials: [...worker.denials],
      ended: worker.ended,
    })),
    landed: state.landed,
    kept: state.kept,
    approvals: state.approvals,
    warnings: state.warnings,
  }
}

function workerFacts(worker: WorkerState): Record<string, unknown> {
  return {
    worker: worker.worker,
    iteration: worker.iteration,
    state: worker.phase,
    task: worker.task ?? null,
    agent: worker.agent,
    costUsd: worker.costUsd ?? null,
  }
}
