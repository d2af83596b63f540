// Reviewers that stand in `oompa.json` are the same hook as `hooks/review.ts`, without a file.

import { formatAgentSpec } from '../agents/spec.js'
import type { ReviewerSettings, Settings, WorkerSettings } from '../config/contract.js'
import type { ReviewerFacts, ReviewHook } from '../hooks/contract.js'
import { reviewer } from './reviewer.js'

/**
 * `reviewer`, `reviewers`, `review_model` and `review_models` as one review hook, undefined where there are none.
 * A worker's own are asked before the swarm's. Reviewers with the same prompts form one fallback chain.
 */
export function reviewersFromSettings(
  settings: Pick<Settings, 'reviewers' | 'needsReview'>,
  worker?: Pick<WorkerSettings, 'reviewers' | 'needsReview'>,
): (ReviewHook & ReviewerFacts) | undefined {
  if (!settings.needsReview || worker?.needsReview === false) return undefined
  const chain = [...(worker?.reviewers ?? []), ...settings.reviewers]
  if (chain.length === 0) return undefined
  const hooks = chain.map(reviewerOf)
  const agents = hooks.flatMap((hook) => hook.agents ?? [])
  const hook: ReviewHook = async (change, context) => {
    const failures: string[] = []
    for (const one of hooks) {
      const verdict = await one(change, context)
      if (verdict.approved !== 'unavailable') return verdict
      failures.push(verdict.feedback.split('\n').slice(1).join('\n'))
    }
    return { approved: 'unavailable', feedback: `No reviewer could judge this.\n${failures.join('\n')}`, by: agents[0] }
  }
  const prepare = async (root: string) => {
    for (const one of hooks) await one.prepare?.(root)
  }
  return Object.assign(hook, { agents, prepare, timeLimitMs: null })
}

function reviewerOf({ agent, prompts }: ReviewerSettings): ReviewHook & ReviewerFacts {
  return reviewer({ agent: formatAgentSpec(agent), ...(prompts.length ? { prompt: prompts } : {}) })
}
