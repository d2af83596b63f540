// What the commands print as JSON of a swarm: plain data, the same keys in each of them.

import type { Run } from '../events/runs.js'
import type { SwarmState, WorkerState } from '../events/state.js'
import {
  costOfRefused,
  type Figures,
  forecastOf,
  landingsPerHour,
  median,
  type Spending,
  spendingBy,
  successRate,
} from './figures.js'

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
    ...(state.estimated ? { estimated: true } : {}),
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

/** What a swarm's figures come to as JSON: of `oompa view`, `oompa metrics` and the page. */
export function figuresFacts({ state, figures }: { state: SwarmState; figures: Figures }): Record<string, unknown> {
  const by = (key: 'agent' | 'role' | 'worker' | 'task') =>
    Object.fromEntries([...spendingBy(figures, key)].map(([name, one]) => [name, spendingFacts(one)]))
  return {
    successRate: successRate(state) ?? null,
    timeToMerge: spread(figures.timeToMerge),
    landingsPerHour: landingsPerHour(state, state.stopped?.at ?? state.lastAt) ?? null,
    forecast: forecastOf(state, state.stopped?.at ?? state.lastAt) ?? null,
    stages: Object.fromEntries([...figures.stages].map(([stage, seconds]) => [stage, spread(seconds)])),
    reviewRounds: spread(figures.rounds),
    verdicts: Object.fromEntries(figures.verdicts),
    refusals: Object.fromEntries(figures.refusals),
    gateRuns: figures.gateRuns,
    tasksCompleted: figures.tasksCompleted,
    costUsd: state.costUsd ?? null,
    ...(state.estimated ? { estimated: true } : {}),
    costOfRefusedUsd: costOfRefused(state),
    spending: { agent: by('agent'), role: by('role'), worker: by('worker'), task: by('task') },
  }
}

/** Seconds, or whatever else was counted. */
function spread(values: readonly number[]): Record<string, unknown> {
  return {
    count: values.length,
    median: median(values) ?? null,
    mean: values.length ? values.reduce((sum, value) => sum + value, 0) / values.length : null,
    most: values.length ? values.reduce((most, value) => Math.max(most, value)) : null,
  }
}

function spendingFacts({
  runs,
  failed,
  unpriced,
  costUsd,
  estimated = false,
  usage,
  durationMs,
}: Spending): Record<string, unknown> {
  return { runs, failed, unpriced, costUsd, ...(estimated ? { estimated } : {}), usage: usage ?? null, durationMs }
}

function workerFacts(worker: WorkerState): Record<string, unknown> {
  return {
    worker: worker.worker,
    iteration: worker.iteration,
    state: worker.phase,
    task: worker.task ?? null,
    agent: worker.agent,
    costUsd: worker.costUsd ?? null,
    ...(worker.estimated ? { estimated: true } : {}),
  }
}
