// What became of each iteration's change: its reviews with their feedback, its refusals with the test's output, its
// landing. Folded from the log.

import type { OompaEvent } from '../events/contract.js'

/** A step on the way of a change, in the order in which they were taken. */
export interface Step {
  readonly at: string
  readonly what: 'approved' | 'rejected' | 'unavailable' | 'refused' | 'testing' | 'landed' | 'waiting' | 'kept'
  readonly by?: string
  /** Feedback, output of the test, or the reason. */
  readonly text?: string
}

export interface Change {
  /** `w1-3`: worker and iteration. */
  readonly id: string
  readonly worker: string
  readonly iteration: number
  task?: string
  branch?: string
  /** The commit that it was built on. */
  base?: string
  commit?: string
  kept?: string
  approval?: string
  startedAt?: string
  endedAt?: string
  outcome?: string
  costUsd?: number
  estimated?: boolean
  /** The author's last words. */
  message?: string
  readonly steps: Step[]
}

/** More of one text is not shown: the log has it. */
const MOST_TEXT = 20_000
const MOST_STEPS = 100

/** Adds one event to the changes by their ids. */
export function changesOf(changes: Map<string, Change>, event: OompaEvent): void {
  const { worker, iteration } = event
  if (typeof worker !== 'string' || typeof iteration !== 'number') return
  const id = `${worker}-${iteration}`
  let change = changes.get(id)
  if (!change) {
    change = { id, worker, iteration, steps: [] }
    changes.set(id, change)
  }
  if (event.task) change.task = event.task
  const step = (what: Step['what'], text?: unknown, by?: string) => {
    if (change.steps.length < MOST_STEPS) change.steps.push({ at: event.at, what, by, text: cut(text) })
  }
  switch (event.type) {
    case 'iteration.started':
      Object.assign(change, { startedAt: event.at, branch: event.branch, base: event.base })
      return
    case 'agent.message':
      if (event.role === 'author') change.message = cut(event.text)
      return
    case 'agent.ended':
      if (typeof event.costUsd === 'number') change.costUsd = (change.costUsd ?? 0) + event.costUsd
      if (event.estimated) change.estimated = true
      return
    case 'review.ended':
      step(event.verdict, event.feedback, event.by)
      return
    case 'landing.testing':
      step('testing', event.command)
      return
    case 'landing.waiting':
      step('waiting', event.reason)
      return
    case 'landing.refused':
      step('refused', `${event.reason}\n${event.feedback}`)
      return
    case 'landing.landed':
      change.commit = event.mergedCommit ?? event.commit
      decide(change, 'landed')
      step('landed', event.into)
      return
    case 'approval.waiting':
      Object.assign(change, { approval: event.id, commit: event.commit ?? change.commit })
      step('waiting', event.reasons.join('\n'))
      return
    case 'approval.approved':
      change.approval = undefined
      step('approved', '', 'a person')
      return
    case 'approval.rejected':
      decide(change, 'refused')
      step('rejected', event.reason, 'a person')
      return
    case 'work.kept':
      change.kept = event.ref
      step('kept', event.reason)
      return
    case 'iteration.ended':
      Object.assign(change, { endedAt: event.at, outcome: event.outcome, kept: event.kept ?? change.kept })
  }
}

/** A person's answer comes when the iteration has ended: what waited for it waits no more. */
function decide(change: Change, outcome: 'landed' | 'refused'): void {
  change.approval = undefined
  if (outcome === 'landed') change.kept = undefined
  if (change.outcome === 'waiting') change.outcome = outcome
}

function cut(text: unknown): string | undefined {
  if (text === undefined || text === null || text === '') return undefined
  const all = String(text)
  if (all.length <= MOST_TEXT) return all
  return `${all.slice(0, MOST_TEXT)}\n… ${all.length - MOST_TEXT} characters are left out here: they are in the log`
}
