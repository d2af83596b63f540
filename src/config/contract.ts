// Everything that can be set, resolved once at start: flags over environment over `oompa.json` over defaults. The names,
// defaults and units are the schema's (`schema.ts`); here stands what is put together from several keys.

import type { AgentSpec } from '../agents/contract.js'
import type { CamelKeys } from './key-names.js'
import type { Resolved } from './schema.js'

/** One worker lane; a group with `count: 3` gives three. */
export interface WorkerSettings {
  readonly agent: AgentSpec
  readonly iterations: number
  /** Paths of prompts below the root (or absolute), joined by a blank line. */
  readonly prompts: readonly string[]
  /** May its new tasks be added? */
  readonly canPlan: boolean
  /** Writes no code: changes outside `tasks/` are kept and not landed. */
  readonly planner: boolean
  readonly waitBetweenMs: number
  readonly maxWaitForTasksMs: number
  /** Further turns in the same session when a turn ended without a signal; undefined where the person did not set it. */
  readonly maxResumes?: number
  readonly story?: string
  readonly priority?: number
  readonly role?: string
  /** Of `tasksStores`. */
  readonly stores?: readonly string[]
  /** `false`: this worker's changes are not reviewed. */
  readonly needsReview?: boolean
  /** Asked before the swarm's reviewers. */
  readonly reviewers?: readonly ReviewerSettings[]
}

/** How many lanes work: as many as the tasks want, within this. */
export interface Scale {
  readonly min: number
  readonly max: number
}

/** An agent that reads changes. */
export interface ReviewerSettings {
  readonly agent: AgentSpec
  readonly prompts: readonly string[]
}

export interface PlannerSettings extends ReviewerSettings {
  /** No planning while this many tasks are pending. */
  readonly maxPending?: number
}

export interface MergeSettings extends Readonly<Resolved['merge']> {
  /** `false` turns landing off where `workers` in `oompa.json` would turn it on. */
  readonly enabled: boolean
}

/** Keys that a setting is put together from, or that have several spellings: what comes of them stands below. */
export const COMPOSED = [
  '$schema',
  'agent',
  'budget',
  'budget_usd',
  'budget_usd_per_day',
  'dash',
  'fallback',
  'git',
  'iterations',
  'max_minutes',
  'merge',
  'open',
  'planner',
  'port',
  'prompt',
  'review_model',
  'review_models',
  'reviewer',
  'reviewers',
  'tasks',
  'workers',
] as const

/** All others stand as they are, in the names and units of the code. */
type Plain = CamelKeys<Omit<Resolved, (typeof COMPOSED)[number]>>

/** Time limits in milliseconds, with the defaults of docs/contract.md, 21. */
export type LimitSettings = Plain['limits']

/** Caps, in US dollars but for `tokens` and `minutes`: what is undefined is not capped, and 0 is 0. */
export type BudgetSettings = Readonly<Resolved['budget']>

export interface Settings extends Plain {
  /** The file that was read, absolute. */
  readonly file?: string
  readonly workers: readonly WorkerSettings[]
  /** Set where not all of the workers work all the time. */
  readonly scale?: Scale
  /** Whether `workers` stands in `oompa.json`: the earlier system, where changes land (docs/contract.md). */
  readonly configuredWorkers: boolean
  /** Who works while a worker's own agent is at a usage limit: the first that is at none. */
  readonly fallback: readonly AgentSpec[]
  readonly planner?: PlannerSettings
  /** A fallback chain; empty without a reviewer. */
  readonly reviewers: readonly ReviewerSettings[]
  readonly merge: MergeSettings
  readonly budget: BudgetSettings
  readonly tasksStore?: 'folder' | 'lists' | 'graph'
  /** Paths below the root. */
  readonly tasksStores?: readonly string[]
  readonly gitHooks: boolean
  /** The page is shown beside the swarm. */
  readonly dash?: { readonly port?: number; readonly open: boolean }
  /** What was accepted and does nothing (yet), one sentence each. */
  readonly remarks: readonly string[]
}
