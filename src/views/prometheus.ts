// The figures of a repository's swarms as Prometheus reads them (its text format, version 0.0.4). Pure.

import type { RunState } from '../events/runs.js'
import type { SwarmState } from '../events/state.js'
import { type Figures, STAGES } from './figures.js'

/** One swarm: whether it runs, what it is doing, and what it has come to. */
export interface Measured {
  readonly run: RunState
  readonly state: SwarmState
  readonly figures: Figures
}

export interface MetricsFacts {
  /** The repository's name; every series carries it, so that several can be read by one Prometheus. */
  readonly repository: string
  readonly version: string
  readonly swarms: readonly Measured[]
  /** How many workers the tasks want, where they were asked. */
  readonly wanted?: number
}

type Labels = Readonly<Record<string, string>>
type Sample = readonly [value: number, labels?: Labels]

interface Metric {
  readonly name: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly help: string
  /** Of a histogram: upper ends of its buckets, without infinity. */
  readonly buckets?: readonly number[]
  /** Of a histogram: each observation. */
  samples(facts: MetricsFacts): Iterable<Sample>
}

const SECONDS = [1, 5, 15, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200]

/** Every metric there is: a new one is one entry here, and one in docs/metrics.md. */
export const METRICS: readonly Metric[] = [
  {
    name: 'oompa_info',
    type: 'gauge',
    help: 'The version that wrote this; always 1.',
    samples: ({ version }) => [[1, { version }]],
  },
  {
    name: 'oompa_swarms',
    type: 'gauge',
    help: 'Swarms of the repository by state.',
    samples: ({ swarms }) =>
      RUN_STATES.map((state) => [swarms.filter(({ run }) => run === state).length, { state }] as const),
  },
  {
    name: 'oompa_workers',
    type: 'gauge',
    help: 'Workers of the running swarms by what they are doing.',
    samples: ({ swarms }) => {
      const workers = running(swarms).flatMap(({ state }) => [...state.workers.values()])
      return PHASES.map((state) => [workers.filter(({ phase }) => phase === state).length, { state }] as const)
    },
  },
  {
    name: 'oompa_workers_wanted',
    type: 'gauge',
    help: 'Workers that the tasks want now, as `oompa scale` says it.',
    samples: ({ wanted }) => (wanted === undefined ? [] : [[wanted]]),
  },
  {
    name: 'oompa_queue_depth',
    type: 'gauge',
    help: 'Changes that wait to land in the running swarms.',
    samples: ({ swarms }) => [[sum(running(swarms), ({ state }) => state.queue.length)]],
  },
  {
    name: 'oompa_approvals_waiting',
    type: 'gauge',
    help: 'Changes that wait for a person.',
    samples: ({ swarms }) => [[sum(swarms, ({ state }) => state.approvals.length)]],
  },
  {
    name: 'oompa_iterations_total',
    type: 'counter',
    help: 'Iterations that have ended, by outcome.',
    samples: ({ swarms }) =>
      OUTCOMES.map(
        (outcome) => [sum(swarms, ({ state }) => state.counts.outcomes[outcome] ?? 0), { outcome }] as const,
      ),
  },
  {
    name: 'oompa_landings_total',
    type: 'counter',
    help: 'Changes that have landed.',
    samples: ({ swarms }) => [[sum(swarms, ({ state }) => state.counts.landed)]],
  },
  {
    name: 'oompa_refusals_total',
    type: 'counter',
    help: 'Changes that went back to their authors, by reason.',
    samples: ({ swarms }) => labelled(swarms, 'reason', ({ refusals }) => refusals),
  },
  {
    name: 'oompa_reviews_total',
    type: 'counter',
    help: 'Reviews by verdict.',
    samples: ({ swarms }) => labelled(swarms, 'verdict', ({ verdicts }) => verdicts),
  },
  {
    name: 'oompa_review_rounds',
    type: 'histogram',
    help: 'Reviews of each iteration that had one.',
    buckets: [1, 2, 3, 4, 5],
    samples: ({ swarms }) => swarms.flatMap(({ figures }) => figures.rounds.map((rounds) => [rounds] as const)),
  },
  {
    name: 'oompa_gate_runs_total',
    type: 'counter',
    help: 'Tests of merged trees.',
    samples: ({ swarms }) => [[sum(swarms, ({ figures }) => figures.gateRuns)]],
  },
  {
    name: 'oompa_tasks_completed_total',
    type: 'counter',
    help: 'Tasks that are done.',
    samples: ({ swarms }) => [[sum(swarms, ({ figures }) => figures.tasksCompleted)]],
  },
  {
    name: 'oompa_time_to_merge_seconds',
    type: 'histogram',
    help: 'From the start of an iteration until its change has landed.',
    buckets: SECONDS,
    samples: ({ swarms }) => swarms.flatMap(({ figures }) => figures.timeToMerge.map((seconds) => [seconds] as const)),
  },
  {
    name: 'oompa_stage_seconds',
    type: 'histogram',
    help: 'What iterations spent at each stage.',
    buckets: SECONDS,
    samples: ({ swarms }) =>
      STAGES.flatMap((stage) =>
        swarms.flatMap(({ figures }) =>
          (figures.stages.get(stage) ?? []).map((seconds) => [seconds, { stage }] as const),
        ),
      ),
  },
  {
    name: 'oompa_agent_run_seconds',
    type: 'histogram',
    help: 'How long agents ran, by role.',
    buckets: SECONDS,
    samples: ({ swarms }) =>
      swarms.flatMap(({ figures }) =>
        [...figures.runs].flatMap(([role, all]) => all.map((seconds) => [seconds, { role }] as const)),
      ),
  },
  {
    name: 'oompa_agent_runs_total',
    type: 'counter',
    help: 'Runs of agents; result is done or failed.',
    samples: ({ swarms }) =>
      spending(swarms).flatMap(({ agent, role, runs, failed }): Sample[] => [
        [runs - failed, { agent, role, result: 'done' }],
        [failed, { agent, role, result: 'failed' }],
      ]),
  },
  {
    name: 'oompa_cost_usd_total',
    type: 'counter',
    help: 'US dollars that agents reported, or by prices where they report tokens alone.',
    samples: ({ swarms }) => spending(swarms).map(({ agent, role, costUsd }) => [costUsd, { agent, role }] as const),
  },
  {
    name: 'oompa_unpriced_runs_total',
    type: 'counter',
    help: 'Runs of which nobody knows what they cost.',
    samples: ({ swarms }) => spending(swarms).map(({ agent, role, unpriced }) => [unpriced, { agent, role }] as const),
  },
  {
    name: 'oompa_tokens_total',
    type: 'counter',
    help: 'Tokens by kind: input, output, cache_read, cache_write.',
    samples: ({ swarms }) =>
      spending(swarms).flatMap(({ agent, role, usage }): Sample[] =>
        usage
          ? [
              [usage.input, { agent, role, kind: 'input' }],
              [usage.output, { agent, role, kind: 'output' }],
              [usage.cacheRead, { agent, role, kind: 'cache_read' }],
              [usage.cacheWrite, { agent, role, kind: 'cache_write' }],
            ]
          : [],
      ),
  },
  {
    name: 'oompa_limits_reached_total',
    type: 'counter',
    help: 'Limits that were set and reached, by name.',
    samples: ({ swarms }) => labelled(swarms, 'limit', ({ limits }) => limits),
  },
]

