// Decides which changes are tested together next: pure, over who waits and what is known, so that it can be read and
// simulated. First in, first out; fair between workers; a failed group is halved until the culprit stands alone.

import type { MergeOptions } from './contract.js'

/** What the plan needs to know of a waiting change. */
export interface Waiting {
  readonly worker?: string
}

export interface QueueState<T extends Waiting> {
  /** In the order of arrival. */
  readonly waiting: readonly T[]
  /** Groups that failed as part of a larger one: tested before anything new, so that the good ones land soon. */
  readonly suspects: readonly (readonly T[])[]
}

/**
 * The batch that lands most changes an hour, by the model in docs/performance.md (a change every 10 minutes from each
 * worker, tests of 2 minutes, 5 % bad): with 3 workers one at a time lands as many, with 10 a batch of 8 lands 40.7
 * for 28.3.
 */
export function defaultBatch(workers: number): number {
  return workers <= 4 ? 1 : TESTED_BATCH
}

const TESTED_BATCH = 8

/** Without a test, so many changes land by one move of the target. */
const UNTESTED_BATCH = 32

/**
 * How many changes are landed together at most.
 * @param others how many changes of other machines wait: a turn of theirs would cost a fetch and a push for each
 */
export function batchSize(options: MergeOptions, workers: number, others = 0): number {
  if (options.batch !== undefined) return options.batch
  if (!options.test) return UNTESTED_BATCH
  if (isLinear(options)) return 1
  return others > 0 ? TESTED_BATCH : defaultBatch(workers)
}

/** How many are tested together, as a swarm says it. */
export function batchWords(size: number, workers: number): string {
  const many = size === 1 ? 'one at a time' : `up to ${size} together`
  return `Changes are tested ${many}, for ${workers} worker${workers === 1 ? '' : 's'}.`
}

/** A rebase or a squash is asked for to have a line without merges, and a tested batch lands as a merge. */
export function isLinear({ strategy }: MergeOptions): boolean {
  return strategy === 'rebase' || strategy === 'squash'
}

/** Whether changes may land with those of other machines: as the commits that they are, which a rebase makes anew. */
export function mayOffer(options: MergeOptions): boolean {
  return options.push === true && options.batch !== 1 && !isLinear(options)
}

/**
 * What to test next, and what waits then. Empty if there is nothing.
 * A train over several gates would ask again, with this group as landed, and test the answer on top of it.
 */
export function nextGroup<T extends Waiting>(
  state: QueueState<T>,
  batch: number,
): { readonly group: readonly T[]; readonly rest: QueueState<T> } {
  const [first, ...others] = state.suspects
  if (first) return { group: first, rest: { ...state, suspects: others } }
  const group = fair(state.waiting).slice(0, Math.max(1, batch))
  const chosen = new Set(group)
  return { group, rest: { ...state, waiting: state.waiting.filter((one) => !chosen.has(one)) } }
}

/** After a group's test failed: its halves, in order, before everything else. */
export function afterFailure<T extends Waiting>(state: QueueState<T>, group: readonly T[]): QueueState<T> {
  const middle = Math.ceil(group.length / 2)
  const halves = [group.slice(0, middle), group.slice(middle)].filter((half) => half.length > 0)
  return { ...state, suspects: [...halves, ...state.suspects] }
}

/** Each worker's first change, in order of arrival, then each worker's second, and so on. */
function fair<T extends Waiting>(waiting: readonly T[]): T[] {
  const seen = new Map<string, number>()
  const ranked = waiting.map((one, at) => {
    const worker = one.worker ?? `nobody ${at}`
    const round = seen.get(worker) ?? 0
    seen.set(worker, round + 1)
    return { one, round, at }
  })
  return ranked.sort((a, b) => a.round - b.round || a.at - b.at).map(({ one }) => one)
}
