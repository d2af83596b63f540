// What a run would do, in words: for `--dry-run`, which makes nothing and starts nobody.

import { formatAgentSpec } from '../agents/spec.js'
import type { Settings } from '../config/contract.js'
import { count } from '../views/format.js'
import type { NamedLoop } from '../worktrees/named.js'

export interface PlanFacts {
  readonly root: string
  readonly settings: Settings
  readonly hooks: readonly { readonly name: string }[]
  readonly level: number
  readonly into?: string
  readonly named?: NamedLoop
}

/** One line for each worker, and what happens to its work. */
export function describePlan({ root, settings, hooks, level, into, named }: PlanFacts): string {
  const lines = settings.workers.map((worker, index) => {
    const place = named ? `in ${named.path}, on ${named.branch}` : 'in the main checkout'
    const where = settings.here || named ? place : `in .w${index + 1}-i1 … .w${index + 1}-i${worker.iterations}`
    return `  w${index + 1}  ${formatAgentSpec(worker.agent)}, ${count(worker.iterations, 'iteration')} ${where}, told ${worker.prompts.join(' + ')}`
  })
  const landing =
    level === 1
      ? 'Level 1: agents do what their prompt says; nothing is landed by the loop.'
      : `Level ${level}: changes land on ${into}${settings.merge.test ? `, tested by \`${settings.merge.test}\`` : ''}${level === 3 ? ', after a review' : ''}.`
  const found = hooks.length ? `Hooks: ${hooks.map((hook) => `hooks/${hook.name}`).join(', ')}.` : 'No hooks.'
  const { usd, tokens, minutes, perTask, perWorker, perDay } = settings.budget
  const caps = [
    ...(usd === undefined ? [] : [`$${usd}`]),
    ...(perDay === undefined ? [] : [`$${perDay} a day`]),
    ...(tokens === undefined ? [] : [count(tokens, 'token')]),
    ...(minutes === undefined ? [] : [count(minutes, 'minute')]),
  ]
  const parts = [
    ...(perTask === undefined ? [] : [`A task is given back at $${perTask}.`]),
    ...(perWorker === undefined ? [] : [`A worker ends at $${perWorker}.`]),
  ]
  const { scale } = settings
  return [
    `Would run in ${root}:`,
    ...lines,
    ...(scale ? [`${scale.min} of them from the start, the others while so many tasks are ready.`] : []),
    landing,
    found,
    ...(caps.length ? [`Stops at ${caps.join(' or ')}.`] : []),
    ...parts,
    'Nothing was started.',
    '',
  ].join('\n')
}
