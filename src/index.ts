// All that hooks and the loop may import.

export type * from './agents/contract.js'
export { command } from './agents/custom.js'
export type * from './events/contract.js'
export type * from './hooks/contract.js'
export type * from './merge/contract.js'
export type { Attempt, Iteration, Swarm, Worker } from './swarm/contract.js'
export type * from './tasks/contract.js'
export type * from './words.js'
export { attempts, claim, land, openWorktree, propose, review, swarm } from './swarm/loop.js'
export { taskFolder } from './tasks/folder/store.js'
export { mergeQueue } from './merge/queue.js'
export { reviewer } from './review/reviewer.js'
