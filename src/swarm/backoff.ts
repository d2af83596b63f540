// How long a worker pauses after its agent has failed: from level 2 on after each failure, at level 1 once it only burns
// iterations.

import type { Settings } from '../config/contract.js'

/** A failure within this time has done nothing: the CLI is gone, its login or its shim is broken. */
const QUICK_MS = 10_000

export interface Failures {
  /** In a row. */
  readonly all: number
  /** Of the last ones in a row, those that failed within `QUICK_MS`. */
  readonly quick: number
}

/** Milliseconds; 0 where it goes on at once. Pure. */
export function backOff(level: number, { all, quick }: Failures, backoff: Settings['backoff']): number {
  const { firstMs, maxMs, brake } = backoff
  const after = level > 1 ? all : brake > 0 ? quick - brake + 1 : 0
  return after > 0 ? Math.min(firstMs * 2 ** (after - 1), maxMs) : 0
}

/** The failures in a row after one more iteration. Pure. */
export function countFailure(before: Failures, failed: boolean, durationMs: number): Failures {
  if (!failed) return { all: 0, quick: 0 }
  return { all: before.all + 1, quick: durationMs < QUICK_MS ? before.quick + 1 : 0 }
}
