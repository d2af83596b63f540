// Keeps a hook that throws, hangs or answers nonsense from ending more than its own step (docs/hooks.md, *When a hook fails*).
// One that is ended with the swarm has not failed: the guard throws the reason of the signal, and its step is interrupted.

import { messageOf, OompaError } from '../errors.js'
import type { NewEvent } from '../events/contract.js'
import { inShell } from '../processes/zx.js'
import type {
  ApproveHook,
  EventHook,
  HookContext,
  MergeHook,
  ReviewHook,
  WorktreeHook,
  WorktreeSetup,
} from './contract.js'
import { describe, EXPECTED, readApprovalAnswer, readLandingAnswer, readVerdictAnswer } from './validate.js'

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

function nonsense(guarded: Guarded, hook: keyof typeof EXPECTED, answer: unknown): OompaError {
  return new OompaError({
    code: 'hook-answer',
    message: `${guarded.name} answered ${describe(answer)}; it has to be ${EXPECTED[hook]}.`,
  })
}

/** A reviewer that fails has not reviewed: neither yes nor no. */
export function guardReview(hook: (...args: Parameters<ReviewHook>) => unknown, guarded: Guarded): ReviewHook {
  return async (change, context) => {
    try {
      const answer = await withinTime(guarded.name, guarded.limitMs, () =>
        inShell(context.$, () => hook(change, context)),
      )
      const verdict = readVerdictAnswer(answer)
      if (!verdict) throw nonsense(guarded, 'review', answer)
      return { by: guarded.name, ...withoutUndefined(verdict) }
    } catch (error) {
      context.signal.throwIfAborted()
      const reason = reasonOf(guarded, error)
      context.emit(failed(guarded, reason, context))
      return { approved: 'unavailable', feedback: reason, by: guarded.name }
    }
  }
}

/** A merge hook that fails has not landed: the work is kept, and the author has nothing to mend. */
export function guardMerge(hook: (...args: Parameters<MergeHook>) => unknown, guarded: Guarded): MergeHook {
  return async (change, context) => {
    try {
      const answer = await withinTime(guarded.name, guarded.limitMs, () =>
        inShell(context.$, () => hook(change, context)),
      )
      const landing = readLandingAnswer(answer)
      if (!landing) throw nonsense(guarded, 'merge', answer)
      return landing
    } catch (error) {
      context.signal.throwIfAborted()
      const reason = reasonOf(guarded, error)
      context.emit(failed(guarded, reason, context))
      return { refused: 'policy', final: true, feedback: reason }
    }
  }
}

/** An approve hook that fails has not approved: the change waits for a person. */
export function guardApprove(hook: (...args: Parameters<ApproveHook>) => unknown, guarded: Guarded): ApproveHook {
  return async (change, context) => {
    try {
      const answer = await withinTime(guarded.name, guarded.limitMs, () =>
        inShell(context.$, () => hook(change, context)),
      )
      const approval = readApprovalAnswer(answer)
      if (!approval) throw nonsense(guarded, 'approve', answer)
      return approval
    } catch (error) {
      context.signal.throwIfAborted()
      const reason = reasonOf(guarded, error)
      context.emit(failed(guarded, reason, context))
      return { wait: `${guarded.name} could not judge: ${reason}` }
    }
  }
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

function withoutUndefined<T extends object>(value: T): T {
  const copy = { ...value }
  for (const key in copy) if (copy[key] === undefined) delete copy[key]
  return copy
}
