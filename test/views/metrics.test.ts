import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import type { OompaEvent } from '../../src/events/contract.js'
import { figuresFacts } from '../../src/views/facts.js'
import { gather, landingsPerHour, medianTimeToMerge, successRate } from '../../src/views/figures.js'
import { METRICS, type Measured, metricsText } from '../../src/views/prometheus.js'
import { startedHere, writeEvents } from '../events/folder.js'
import { at, COMMIT, SWARM, sampleEvents } from '../events/sample.js'
import { oompa, packageRoot } from '../support/oompa.js'
import { itWith } from '../support/optional.js'
import { testRepository } from '../support/repository.js'
import { type Family, parsePrometheus } from './prometheus.js'

function measured(events: readonly OompaEvent[], run: Measured['run'] = 'running'): Measured {
  const { take, state, figures } = gather(SWARM)
  for (const event of events) take(event)
  return { run, state, figures }
}

function families(...swarms: Measured[]): Map<string, Family> {
  return parsePrometheus(metricsText({ repository: 'here', version: '1.0.0', swarms }))
}

function value(of: Map<string, Family>, name: string, labels: Record<string, string> = {}): number | undefined {
  const family = of.get(name) ?? of.get(name.replace(/_(bucket|sum|count)$/, ''))
  return family?.samples.find(
    (one) => one.name === name && Object.entries(labels).every(([label, text]) => one.labels[label] === text),
  )?.value
}

test('the metrics of a swarm parse strictly, and say what its events say', () => {
  const all = families(measured(sampleEvents()))
  expect([...all.keys()]).toEqual(METRICS.map(({ name }) => name))
  expect(value(all, 'oompa_swarms', { state: 'running' })).toBe(1)
  expect(value(all, 'oompa_landings_total')).toBe(1)
  expect(value(all, 'oompa_iterations_total', { outcome: 'refused' })).toBe(1)
  expect(value(all, 'oompa_refusals_total', { reason: 'conflict' })).toBe(1)
  expect(value(all, 'oompa_refusals_total', { reason: 'review' })).toBe(1)
  expect(value(all, 'oompa_reviews_total', { verdict: 'approved' })).toBe(1)
  expect(value(all, 'oompa_review_rounds_sum')).toBe(2)
  expect(value(all, 'oompa_gate_runs_total')).toBe(1)
  expect(value(all, 'oompa_time_to_merge_seconds_sum')).toBe(11)
  expect(value(all, 'oompa_time_to_merge_seconds_bucket', { le: '5' })).toBe(0)
  expect(value(all, 'oompa_time_to_merge_seconds_bucket', { le: '15' })).toBe(1)
  expect(value(all, 'oompa_stage_seconds_sum', { stage: 'working' })).toBe(4)
  expect(value(all, 'oompa_stage_seconds_count', { stage: 'testing' })).toBe(1)
  expect(value(all, 'oompa_cost_usd_total', { agent: 'claude:opus', role: 'author' })).toBe(0.25)
  expect(value(all, 'oompa_tokens_total', { agent: 'claude:opus', kind: 'input' })).toBe(10)
  expect(value(all, 'oompa_unpriced_runs_total', { agent: 'codex:o3' })).toBe(1)
})

itWith('promtool')('Prometheus reads them itself, whatever an agent is called', () => {
  const agent = 'command:a"b\\c\n{d="e"} 1'
  const events = sampleEvents().map((event) => (event.type === 'agent.ended' ? { ...event, agent } : event))
  const text = metricsText({ repository: 'a "b"\n# c', version: '1.0.0', swarms: [measured(events)], wanted: 3 })
  const checked = spawnSync('promtool', ['check', 'metrics'], { input: text, encoding: 'utf8' })
  expect([checked.status, checked.stdout, checked.stderr]).toEqual([0, '', ''])
  const broken = spawnSync('promtool', ['check', 'metrics'], { input: `${text}a b c\n`, encoding: 'utf8' })
  expect(broken.status).not.toBe(0)
})

test('two swarms count together, and only those that run have workers and a queue', () => {
  const waiting = [...sampleEvents(), at(21, { type: 'landing.queued', worker: 'w1', branch: 'b', position: 1 })]
  const all = families(measured(waiting), measured(waiting, 'stopped'))
  expect(value(all, 'oompa_landings_total')).toBe(2)
  expect(value(all, 'oompa_time_to_merge_seconds_count')).toBe(2)
  expect(value(all, 'oompa_queue_depth')).toBe(1)
  expect(value(all, 'oompa_workers', { state: 'queued' })).toBe(1)
})

