// What a swarm has from level 2 on: a queue that lands, reviewers, the tasks, and a guard over the target.

import type { Settings, WorkerSettings } from '../config/contract.js'
import type { Emit } from '../events/contract.js'
import type { Hooks, MergeHook, ReviewHook } from '../hooks/contract.js'
import type { MergeOptions } from '../merge/contract.js'
import { landEdits } from '../merge/edits.js'
import { guardEnvironment, removeGuards } from '../merge/guard.js'
import { mergeQueue } from '../merge/queue.js'
import { commandRunner } from '../processes/commandRunner.js'
import { reviewersFromSettings } from '../review/configured.js'
import type { ReviewerFacts } from '../review/contract.js'
import { roundsOf } from '../review/rounds.js'
import type { TaskStore } from '../tasks/contract.js'
import type { Swarm } from './contract.js'
import type { Stopping } from './stop.js'
import { watchTarget } from './target.js'
import { openTasks } from './tasks.js'

export interface LandingParts {
  readonly hooks: Hooks
  readonly reviewers: Swarm['reviewers']
  readonly rounds: Swarm['rounds']
  readonly store: Swarm['store']
  readonly guard: Swarm['guard']
  readonly bypassed: Swarm['bypassed']
  readonly drain: Swarm['drain']
}

/** Who reads a worker's changes: `hooks/review`, else the reviewers of `oompa.json`, the worker's own first. */
async function reviewHooks(
  root: string,
  hooks: Pick<Hooks, 'review'>,
  settings: Settings,
): Promise<LandingParts['reviewers']> {
  const byWorker = new Map<WorkerSettings, readonly (ReviewHook & ReviewerFacts)[]>()
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
  readonly into: string
  readonly emit: Emit
  readonly id: string
  readonly stopping: Stopping
}): Promise<LandingParts> {
  const { repository, settings, hooks, id, emit, into } = facts
  const { root } = repository
  const target = await watchTarget(root, into, facts.stopping, emit)
  const store = await openTasks(root, settings, hooks)
  const reviewers = await reviewHooks(root, hooks, settings)
  const merge = mergeHookOf(hooks, settings)
  return {
    hooks: { ...hooks, merge },
    reviewers,
    rounds: (lane) => roundsOf(reviewers(lane), settings),
    store,
    guard: ({ branch }) => guardEnvironment({ root, swarm: id, into, branch }),
    bypassed: () => target.bypassed(),
    async drain() {
      await drainTasks({ root, emit }, store, into, merge)
      removeGuards(root, id)
    },
  }
}

/** Notes of tasks, and tasks that were added, which no landing carried: one commit when the swarm drains. */
async function drainTasks(
  { root, emit }: { readonly root: string; readonly emit: Emit },
  store: TaskStore | undefined,
  into: string,
  merge: MergeHook | undefined,
): Promise<void> {
  const { tracked } = store ?? {}
  if (!tracked) return
  const options: MergeOptions = merge && 'options' in merge ? (merge.options as MergeOptions) : {}
  const context = { root, emit, run: commandRunner(root), env: {}, signal: new AbortController().signal }
  const edits = () => tracked.drain(into)
  const landed = await landEdits(context, { into, message: 'Notes of tasks', options, edits })
  if (landed && 'why' in landed)
    emit({ type: 'note', level: 'warning', text: `Notes of tasks are not committed: ${landed.why}.` })
}

/** The person's merge hook, else the queue that the settings describe; undefined where landing is turned off. */
function mergeHookOf(hooks: Pick<Hooks, 'merge'>, settings: Settings): MergeHook | undefined {
  if (hooks.merge) return hooks.merge
  if (!settings.merge.enabled) return undefined
  const { enabled: _, ...options } = settings.merge
  return mergeQueue(options)
}
