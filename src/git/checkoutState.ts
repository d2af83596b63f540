// How a checkout stands, so that one can tell later whether anything in it has changed: committed or not.

import { lstatSync } from 'node:fs'
import path from 'node:path'
import { readStatus } from './read-status.js'
import { git } from './run-git.js'

export interface CheckoutState {
  readonly commit?: string
  /** Each path that is not committed, with its size and time. */
  readonly uncommitted: ReadonlyMap<string, string>
}

/** The state of a checkout now; ignored files do not count. */
export async function checkoutState(checkout: string): Promise<CheckoutState> {
  const { commit, entries } = await readStatus(checkout)
  const uncommitted = new Map(entries.map((entry) => [entry.path, stamp(path.join(checkout, entry.path))]))
  return { ...(commit ? { commit } : {}), uncommitted }
}

function stamp(file: string): string {
  const stat = lstatSync(file, { throwIfNoEntry: false })
  return stat ? `${stat.size} ${stat.mtimeMs}` : 'removed'
}

/** Paths in which a checkout differs from how it stood: by commits, or by what is not committed. */
export async function changedSince(checkout: string, before: CheckoutState): Promise<string[]> {
  const now = await checkoutState(checkout)
  const paths = new Set(await committedSince(checkout, before.commit, now.commit))
  for (const [one, was] of [...before.uncommitted, ...now.uncommitted]) {
    // What was uncommitted and is committed now is among the commits.
    if (!now.uncommitted.has(one) && paths.has(one)) continue
    if (now.uncommitted.get(one) !== was || before.uncommitted.get(one) !== was) paths.add(one)
  }
  return [...paths]
}

async function committedSince(checkout: string, from: string | undefined, to: string | undefined): Promise<string[]> {
  if (to === undefined || from === to) return []
  const args =
    from === undefined
      ? ['ls-tree', '-r', '--name-only', '-z', '--full-tree', to]
      : ['diff-tree', '-r', '--name-only', '--no-renames', '-z', from, to]
  const { stdout } = await git(checkout, [...args, '--'])
  return stdout.split('\0').filter(Boolean)
}
