// Every spelling of a reviewer that the earlier system has, read as one chain. Pure.

import type { ReviewerSettings } from './contract.js'
import type { Resolved } from './schema.js'
import { agentNamed } from './values.js'

/** Paths as a list. */
export function promptsOf(prompt: string | readonly string[] | undefined): readonly string[] {
  return prompt === undefined ? [] : typeof prompt === 'string' ? [prompt] : prompt
}

type ReviewKeys = Pick<Resolved, 'review_model' | 'review_models' | 'reviewer' | 'reviewers'>

/** The chain of reviewers, whatever its spelling; of several spellings the one that says most counts. */
export function reviewersOf(config: ReviewKeys): ReviewerSettings[] {
  const entries =
    config.reviewers ??
    config.review_models ??
    (config.reviewer ? [config.reviewer] : config.review_model ? [config.review_model] : [])
  return entries.map((entry) =>
    typeof entry === 'string'
      ? { agent: agentNamed(entry), prompts: [] }
      : { agent: agentNamed(entry.model), prompts: promptsOf(entry.prompt) },
  )
}

/** Which spellings were passed over. */
export function reviewerRemarks(config: ReviewKeys): string[] {
  const spellings = (['reviewers', 'review_models', 'reviewer', 'review_model'] as const).filter((key) => config[key])
  const [first, ...others] = spellings
  return others.map((key) => `\`${key}\` is passed over: \`${first}\` says who reviews.`)
}
