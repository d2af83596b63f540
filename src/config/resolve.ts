// Flags over environment over `oompa.json` over defaults, resolved once into what the swarm runs by. Pure.

import { usageError } from '../errors.js'
import { COMPOSED, type PlannerSettings, type Settings, type WorkerSettings } from './contract.js'
import type { Overrides } from './flags.js'
import { camelKeys } from './key-names.js'
import { overlay } from './overlay.js'
import { promptsOf, reviewerRemarks, reviewersOf } from './reviewers.js'
import { type FileConfig, type Resolved, settingsSchema } from './schema.js'
import { unknownStore } from './store-paths.js'
import { agentNamed } from './values.js'
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
  // Landing that is turned off still has a target: `oompa salvage --into` lands on request.
  const { merge, ...others } = config
  const given = { ...env, ...flags }
  const all = settingsSchema.parse(overlay(merge === false ? others : config, given))
  if (all.here && all.continue)
    throw usageError('`here` and `continue` exclude each other: without worktrees the work is there already.')
  const configuredWorkers = config.workers !== undefined
  const lanes = resolveWorkers({ flags, env, all, configuredWorkers, mixed })
  return {
    ...camelKeys(all, COMPOSED),
    dash: dashOf(all, given),
    file,
    workers: lanes.workers,
    ...(lanes.scale && { scale: lanes.scale }),
    configuredWorkers,
    fallback: all.fallback.map(agentNamed),
    planner: all.planner && plannerOf(all.planner),
    reviewers: all.needs_review ? reviewersOf(all) : [],
    merge: { ...all.merge, enabled: merge !== false },
    budget: budgetOf(all),
    ...storesOf(all, lanes.workers),
    gitHooks: all.git.hooks,
    remarks: [
      ...remarks,
      ...lanes.remarks,
      ...reviewerRemarks(all),
      ...(all.sandbox ? ['`sandbox` starts agents from a short environment; nothing confines their files yet.'] : []),
    ],
  }
}

/** @throws OompaError with status 2 for a page's options without a page, and for one that nobody would see */
function dashOf({ dash, open, port, detach }: Resolved, given: Overrides): Settings['dash'] {
  const lone = given.open ?? given.port
  if (!dash && lone) throw usageError(`${lone.source} is of the page.`, `oompa run --dash ${lone.source}`)
  if (!dash) return undefined
  if (detach) {
    throw usageError('--dash shows its link on this terminal, which --detach leaves.', 'oompa dash, beside the swarm')
  }
  return { open, port }
}

/** @throws OompaError with status 2 for one store and several, and for a worker's that is none of them */
function storesOf({ tasks: { store, stores } }: Resolved, workers: readonly WorkerSettings[]) {
  if (store && stores) {
    throw usageError('`tasks.store` says which store there is, and `tasks.stores` that there are several: keep one.')
  }
  for (const name of workers.flatMap((lane) => lane.stores ?? [])) {
    if (!stores?.includes(name)) throw unknownStore(name, stores ?? [])
  }
  return { tasksStore: store, tasksStores: stores }
}

/** Flags stand in `budget`, and win over the earlier spellings of the file. */
function budgetOf({ budget, budget_usd, budget_usd_per_day, max_minutes }: Resolved): Settings['budget'] {
  const { usd = budget_usd, minutes = max_minutes, perDay = budget_usd_per_day } = budget
  return { ...budget, usd, minutes, perDay }
}

function plannerOf(planner: NonNullable<Resolved['planner']>): PlannerSettings {
  return {
    agent: agentNamed(planner.model),
    // The repository's own, else the package's.
    prompts: promptsOf(planner.prompt ?? 'prompts/planner.md'),
    maxPending: planner.max_pending,
  }
}
