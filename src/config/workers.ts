// Which workers there are: groups of `oompa.json` laid out as lanes, with the flags laid over them. Pure.

import path from 'node:path'
import { usageError } from '../errors.js'
import type { Scale, WorkerSettings } from './contract.js'
import type { Given, Overrides } from './flags.js'
import { promptsOf, reviewersOf } from './reviewers.js'
import type { Resolved } from './schema.js'
import { agentCount, agentNamed, wholeNumber } from './values.js'

type Group = Omit<Extract<Resolved['workers'], readonly unknown[]>[number], 'count'>

const DEFAULT_WORKERS = 3

interface WorkerSources {
  readonly flags: Overrides
  readonly env: Overrides
  /** With what flags and variables say of workers in each group. */
  readonly all: Resolved
  /** Whether the groups stand in `oompa.json`. */
  readonly configuredWorkers: boolean
  /** Whether `--workers` may say how many of which agent, as `oompa loop` does. */
  readonly mixed: boolean
}

/**
 * The lanes of a run, in order: the first is `w1`.
 * A number of workers (`--workers 5`, `WORKERS=5`) takes the groups' lanes in turn until there are so many, and pins it.
 */
export function resolveWorkers(sources: WorkerSources): {
  workers: WorkerSettings[]
  scale?: Scale
  remarks: string[]
} {
  const { flags, env, all, configuredWorkers, mixed } = sources
  const { workers: groups = [] } = all
  const lanes = (Array.isArray(groups) ? groups : [{ ...groups, count: groups.max }]).flatMap((group) =>
    repeat([laneOf(group, all)], group.count),
  )
  const isPinned = Array.isArray(groups) || (flags.workers ?? env.workers) !== undefined
  const wanted =
    flags.workers && mixed ? mixedLanes(flags.workers, lanes) : repeat(lanes, countOf(sources, lanes.length))
  if (!all.here || wanted.length === 1) {
    const scale = isPinned ? undefined : { min: groups.min, max: groups.max }
    return { workers: wanted, remarks: [], ...(scale && { scale }) }
  }
  if (flags.workers) throw usageError('--here is one worker in the main checkout: it does not go with --workers.')
  return {
    workers: wanted.slice(0, 1),
    remarks: configuredWorkers || env.workers ? ['With `here` there is one worker: the first one.'] : [],
  }
}

function countOf({ flags, env, configuredWorkers }: WorkerSources, configured: number): number {
  const given = flags.workers ?? env.workers
  return given ? wholeNumber(given, 1) : configuredWorkers ? configured : DEFAULT_WORKERS
}

/** `claude:5 opencode:2`, or a plain number, which is that many of the first group's. */
function mixedLanes(given: Given, lanes: readonly WorkerSettings[]): WorkerSettings[] {
  return given.values.flatMap((value) => {
    const { agent, count } = agentCount(value, given.source)
    return Array.from({ length: count }, () => ({ ...lanes[0]!, ...(agent ? { agent } : {}) }))
  })
}

function repeat<T>(lanes: readonly T[], count: number): T[] {
  return Array.from({ length: count }, (_, index) => lanes[index % lanes.length]!)
}

function laneOf(group: Group, all: Resolved): WorkerSettings {
  const prompts = promptsOf(group.prompt ?? all.prompt)
  const names = prompts.map((prompt) => path.basename(prompt))
  const planner = group.planner ?? names.includes('planner.md')
  const reviewers = reviewersOf(group)
  return {
    agent: agentNamed(group.model ?? all.agent),
    iterations: group.iterations ?? group.max_cycle ?? all.iterations,
    prompts,
    // An executor creates no tasks (the earlier system's prompt of that name says so), unless its group says otherwise.
    canPlan: group.can_plan ?? (planner || !names.includes('executor.md')),
    planner,
    waitBetweenMs: group.wait_between,
    maxWaitForTasksMs: group.max_wait_for_tasks,
    maxResumes: group.max_resumes,
    story: group.story,
    priority: group.priority,
    role: group.role,
    stores: group.stores,
    needsReview: group.needs_review ? undefined : false,
    reviewers: reviewers.length > 0 ? reviewers : undefined,
  }
}
