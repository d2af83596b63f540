// When a process has to be ended from outside: it takes too long, says nothing, has said its last word, is not wanted.

import type { EndReason, ProcessOptions } from './contract.js'

/**
 * The share of a core with which a silent process counts as working. A CLI that reads a model's answer takes several
 * times as much, one that waits for what never comes takes none.
 */
const WORKING_SHARE = 0.01
/** A timer that is this late says that we were not running. */
const STOPPED_MS = 1000
/** `setTimeout` takes no more. */
const LONGEST_MS = 2 ** 31 - 1

/** The four reasons to end a process from outside, and the clock that tells silence. */
export function watchLimits(options: ProcessOptions, cpuMs: () => number) {
  const timers = new Set<NodeJS.Timeout>()
  let last = performance.now()
  let failure: { error: unknown } | undefined
  let reach: (reason: EndReason) => void = () => {}
  const reached = new Promise<EndReason>((resolve) => {
    reach = resolve
  })
  const after = (ms: number, then: () => void): void => {
    const timer = setTimeout(
      () => {
        timers.delete(timer)
        then()
      },
      Math.min(ms, LONGEST_MS),
    )
    timers.add(timer)
  }
  const abort = () => reach('aborted')
  options.signal?.addEventListener('abort', abort, { once: true })
  if (isLimit(options.timeoutMs)) after(options.timeoutMs, () => reach('timeout'))
  const idleMs = options.idleMs
  if (isLimit(idleMs)) {
    // The clock is a monotonic one: it stands still while a laptop sleeps, so waking up is not silence. If we were
    // stopped (SIGSTOP, Ctrl-Z) it went on; then what was said meanwhile has not been read yet.
    let usedBefore = 0
    const works = (): boolean => {
      if (!options.silent) return false
      const used = cpuMs()
      const more = used - usedBefore
      usedBefore = used
      return used === Number.POSITIVE_INFINITY || more >= idleMs * WORKING_SHARE
    }
    let due = performance.now() + idleMs
    const look = (): void => {
      const now = performance.now()
      if (now - due > STOPPED_MS) last = now
      const left = idleMs - (now - last)
      due = now + (left > 0 ? left : idleMs)
      if (left > 0) after(left, look)
      else if (works()) after(idleMs, look)
      else reach('idle')
    }
    after(idleMs, look)
  }
  const grace = watchGrace(options, () => reach('grace'))
  return {
    reached,
    /** What to do with each piece of text: mark the time, pass it on, see whether the final message has come. */
    heard: (pass: ((text: string) => void) | undefined) => (text: string) => {
      last = performance.now()
      if (text !== '') pass?.(text)
      grace.look()
    },
    failed: (error: unknown) => {
      failure = { error }
      reach('aborted')
    },
    /** An error of our own reader is ours, and is not swallowed. */
    rethrow: () => {
      if (failure) throw failure.error
    },
    clear: () => {
      for (const timer of timers) clearTimeout(timer)
      grace.clear()
      options.signal?.removeEventListener('abort', abort)
    },
  }
}

/** The time that is left after the final message: it runs only while `finished` says so, and begins anew each time. */
function watchGrace({ graceMs, finished }: ProcessOptions, over: () => void): { look(): void; clear(): void } {
  let timer: NodeJS.Timeout | undefined
  let last: NodeJS.Immediate | undefined
  const clear = (): void => {
    clearTimeout(timer)
    clearImmediate(last)
    timer = undefined
  }
  // On a machine that is busy the timer may come before what the process has said meanwhile: that is read first.
  const due = (): void => {
    last = setImmediate(() => {
      last = setImmediate(() => {
        if (finished?.()) over()
      })
    })
  }
  return {
    look() {
      if (graceMs === undefined) return
      if (!finished?.()) clear()
      else timer ??= setTimeout(due, Math.min(graceMs, LONGEST_MS))
    },
    clear,
  }
}

function isLimit(ms: number | undefined): ms is number {
  return ms !== undefined && Number.isFinite(ms) && ms > 0
}
