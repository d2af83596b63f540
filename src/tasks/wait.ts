// Waits until a task can be claimed: a change on disk is a hint to look again, a slow poll is the truth.

import type { ClaimAnswer, ClaimRequest, TaskStore } from './contract.js'

export interface WaitOptions {
  /** How long to wait before the answer is `none`; 0 asks once. */
  readonly timeoutMs: number
  readonly signal?: AbortSignal
  /** How long between two looks where nothing hints at a change; 2 s unless given. */
  readonly pollMs?: number
  /** Nothing is to come any more, so waiting is over; asked after each look. */
  readonly hopeless?: () => boolean
}

/** A burst of changes is one look, this long after its first. */
const BURST_MS = 50

/**
 * Claims a task, waiting for one that is ready. A task that was asked for by its id is waited for only while its
 * prerequisites are missing. The signal ends the waiting with the answer so far.
 */
export async function waitForTask(store: TaskStore, request: ClaimRequest, options: WaitOptions): Promise<ClaimAnswer> {
  const until = Date.now() + options.timeoutMs
  let answer = await store.claim(request)
  if (!mayChange(answer) || isOver(options, until)) return answer
  let hint: (() => void) | undefined
  const end = store.watch?.(() => hint?.())
  try {
    while (mayChange(answer) && !isOver(options, until)) {
      await pause(Math.min(options.pollMs ?? 2000, Math.max(1, until - Date.now())), options.signal, (wake) => {
        hint = () => setTimeout(wake, BURST_MS)
      })
      if (options.signal?.aborted) break
      answer = await store.claim(request)
    }
    return answer
  } finally {
    await end?.()
  }
}

function mayChange(answer: ClaimAnswer): boolean {
  return answer.answer === 'none' || answer.answer === 'dependency-missing'
}

function isOver(options: WaitOptions, until: number): boolean {
  return options.signal?.aborted === true || Date.now() >= until || options.hopeless?.() === true
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