test('whatever an agent is called, and a refusal says, the text parses and says it', () => {
  const hostile = 'a"\\\n} 1\n# TYPE x counter\u0000\u007f'
  const all = families(
    measured([
      ...sampleEvents(),
      at(30, { type: 'landing.refused', worker: 'w1', branch: 'b', reason: hostile, feedback: '' }),
      at(31, { type: 'agent.ended', agent: hostile, role: 'author', attempt: 1, status: 0, durationMs: 1 }),
    ]),
  )
  const shown = hostile.replace(/[\u0000\u007f]/g, '\ufffd')
  expect(value(all, 'oompa_refusals_total', { reason: shown })).toBe(1)
  expect(value(all, 'oompa_agent_runs_total', { agent: shown, result: 'done' })).toBe(1)
})

test('without a swarm every metric is there, and parses', () => {
  expect([...families().keys()]).toEqual(METRICS.map(({ name }) => name))
})

test('a change that waited for a person merged when it landed, and not in the iteration after it', () => {
  const events = [
    ...sampleEvents().slice(0, 2),
    at(5, { type: 'iteration.ended', worker: 'w1', iteration: 1, outcome: 'waiting' }),
    at(10, { type: 'iteration.started', worker: 'w1', iteration: 2 }),
    at(61, { type: 'landing.landed', worker: 'w1', iteration: 1, branch: 'b', into: 'main', commit: COMMIT }),
  ]
  const { figures, state } = measured(events)
  expect(figures.timeToMerge).toEqual([60])
  expect(medianTimeToMerge(state)).toBe(60_000)
  expect(successRate(state)).toBe(1)
  expect(landingsPerHour(state, state.lastAt)).toBeCloseTo(3600 / 61)
})

test('the figures as JSON say rate, time to merge and who cost what', () => {
  expect(figuresFacts(measured(sampleEvents()))).toMatchObject({
    successRate: 0.5,
    timeToMerge: { count: 1, median: 11 },
    costUsd: 0.25,
    costOfRefusedUsd: 0,
    spending: {
      worker: { w1: { runs: 1, costUsd: 0.25 }, w2: { runs: 1, unpriced: 1 } },
      task: { 't-1': { costUsd: 0.25 } },
    },
  })
})

test('oompa metrics prints what all swarms came to, or one, or JSON; view has the same figures', async () => {
  const { root, env } = testRepository()
  const events = (swarm: string) => [
    startedHere(0, swarm),
    ...sampleEvents()
      .slice(1)
      .map((event) => ({ ...event, swarm })),
  ]
  for (const swarm of ['aaaa0001', 'bbbb0002']) writeEvents(root, swarm, events(swarm))
  const run = (...args: string[]) => oompa(args, { cwd: root, env })
  const all = await run('metrics')
  expect(value(parsePrometheus(all.stdout), 'oompa_landings_total')).toBe(2)
  expect(value(parsePrometheus(all.stdout), 'oompa_landings_total', { repository: path.basename(root) })).toBe(2)
  const one = await run('metrics', 'bbbb')
  expect(value(parsePrometheus(one.stdout), 'oompa_landings_total')).toBe(1)
  const [facts] = JSON.parse((await run('metrics', 'aaaa', '--json')).stdout)
  expect(facts).toMatchObject({ swarm: 'aaaa0001', state: 'running', successRate: 0.5 })
  const { swarm: _, state: __, ...figures } = facts
  expect(JSON.parse((await run('view', 'aaaa', '--json')).stdout).figures).toEqual(figures)
})

test('the dashboard for Grafana asks for metrics that there are, and the documentation names all of them', () => {
  const series = METRICS.flatMap(({ name, type }) =>
    type === 'histogram' ? ['_bucket', '_sum', '_count'].map((end) => `${name}${end}`) : [name],
  )
  const board = JSON.parse(readFileSync(path.join(packageRoot, 'docs/grafana.json'), 'utf8'))
  const asked: string[] = board.panels.flatMap((panel: { targets?: { expr: string }[] }) =>
    (panel.targets ?? []).flatMap(({ expr }) => expr.match(/oompa_\w+/g) ?? []),
  )
  expect(asked.length).toBeGreaterThan(10)
  expect(asked.filter((name) => !series.includes(name))).toEqual([])
  const ids = board.panels.map(({ id }: { id: number }) => id)
  expect(new Set(ids).size).toBe(ids.length)
  const described = readFileSync(path.join(packageRoot, 'docs/metrics.md'), 'utf8').match(/^\| `(oompa_\w+)`/gm) ?? []
  expect(described.map((row) => row.slice(3, -1))).toEqual(METRICS.map(({ name }) => name))
})
