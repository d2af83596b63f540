// Flags over environment over `oompa.json` over defaults, resolved once into what the swarm runs by. Pure.

import { usageError } from '../errors.js'
import type { LimitSettings, PlannerSettings, Settings } from './contract.js'
import { durationMs } from './duration.js'
import type { Overrides } from './flags.js'
import { promptsOf, reviewerRemarks, reviewersOf } from './reviewers.js'
import type { FileConfig } from './schema.js'
import { agentNamed, amount, durationOf, nonEmpty, truth, wholeNumber, word } from './values.js'
import { resolveWorkers } from './workers.js'

export interface Sources {
  readonly flags: Overrides
  readonly env: Overrides
  readonly config?: FileConfig
  /** The file that `config` came from, absolute. */
  readonly file?: string
  readonly remarks?: readonly string[]
  /** Whether `--workers` may say how many of which agent, as `oompa loop` does. */
  readonly mixed?: boolean
}

/**
 * Everything that can be set.
 * @throws OompaError with status 2, naming the flag or variable and what it must be
 */
export function resolveSettings({ flags, env, config = {}, file, remarks = [], mixed = false }: Sources): Settings {
  const given = { ...env, ...flags }
  const here = given.here ? truth(given.here) : (config.here ?? false)
  const { workers, remarks: workerRemarks } = resolveWorkers({ flags, env, config, here, mixed })
  const budgetUsd = given['budget-usd'] ? amount(given['budget-usd']) : config.budget_usd
  const perDay = given['budget-usd-per-day'] ? amount(given['budget-usd-per-day']) : config.budget_usd_per_day
  const maxMinutes = given['max-minutes'] ? amount(given['max-minutes']) : config.max_minutes
  const sandbox = given.sandbox ? truth(given.sandbox) : (config.sandbox ?? false)
  const tasksStore = given.store ? word(given.store, ['folder', 'lists', 'graph']) : config.tasks?.store
  const continued = given.continue ? truth(given.continue) : (config.continue ?? false)
  if (here && continued)
    throw usageError('`here` and `continue` exclude each other: without worktrees the work is there already.')
  const dash = dashOf(given)
  return {
    ...(file ? { file } : {}),
    workers,
    configuredWorkers: config.workers !== undefined,
    ...(config.planner ? { planner: plannerOf(config.planner) } : {}),
    reviewers: config.needs_review === false ? [] : reviewersOf(config),
    reviewRounds: config.review_rounds ?? 3,
    needsReview: config.needs_review ?? true,
    testFirst: config.test_first ?? false,
    autoMergePaths: config.auto_merge_paths ?? ['tasks/'],
    merge: {
      ...mergeOf(config),
      ...(given.into ? { into: nonEmpty(given.into) } : {}),
    },
    ...(tasksStore ? { tasksStore } : {}),
    here,
    continue: continued,
    keepWorktrees: given['keep-worktrees'] ? truth(given['keep-worktrees']) : (config.keep_worktrees ?? false),
    permissions: given.permissions ? word(given.permissions, ['inherit', 'bypass']) : (config.permissions ?? 'inherit'),
    ...(budgetUsd === undefined ? {} : { budgetUsd }),
    ...(perDay === undefined ? {} : { budgetUsdPerDay: perDay }),
    ...(maxMinutes === undefined ? {} : { maxMinutes }),
    noProgress: given['no-progress'] ? wholeNumber(given['no-progress'], 0) : (config.no_progress ?? 3),
    prices: pricesOf(config),
    limits: {
      ...limitsOf(config.limits),
      ...(given.idle ? { idleMs: durationOf(given.idle) } : {}),
      ...(given['iteration-limit'] ? { iterationMs: durationOf(given['iteration-limit']) } : {}),
    },
    ...(config.env ? { env: config.env } : {}),
    sandbox,
    gitHooks: config.git?.hooks ?? false,
    probe: given.probe ? truth(given.probe) : (config.probe ?? true),
    ports: { from: config.ports?.from ?? 20_000, block: config.ports?.block ?? 20 },
    logs: {
      mostBytes: (config.logs?.max_mb ?? 64) * 1_000_000,
      keepMs: (config.logs?.keep_days ?? 30) * 86_400_000,
    },
    backoff: {
      firstMs: durationMs(config.backoff?.first ?? '60s'),
      maxMs: durationMs(config.backoff?.max ?? '10m'),
      failures: config.backoff?.failures ?? 5,
      brake: config.backoff?.brake ?? 3,
    },
    detach: given.detach ? truth(given.detach) : false,
    ...(dash ? { dash } : {}),
    dryRun: given['dry-run'] ? truth(given['dry-run']) : false,
    json: given.json ? truth(given.json) : false,
    remarks: [
      ...remarks,
      ...workerRemarks,
      ...reviewerRemarks(config),
      ...(sandbox ? ['`sandbox` starts agents from a short environment; nothing confines their files yet.'] : []),
    ],
  }
}

/** @throws OompaError with status 2 for a page's options without a page, and for one that nobody would see */
function dashOf(given: Overrides): Settings['dash'] {
  const wanted = given.dash !== undefined && truth(given.dash)
  const lone = given.open ?? given.port
  if (!wanted && lone) throw usageError(`${lone.source} is of the page.`, `oompa run --dash ${lone.source}`)
  if (!wanted) return undefined
  if (given.detach && truth(given.detach)) {
    throw usageError('--dash shows its link on this terminal, which --detach leaves.', 'oompa dash, beside the swarm')
  }
  return {
    open: given.open !== undefined && truth(given.open),
    ...(given.port ? { port: wholeNumber(given.port, 0) } : {}),
  }
}

function plannerOf(planner: NonNullable<FileConfig['planner']>): PlannerSettings {
  return {
    agent: agentNamed(planner.model),
    // The repository's own, else the package's.
    prompts: promptsOf(planner.prompt ?? 'prompts/planner.md'),
    maxPending: planner.max_pending ?? 10,
  }
}

function mergeOf(config: FileConfig): Settings['merge'] {
  const merge = config.merge === false ? {} : (config.merge ?? {})
  return {
    enabled: config.merge !== false,
    ...(merge.into ? { into: merge.into } : {}),
    ...(merge.test ? { test: merge.test } : {}),
    strategy: merge.strategy ?? 'merge',
    ...(merge.moved ? { moved: merge.moved } : {}),
    push: merge.push ?? false,
    ...(merge.batch === undefined ? {} : { batch: merge.batch }),
  }
}

function pricesOf(config: FileConfig): Settings['prices'] {
  return Object.fromEntries(
    Object.entries(config.prices ?? {}).map(([model, price]) => [
      model,
      {
        input: price.input,
        output: price.output,
        ...(price.cache_read === undefined ? {} : { cacheRead: price.cache_read }),
        ...(price.cache_write === undefined ? {} : { cacheWrite: price.cache_write }),
      },
    ]),
  )
}

function limitsOf(limits: FileConfig['limits'] = {}): LimitSettings {
  return {
    idleMs: durationMs(limits.idle ?? '15m'),
    iterationMs: durationMs(limits.iteration ?? '2h'),
    graceMs: durationMs(limits.grace ?? '30s'),
    hookMs: durationMs(limits.hook ?? '10m'),
    testMs: durationMs(limits.test ?? '30m'),
    remoteMs: durationMs(limits.remote ?? '2m'),
    heartbeatMs: durationMs(limits.heartbeat ?? '30s'),
    leaseMs: durationMs(limits.lease ?? '15m'),
  }
}
