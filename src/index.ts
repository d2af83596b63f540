// All that hooks and the loop may import.

export type * from './agents/contract.js'
export type * from './events/contract.js'
export type * from './hooks/contract.js'
export { attempts, claim, land, openWorktree, propose, review, swarm } from './swarm/loop.js'
export type { Attempt, Iteration, Swarm, Worker } from './swarm/contract.js'
export type * from './tasks/contract.js'
export type * from './words.js'
