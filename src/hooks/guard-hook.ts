// Keeps a hook that throws, hangs or answers nonsense from ending more than its own step (docs/hooks.md, *When a hook fails*).
// One that is ended with the swarm has not failed: the guard throws the reason of the signal, and its step is interrupted.

import type { z } from 'zod'
import { messageOf, OompaError } from '../errors.js'
import type { NewEvent } from '../events/contract.js'
import { inShell } from '../processes/zx.js'
import type { Verdict } from '../words.js'
import type {
  ApproveHook,
  EventHook,
  HookContext,
  MergeHook,
  ReviewHook,
  WorktreeHook,
  WorktreeSetup,
} from './contract.js'
import { answers, describe, EXPECTED } from './validate.js'

/** What a guard knows of a hook. */
export interface Guarded {
  /** As the person knows it: `hooks/review.ts`. */
  readonly name: string
  /** Milliseconds; undefined for none. */
  readonly limitMs: number | undefined
  /** Where and why it threw, in one line. */
  readonly explain: (error: unknown) => string
}

/**
 * The result of `work`, or an error when it takes longer. What it started goes on until its own limits end it, but
 * nobody waits for it.
 * @throws OompaError `hook-timeout`
 */
export async function withinTime<T>(name: string, limitMs: number | undefined, work: () => T | Promise<T>): Promise<T> {
  if (limitMs === undefined) return work()
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const seconds = Math.round(limitMs / 1000)
      reject(
        new OompaError({
          code: 'hook-timeout',
          message: `${name} took longer than its time limit of ${seconds < 120 ? `${seconds} s` : `${Math.round(seconds / 60)} min`}.`,
          mend: 'Give it more time in oompa.json: { "limits": { "hook": "20m" } }',
        }),
      )
    }, limitMs)
  })
  try {
    return await Promise.race([work(), late])
  } finally {
    clearTimeout(timer)
  }
}

/** One line for the log and the feedback. */
function reasonOf(guarded: Guarded, error: unknown): string {
  return error instanceof OompaError ? error.message : guarded.explain(error)
}

function failed(guarded: Guarded, reason: string, context: HookContext): NewEvent {
  return {
    type: 'hook.failed',
    hook: guarded.name,
    reason,
    worker: context.worker,
    iteration: context.iteration,
    ...(context.task ? { task: context.task.id } : {}),
  }
}

/**
 * A hook that judges a change: what it answers is read by its schema, and `otherwise` is the answer of one that failed.
 * @throws the reason of the context's signal, if that is why it failed
 */
function judging<Subject, Context extends HookContext, Answer>(
  kind: keyof typeof answers,
  hook: (subject: Subject, context: Context) => unknown,
  guarded: Guarded,
  schema: z.ZodType<Answer>,
  otherwise: (reason: string) => Answer,
) {
  return async (subject: Subject, context: Context): Promise<Answer> => {
    try {
      const work = () => inShell(context.$, () => hook(subject, context))
      const answer = await withinTime(guarded.name, guarded.limitMs, work)
      const read = schema.safeParse(answer)
      if (read.success) return read.data
      throw new OompaError({
        code: 'hook-answer',
        message: `${guarded.name} answered ${describe(answer)}; it has to be ${EXPECTED[kind]}.`,
      })
    } catch (error) {
      context.signal.throwIfAborted()
      const reason = reasonOf(guarded, error)
      context.emit(failed(guarded, reason, context))
      return otherwise(reason)
    }
  }
}

/** A reviewer that fails has not reviewed: neither yes nor no. */
export function guardReview(hook: (...args: Parameters<ReviewHook>) => unknown, guarded: Guarded): ReviewHook {
  const by = guarded.name
  const judge = judging(
    'review',
    hook,
    guarded,
    answers.review,
    (feedback): Verdict => ({ approved: 'unavailable', feedback }),
  )
  return async (change, context) => {
    const verdict = await judge(change, context)
    return { ...verdict, by: verdict.by ?? by }
  }
}

/** A merge hook that fails has not landed: the work is kept, and the author has nothing to mend. */
export function guardMerge(hook: (...args: Parameters<MergeHook>) => unknown, guarded: Guarded): MergeHook {
  return judging('merge', hook, guarded, answers.merge, (feedback) => ({ refused: 'policy', final: true, feedback }))
}

/** An approve hook that fails has not approved: the change waits for a person. */
export function guardApprove(hook: (...args: Parameters<ApproveHook>) => unknown, guarded: Guarded): ApproveHook {
  const wait = (reason: string) => ({ wait: `${guarded.name} could not judge: ${reason}` })
  return judging('approve', hook, guarded, answers.approve, wait)
}

/** A worktree that could not be set up fails that iteration: no agent is started in it. */
export function guardWorktree(hook: (...args: Parameters<WorktreeHook>) => unknown, guarded: Guarded): WorktreeSetup {
  return async (worktree, context) => {
    try {
      const given = { ...worktree, $: context.$({ cwd: worktree.path }) }
      await withinTime(guarded.name, guarded.limitMs, () => inShell(given.$, () => hook(given, context)))
    } catch (error) {
      context.signal.throwIfAborted()
      const reason = reasonOf(guarded, error)
      context.emit(failed(guarded, reason, context))
      if (error instanceof OompaError) throw error
      throw new OompaError({ code: 'hook-failed', message: `Setting up ${worktree.name}: ${reason}`, cause: error })
    }
  }
}

/** An event hook that fails is said, and nothing waits for it. */
export function guardEvent(
  hook: (...args: Parameters<EventHook>) => unknown,
  guarded: Guarded,
  onFailure: (reason: string) => void,
): EventHook {
  return async (event) => {
    // Its own failure would be its next event, without end.
    if (event.type === 'hook.failed' && event.hook === guarded.name) return
    try {
      await withinTime(guarded.name, guarded.limitMs, () => hook(event))
    } catch (error) {
      onFailure(error instanceof OompaError ? messageOf(error) : guarded.explain(error))
    }
  }
}
