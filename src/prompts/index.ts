// Everything that is said to an agent, in one place.

export { composePrompt, landingLine, type PromptFacts } from './compose.js'
export {
  feedbackPrompt,
  followUpPrompt,
  furtherInput,
  nudgePrompt,
  plannerPrompt,
  resumePrompt,
  retold,
} from './further.js'
export { level1Input } from './level1.js'
export { type PromptText, readPrompts, shippedPrompt } from './read-prompts.js'
export type { PromptQueue } from './task-queue.js'
export { contextValues } from './token-values.js'
export { tokensIn } from './tokens.js'
