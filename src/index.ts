// All that hooks and the loop may import.

export type { MergeHookWithOptions, MergeOptions } from './merge/contract.js'
export { type PullRequestOptions, pullRequests } from './merge/pull-requests.js'
export { mergeQueue } from './merge/queue.js'
export type * from './words.js'
