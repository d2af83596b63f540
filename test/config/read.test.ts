// Every key of `oompa.json` does something: it changes a setting, and something outside src/config reads that setting.

import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { checkConfig } from '../../src/config/file.js'
import { keysAt } from '../../src/config/jsonSchema.js'
import { resolveSettings } from '../../src/config/resolve.js'
import type { FileConfig } from '../../src/config/schema.js'
import { packageRoot } from '../support/oompa.js'

const worker = { model: 'codex:o3' }
/** What a worker's own are of. */
const tasks = { stores: ['tasks/api'] }

/** Keys of a worker, each with a value that is not what it is without. */
const ofWorker: Readonly<Record<string, Extract<FileConfig['workers'], readonly unknown[]>[number]>> = {
  model: { model: 'codex' },
  count: { count: 2 },
  iterations: { iterations: 9 },
  max_cycle: { max_cycle: 9 },
  prompt: { prompt: 'other.md' },
  can_plan: { can_plan: false },
  planner: { planner: true },
  wait_between: { wait_between: 7 },
  max_wait_for_tasks: { max_wait_for_tasks: 7 },
  max_resumes: { max_resumes: 3 },
  story: { story: 'login' },
  priority: { priority: 1 },
  role: { role: 'tester' },
  stores: { stores: ['tasks/api'] },
  review_model: { review_model: 'codex' },
  review_models: { review_models: ['codex'] },
  reviewer: { reviewer: 'codex' },
  reviewers: { reviewers: ['codex'] },
  needs_review: { needs_review: false },
}

/** Each key with a value that is not what it is without: `config` on top of `without`. */
const cases: Readonly<Record<string, { config: FileConfig; without?: FileConfig }>> = {
  workers: { config: { workers: [worker] } },
  'workers.min': { config: { workers: { min: 2, max: 3 } }, without: { workers: { max: 3 } } },
  'workers.max': { config: { workers: { max: 4 } }, without: { workers: { max: 3 } } },
  ...Object.fromEntries(
    Object.entries(ofWorker)
      .filter(([key]) => key !== 'count')
      .map(([key, one]) => [
        `workers.${key}`,
        {
          config: { tasks, workers: { max: 2, ...worker, ...one } },
          without: { tasks, workers: { max: 2, ...worker } },
        },
      ]),
  ),
  agent: { config: { agent: 'codex' } },
  iterations: { config: { iterations: 9 } },
  fallback: { config: { fallback: ['codex'] } },
  prompt: { config: { prompt: 'prompts/other.md' } },
  review_model: { config: { review_model: 'codex' } },
  review_models: { config: { review_models: ['codex'] } },
  reviewer: { config: { reviewer: { model: 'codex', prompt: 'r.md' } } },
  reviewers: { config: { reviewers: ['codex'] } },
  needs_review: { config: { needs_review: false } },
  review_rounds: { config: { review_rounds: 5 } },
  test_first: { config: { test_first: true } },
  auto_merge_paths: { config: { auto_merge_paths: ['docs/'] } },
  planner: { config: { planner: { model: 'codex' } } },
  'planner.model': { config: { planner: { model: 'codex' } }, without: { planner: { model: 'claude' } } },
  'planner.prompt': {
    config: { planner: { model: 'codex', prompt: 'p.md' } },
    without: { planner: { model: 'codex' } },
  },
  'planner.max_pending': {
    config: { planner: { model: 'codex', max_pending: 3 } },
    without: { planner: { model: 'codex' } },
  },
  merge: { config: { merge: false } },
  'merge.into': { config: { merge: { into: 'next' } } },
  'merge.test': { config: { merge: { test: 'make test' } } },
  'merge.strategy': { config: { merge: { strategy: 'squash' } } },
  'merge.push': { config: { merge: { push: true } } },
  'merge.cost': { config: { merge: { cost: true } } },
  'merge.batch': { config: { merge: { batch: 4 } } },
  'merge.moved': { config: { merge: { moved: 'stop' } } },
  tasks: { config: { tasks: { store: 'lists' } } },
  'tasks.store': { config: { tasks: { store: 'lists' } } },
  'tasks.stores': { config: { tasks: { stores: ['tasks/api', 'task-graph.yaml'] } } },
  here: { config: { here: true } },
  continue: { config: { continue: true } },
  keep_worktrees: { config: { keep_worktrees: true } },
  permissions: { config: { permissions: 'bypass' } },
  budget: { config: { budget: { usd: 7 } } },
  ...Object.fromEntries(keysAt(['budget']).map((key) => [`budget.${key}`, { config: { budget: { [key]: 7 } } }])),
  budget_usd: { config: { budget_usd: 7 } },
  budget_usd_per_day: { config: { budget_usd_per_day: 7 } },
  max_minutes: { config: { max_minutes: 7 } },
  no_progress: { config: { no_progress: 7 } },
  prices: { config: { prices: { codex: { input: 1, output: 2, cache_read: 3, cache_write: 4 } } } },
  env: { config: { env: ['PATH'] } },
  sandbox: { config: { sandbox: true } },
  git: { config: { git: { hooks: true } } },
  'git.hooks': { config: { git: { hooks: true } } },
  probe: { config: { probe: false } },
  ports: { config: { ports: { from: 30_000 } } },
  'ports.from': { config: { ports: { from: 30_000 } } },
  'ports.block': { config: { ports: { block: 7 } } },
  backoff: { config: { backoff: { first: 7 } } },
  'backoff.first': { config: { backoff: { first: 7 } } },
  'backoff.max': { config: { backoff: { max: 7 } } },
  'backoff.failures': { config: { backoff: { failures: 7 } } },
  'backoff.brake': { config: { backoff: { brake: 7 } } },
  logs: { config: { logs: { keep_days: 7 } } },
  'logs.keep_days': { config: { logs: { keep_days: 7 } } },
  'logs.max_mb': { config: { logs: { max_mb: 7 } } },
  limits: { config: { limits: { idle: 7 } } },
  ...Object.fromEntries(keysAt(['limits']).map((key) => [`limits.${key}`, { config: { limits: { [key]: 7 } } }])),
}

