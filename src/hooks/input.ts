// What an executable hook reads on standard input: one JSON object (its JSON Schema is docs/hooks/input.schema.json).

import type { OompaEvent } from '../events/contract.js'
import type { Change, Worktree } from '../words.js'
import type { HookContext, ReviewContext } from './contract.js'

/** The facts that every hook of an iteration gets. */
function facts(context: HookContext): Record<string, unknown> {
  const { root, swarm, worker, iteration, tasks, task } = context
  return { root, swarm, worker, iteration, tasks, ...(task ? { task } : {}) }
}

/** A change without what only our process can use. */
function plainChange({ status: _status, ...change }: Change): Omit<Change, 'status'> {
  return change
}

export function reviewInput(change: Change, context: ReviewContext): Record<string, unknown> {
  const { round, rounds, test } = context
  return { hook: 'review', ...facts(context), change: plainChange(change), round, rounds, ...(test ? { test } : {}) }
}

export function mergeInput(change: Change, context: HookContext): Record<string, unknown> {
  return { hook: 'merge', ...facts(context), change: plainChange(change) }
}

export function approveInput(change: Change, context: HookContext): Record<string, unknown> {
  return { hook: 'approve', ...facts(context), change: plainChange(change) }
}

export function worktreeInput(worktree: Worktree, context: HookContext): Record<string, unknown> {
  return { hook: 'worktree', ...facts(context), worktree }
}

export function eventInput(event: OompaEvent): Record<string, unknown> {
  return { hook: 'event', event }
}

/** The commits of a change, beside the `OOMPA_*` of its iteration: so that a shell script needs no JSON parser. */
export function changeEnv(change: Change, context: HookContext): Record<string, string> {
  return {
    ...context.env,
    OOMPA_BRANCH: change.branch,
    OOMPA_COMMIT: change.commit,
    OOMPA_BASE: change.base,
    OOMPA_INTO: change.into,
  }
}
