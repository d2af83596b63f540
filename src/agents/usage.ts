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

/** All tokens of a run, of whatever kind. */
export function tokensOf(usage: Usage | undefined): number {
  return usage ? usage.input + usage.output + usage.cacheRead + usage.cacheWrite : 0
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

/** Calls that may still be told of again, while other calls (of a sub-agent) come in between. */
const OPEN_CALLS = 64

/** Adds up what calls used, each of which is told of with every part of its answer, by its id. */
export function usageByCall(): { add(id: string | undefined, usage: Usage): Usage } {
  const open = new Map<string, Usage>()
  let ended: Usage | undefined
  return {
    add(id = '', usage) {
      open.delete(id)
      open.set(id, usage)
      const [oldest] = open
      if (oldest && open.size > OPEN_CALLS) {
        open.delete(oldest[0])
        ended = ended ? addUsage(ended, oldest[1]) : oldest[1]
      }
      return [...open.values()].reduce(addUsage, ended ?? { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 })
    },
  }
}