const resolved = (config: FileConfig) =>
  flat(resolveSettings({ flags: {}, env: {}, config: checkConfig(JSON.stringify(config), 'x').config }))

/** Every value with its path. */
function flat(value: unknown, at = ''): Map<string, unknown> {
  if (typeof value !== 'object' || value === null) return new Map([[at, value]])
  return new Map([
    [at, Array.isArray(value) ? value.length : 'object'],
    ...Object.entries(value).flatMap(([key, one]) => [...flat(one, `${at}.${key}`)]),
  ])
}

/** The names of settings in which two configurations differ: the last part of each path that is no index. */
function changed(config: FileConfig, without: FileConfig = {}): string[] {
  const [before, after] = [resolved(without), resolved(config)]
  const paths = [...new Set([...before.keys(), ...after.keys()])].filter((one) => before.get(one) !== after.get(one))
  return [...new Set(paths.map((one) => one.split('.').findLast((part) => part !== '' && !/^\d+$/.test(part)) ?? ''))]
}

/** All code outside src/config, comments left out. */
const code = sources(path.join(packageRoot, 'src'))
  .filter((file) => !file.startsWith(path.join(packageRoot, 'src/config')))
  .map((file) => readFileSync(file, 'utf8').replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, ''))
  .join('\n')

function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const full = path.join(folder, entry.name)
    return entry.isDirectory() ? sources(full) : entry.name.endsWith('.ts') ? [full] : []
  })
}

const isRead = (setting: string) => new RegExp(`[.{,(\\s]${setting}\\b`).test(code)

describe('every key of oompa.json', () => {
  test('has its case here', () => {
    const keys = keysAt([]).flatMap((key) => [key, ...keysAt([key]).map((one) => `${key}.${one}`)])
    // A reviewer has the keys of every reviewer; `$schema` is for editors.
    const wanted = keys.filter((key) => key !== '$schema' && !/^reviewers?\./.test(key))
    expect(Object.keys(cases).sort()).toEqual([...new Set(wanted)].sort())
    expect(Object.keys(ofWorker).sort()).toEqual([...new Set(keysAt(['workers', 0]))].sort())
  })

  test.each(Object.entries(cases))('%s changes a setting, which something reads', (_key, { config, without }) => {
    const settings = changed(config, without)
    expect(settings).not.toEqual([])
    expect(settings.filter((setting) => !isRead(setting))).toEqual([])
  })

  test.each(Object.entries(ofWorker))('%s of a worker changes a setting, which something reads', (_key, one) => {
    const settings = changed({ tasks, workers: [{ ...worker, ...one }] }, { tasks, workers: [worker] })
    expect(settings).not.toEqual([])
    expect(settings.filter((setting) => !isRead(setting))).toEqual([])
  })
})
