// The first prompt of an iteration from level 2 on, from what the swarm knows now.

import { composePrompt } from '../prompts/compose.js'
import type { Worktree } from '../words.js'
import { promptFacts } from './facts.js'
import type { Iteration } from './contract.js'

/** The whole prompt; `addition` (feedback, an answer) stands before the last line. */
export async function firstPrompt(iteration: Iteration, worktree: Worktree, addition?: string): Promise<string> {
  return composePrompt(await promptFacts(iteration, worktree, addition))
}
