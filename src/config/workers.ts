// Which workers there are: groups of `oompa.json` laid out as lanes, with the flags laid over them. Pure.

import path from 'node:path'
import type { AgentSpec } from '../agents/contract.js'
import { usageError } from '../errors.js'
import type { WorkerSettings } from './contract.js'
import { durationMs } from './duration.js'
import type { Given, Overrides } from './flags.js'
import { promptsOf, reviewersOf } from './reviewers.js'
import type { FileConfig } from './schema.js'
import { agentCount, agentNamed, agentOf, durationOf, nonEmpty, wholeNumber } from './values.js'

type Group = NonNullable<FileConfig['workers']>[number]

const DEFAULT_WORKERS = 3
const DEFAULT_ITERATIONS = 5
const DEFAULT_PROMPT = 'prompts/worker.md'

interface WorkerSources {
  readonly flags: Overrides
  readonly env: Overrides
  readonly config: FileConfig
  readonly here: boolean
  /** Whether `--workers` may say how many of which agent, as `oompa loop` does. */
  readonly mixed: boolean
}

/**
 * The lanes of a run, in order: the first is `w1`.
 * A number of workers (`--workers 5`, `WORKERS=5`) takes the groups' lanes in turn until there are so many.
 */
export function resolveWorkers(sources: WorkerSources): { workers: WorkerSettings[]; remarks: string[] } {
  const { flags, env, config, here, mixed } = sources
  const lanes = (config.workers ?? [{}]).flatMap((group) => {
    const lane = laneOf(group, config, sources)
    return Array.from({ length: config.workers ? (group.count ?? 1) : 1 }, () => lane)
  })
  const wanted =
    flags.workers && mixed ? mixedLanes(flags.workers, lanes) : repeat(lanes, countOf(sources, lanes.length))
  if (!here || wanted.length === 1) return { workers: wanted, remarks: [] }
  if (flags.workers) throw usageError('--here is one worker in the main checkout: it does not go with --workers.')
  return {
    workers: wanted.slice(0, 1),
    remarks: config.workers || env.workers ? ['With `here` there is one worker: the first one.'] : [],
  }
}

function countOf({ flags, env, config }: WorkerSources, configured: number): number {
  const given = flags.workers ?? env.workers
  return given ? wholeNumber(given, 1) : config.workers ? configured : DEFAULT_WORKERS
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

function laneOf(group: Group, config: FileConfig, { flags, env }: WorkerSources): WorkerSettings {
  const given = { ...env, ...flags }
  const prompts = given.prompt
    ? given.prompt.values.map((value) => nonEmpty({ values: [value], source: given.prompt!.source }))
    : promptsOf(group.prompt ?? config.prompt ?? DEFAULT_PROMPT)
  const names = prompts.map((prompt) => path.basename(prompt))
  const planner = group.planner ?? names.includes('planner.md')
  const maxResumes = given['max-resumes'] ? wholeNumber(given['max-resumes'], 0) : group.max_resumes
  const story = given.story ? nonEmpty(given.story) : group.story
  const reviewers = reviewersOf(group)
  return {
    agent: given.agent ? agentOf(given.agent) : defaultAgent(group, config),
    iterations: given.iterations
      ? wholeNumber(given.iterations, 1)
      : (group.iterations ?? group.max_cycle ?? config.iterations ?? DEFAULT_ITERATIONS),
    prompts,
    // An executor creates no tasks (the earlier system's prompt of that name says so), unless its group says otherwise.
    canPlan: group.can_plan ?? (planner || !names.includes('executor.md')),
    planner,
    waitBetweenMs: given['wait-between'] ? durationOf(given['wait-between']) : durationMs(group.wait_between ?? 0),
    maxWaitForTasksMs: given['max-wait-for-tasks']
      ? durationOf(given['max-wait-for-tasks'])
      : durationMs(group.max_wait_for_tasks ?? 600),
    ...(maxResumes === undefined ? {} : { maxResumes }),
    ...(story ? { story } : {}),
    ...(group.priority === undefined ? {} : { priority: group.priority }),
    ...(group.role ? { role: group.role } : {}),
    ...(group.needs_review === false ? { needsReview: false } : {}),
    ...(reviewers.length > 0 ? { reviewers } : {}),
  }
}

function defaultAgent(group: Group, config: FileConfig): AgentSpec {
  return agentNamed(group.model ?? config.agent ?? 'claude')
}
