// What a swarm has from level 2 on: a queue that lands, reviewers, the tasks, and a guard over the target.

import type { Settings, WorkerSettings } from '../config/contract.js'
import type { Hooks, MergeHook, ReviewHook } from '../hooks/contract.js'
import { mergeQueue } from '../merge/queue.js'
import { reviewersFromSettings } from '../review/configured.js'
import type { Swarm } from './contract.js'
import { openTasks } from './tasks.js'

export interface LandingParts {
  readonly hooks: Hooks
  readonly reviewers: Swarm['reviewers']
  readonly store: Swarm['store']
  readonly guard: Swarm['guard']
  readonly drain: Swarm['drain']
}

/** Who reads a worker's changes: `hooks/review`, else the reviewers of `oompa.json`, the worker's own first. */
async function reviewHooks(root: string, hooks: Pick<Hooks, 'review'>, settings: Settings): Promise<LandingParts['reviewers']> {
  const byWorker = new Map<WorkerSettings, readonly ReviewHook[]>()
  for (const lane of settings.workers) {
    const configured = hooks.review.length > 0 ? undefined : reviewersFromSettings(settings, lane)
    await configured?.prepare?.(root)
    byWorker.set(lane, configured ? [configured] : hooks.review)
  }
  return (lane) => byWorker.get(lane) ?? hooks.review
}

export async function landingParts(facts: {
  readonly repository: Swarm['repository']
  readonly settings: Settings
  readonly hooks: Hooks
  readonly into?: string
}): Promise<LandingParts> {
  const { repository, settings, hooks } = facts
  const { root } = repository
  return {
    hooks: { ...hooks, merge: mergeHookOf(hooks, settings) },
    reviewers: await reviewHooks(root, hooks, settings),
    store: await openTasks(root, settings, hooks),
    guard: async () => ({}),
    drain: async () => {},
  }
}

/** The person's merge hook, else the queue that the settings describe; undefined where landing is turned off. */
function mergeHookOf(hooks: Pick<Hooks, 'merge'>, settings: Settings): MergeHook | undefined {
  if (hooks.merge) return hooks.merge
  if (!settings.merge.enabled) return undefined
  const { enabled: _, ...options } = settings.merge
  return mergeQueue(options)
}
