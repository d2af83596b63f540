// Waits for a task: a change on disk, or of what the other workers do, is a hint to look again; a slow poll is the truth.

import type { ClaimRequest, TaskListing } from './contract.js'
import { isWanted } from './order.js'

export interface WaitOptions {
  /** How long to wait; 0 looks once. */
  readonly timeoutMs: number
  readonly signal?: AbortSignal
  /** Time that does not count, so far: nobody could have found anything in it. */
  readonly lostMs?: () => number
  /** How long between two looks where nothing hints at a change; 2 s unless given. */
  readonly pollMs?: number
  /** Each calls back when something may have changed, and returns what ends that. */
  readonly hints?: readonly ((changed: () => void) => () => unknown)[]
}

/** A burst of changes is one look, this long after its first. */
const BURST_MS = 50

/**
 * Looks until `look` gives something. The signal, and the time limit, end the waiting without an answer.
 * @returns what it gave, or undefined
 */
export async function waitFor<T>(look: () => Promise<T | undefined>, options: WaitOptions): Promise<T | undefined> {
  const { lostMs = () => 0 } = options
  const began = performance.now() - lostMs()
  const leftMs = () => began + lostMs() + options.timeoutMs - performance.now()
  let answer = await look()
  const isOver = () => options.signal?.aborted === true || leftMs() <= 0
  if (answer !== undefined || isOver()) return answer
  let hint: (() => void) | undefined
  const ends = (options.hints ?? []).map((listen) => listen(() => hint?.()))
  try {
    while (answer === undefined && !isOver()) {
      await pause(Math.min(options.pollMs ?? 2000, Math.max(1, leftMs())), options.signal, (wake) => {
        hint = () => setTimeout(wake, BURST_MS)
      })
      if (options.signal?.aborted) break
      answer = await look()
    }
    return answer
  } finally {
    for (const end of ends) await end()
  }
}

function pause(ms: number, signal: AbortSignal | undefined, wakeable: (wake: () => void) => void): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal?.addEventListener('abort', done, { once: true })
    wakeable(done)
  })
}

// Whether a worker without a task should wait for one: decided from the tasks and from what the other workers do. Pure.

/** A worker, as far as it matters to one that waits. */
export interface LaneFacts {
  /** `ahead`: between two iterations, or before the first. `over`: begins no further iteration. */
  readonly state: 'ahead' | 'waiting' | 'working' | 'over'
  /** May its new tasks be added? */
  readonly mayAdd: boolean
  /** Which tasks it takes. */
  readonly wants: Pick<ClaimRequest, 'story' | 'priority' | 'role' | 'stores'>
}

/**
 * Why a task may still come for `me`; undefined if none will.
 * @param mayPlan whether a worker that waits would be asked to plan, if it may
 */
export function hopeFor(
  me: Pick<LaneFacts, 'wants'>,
  others: readonly LaneFacts[],
  listing: TaskListing,
  mayPlan: boolean,
): string | undefined {
  // What it does may make a task ready, add one, or give one back.
  if (others.some(({ state }) => state === 'working')) return 'somebody is at work'
  if (others.some(({ state, mayAdd }) => mayAdd && state === 'ahead')) return 'somebody who may add tasks is to begin'
  if (mayPlan && others.some(({ state, mayAdd }) => mayAdd && state === 'waiting')) return 'somebody is to plan'
  const takers = others.filter(({ state }) => state !== 'over')
  const comes = reachable(listing, (task) => [me, ...takers].some(({ wants }) => isWanted(task, wants)))
  // One that is ready has just been refused to it.
  const task = listing.pending.find((one) => !one.ready && isWanted(one, me.wants) && comes.has(one.id))
  return task && `\`${task.id}\` may become ready`
}

/** Pending tasks that can still be done: somebody takes each, and what they wait for is done, held, or can be done. */
function reachable(
  { pending, current, complete }: TaskListing,
  isTaken: (task: TaskListing['pending'][number]) => boolean,
): ReadonlySet<string> {
  const held = current.flatMap(({ id, stale }) => (stale === undefined ? [id] : []))
  const settled = new Set([...complete.map(({ id }) => id), ...held])
  const missing = new Map<string, number>()
  const after = new Map<string, string[]>()
  for (const task of pending) {
    const { id, ready, waitsFor } = task
    // Held back by the one who wrote it, or for its id.
    if (!isTaken(task) || (!ready && waitsFor.length === 0)) continue
    const open = waitsFor.filter((one) => !settled.has(one))
    missing.set(id, open.length)
    for (const one of open) after.set(one, (after.get(one) ?? []).concat(id))
  }
  const reached = new Set([...missing].flatMap(([id, open]) => (open === 0 ? [id] : [])))
  // A set takes in what is added while it is walked.
  for (const id of reached) {
    for (const next of after.get(id) ?? []) {
      const left = (missing.get(next) ?? 0) - 1
      missing.set(next, left)
      if (left === 0) reached.add(next)
    }
  }
  return reached
}
