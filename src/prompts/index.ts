// Everything that is said to an agent, in one place.

export { composePrompt, landingLine, type PromptFacts } from './compose.js'
export { contextValues } from './context.js'
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
export type { PromptQueue } from './queue.js'
export { type PromptText, readPrompts, shippedPrompt } from './read.js'
export { tokensIn } from './tokens.js'
