// Whether a claim still stands whose record is missing. `rm -rf .oompa/claims` and `git clean -fdx` take the records of a
// swarm that is at work: what a process claimed itself is its own all the same, and its record is written again.

import type { ClaimRecord, Records } from './contract.js'
import { readHistory } from './history.js'

/**
 * The record of who holds what `key` names. A record that is missing is written again if this process has written it for
 * this fence, and nobody has ended the claim since: whoever ends one says so in the history.
 */
export function standing(root: string, records: Records, key: string, fence: string): ClaimRecord | undefined {
  const record = records.read(key)
  if (record) return record
  const own = records.own(key)
  if (own?.fence !== fence || hasEnded(root, own)) return undefined
  records.restore(key, own)
  return records.read(key)
}

const ENDS = new Set(['released', 'taken', 'completed', 'reopened'])

function hasEnded(root: string, { id, since }: ClaimRecord): boolean {
  return readHistory(root).some((entry) => entry.task === id && ENDS.has(entry.type) && entry.at >= since)
}