const RUN_STATES: readonly RunState[] = ['running', 'stopped', 'crashed']
const PHASES = ['idle', ...STAGES, 'ended'] as const
const OUTCOMES = ['landed', 'done', 'nothing', 'kept', 'refused', 'failed', 'interrupted', 'waiting'] as const

/** Everything, in the text format of Prometheus. */
export function metricsText(facts: MetricsFacts): string {
  return METRICS.map((metric) => textOf(metric, facts)).join('')
}

function textOf(metric: Metric, facts: MetricsFacts): string {
  const { name, type, help, buckets = [] } = metric
  const own = { repository: facts.repository }
  const groups = new Map<string, { labels: Labels; values: number[] }>()
  for (const [value, labels = {}] of metric.samples(facts)) {
    const key = labelsText({ ...own, ...labels })
    const group = groups.get(key)
    if (group) group.values.push(value)
    else groups.set(key, { labels: { ...own, ...labels }, values: [value] })
  }
  const lines = [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`]
  for (const [key, { labels, values }] of groups) {
    const total = values.reduce((all, value) => all + value, 0)
    if (type !== 'histogram') {
      lines.push(`${name}${key} ${number(total)}`)
      continue
    }
    for (const end of [...buckets, Number.POSITIVE_INFINITY]) {
      const below = values.filter((value) => value <= end).length
      lines.push(`${name}_bucket${labelsText({ ...labels, le: number(end) })} ${below}`)
    }
    lines.push(`${name}_sum${key} ${number(total)}`, `${name}_count${key} ${values.length}`)
  }
  return `${lines.join('\n')}\n`
}

function labelsText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`)
  return `{${pairs.join(',')}}`
}

/** Agents and reasons are text of others: nothing in it may end the quotation, or the line. */
function escaped(value: string): string {
  return value
    .replaceAll('\\', '\\\\')
    .replaceAll('"', '\\"')
    .replaceAll('\n', '\\n')
    .replace(/[\x00-\x1f\x7f]/g, '\ufffd')
}

function number(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf'
  return Number.isFinite(value) ? String(value) : 'NaN'
}

function running(swarms: readonly Measured[]): Measured[] {
  return swarms.filter(({ run }) => run === 'running')
}

function sum<T>(all: readonly T[], value: (one: T) => number): number {
  return all.reduce((total, one) => total + value(one), 0)
}

function labelled(
  swarms: readonly Measured[],
  label: string,
  counts: (figures: Figures) => ReadonlyMap<string, number>,
): Sample[] {
  return swarms.flatMap(({ figures }) =>
    [...counts(figures)].map(([name, value]) => [value, { [label]: name }] as const),
  )
}

function spending(swarms: readonly Measured[]) {
  return swarms.flatMap(({ figures }) => [...figures.spending.values()])
}
