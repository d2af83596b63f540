// Tokens of one run: from a CLI that counts the whole session (codex after a resume), and of two runs together.

import type { Usage } from '../words.js'

const totals = new Map<string, Usage>()

/**
 * What was used since the last run of this session that this process saw.
 * @param total what the session has used so far.
 */
export function sinceLastRun(session: string, total: Usage): Usage {
  const before = totals.get(session)
  totals.set(session, total)
  if (!before) return total
  const less = (key: keyof Usage) => Math.max(0, total[key] - before[key])
  return {
    input: less('input'),
    output: less('output'),
    cacheRead: less('cacheRead'),
    cacheWrite: less('cacheWrite'),
  }
}

/** What two runs used together. */
export function addUsage(one: Usage, other: Usage): Usage {
  return {
    input: one.input + other.input,
    output: one.output + other.output,
    cacheRead: one.cacheRead + other.cacheRead,
    cacheWrite: one.cacheWrite + other.cacheWrite,
  }
}
