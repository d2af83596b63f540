// Waits for a task: a change on disk, or of what the other workers do, is a hint to look again; a slow poll is the truth.

export interface WaitOptions {
  /** How long to wait; 0 looks once. */
  readonly timeoutMs: number
  readonly signal?: AbortSignal
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
  const until = performance.now() + options.timeoutMs
  let answer = await look()
  if (answer !== undefined || isOver(options, until)) return answer
  let hint: (() => void) | undefined
  const ends = (options.hints ?? []).map((listen) => listen(() => hint?.()))
  try {
    while (answer === undefined && !isOver(options, until)) {
      await pause(Math.min(options.pollMs ?? 2000, Math.max(1, until - performance.now())), options.signal, (wake) => {
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

function isOver(options: WaitOptions, until: number): boolean {
  return options.signal?.aborted === true || performance.now() >= until
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
