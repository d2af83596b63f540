// The merge hook that we ship: a queue for each target, by which the workers of a swarm land.

import type { MergeHook } from '../hooks/contract.js'
import { candidateOf } from './candidate.js'
import type { MergeHookWithOptions, MergeOptions } from './contract.js'
import { openQueue, type Queue } from './queue.js'
import { resolveTarget } from './target.js'
import { type MoveWatch, watchMoves } from './target-moves.js'
import { openTools } from './tools.js'

/** A landing that is being tested ends by itself when a swarm is being stopped (docs/contract.md, 11). */
const NEVER = new AbortController().signal

/**
 * A merge hook that lands changes one after another, or in tested batches.
 * @example export default mergeQueue({ test: 'npm test' })
 */
export function mergeQueue(options: MergeOptions = {}): MergeHookWithOptions {
  const queues = new Map<string, { readonly queue: Queue; readonly watch: MoveWatch }>()
  const open = (root: string, into: string) => {
    const watch = watchMoves(root, into, options)
    return { watch, queue: openQueue({ tools: openTools(root), into, options, watch }) }
  }
  const hook: MergeHook = async (change, context) => {
    // A swarm has one target from its start to its end, and it has asked these options.
    const into = change.into || (await resolveTarget(context.root, options.into))
    const key = `${context.root}\0${into}`
    const { queue, watch } = queues.get(key) ?? open(context.root, into)
    queues.set(key, { queue, watch })
    // Where the first worktree was made: what reached the target since, without us, did so by an agent or a person.
    watch.begin(change.worktree.base)
    return queue.submit(candidateOf(change, options), { ...context, testSignal: NEVER })
  }
  return Object.assign(hook, { options })
}
