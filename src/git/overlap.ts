// Decides whether moving a checkout forward would lose anything of the person's: pure, over what was read from it.

import type { RawChange } from './changes.js'

/** Why a checkout cannot be moved now. */
export interface Blocked {
  /** A sentence for people. */
  readonly reason: string
  readonly paths: readonly string[]
}

/** An entry of the index at stage 0; `unmerged` if there are others. */
export interface IndexEntry {
  readonly mode: string
  readonly oid: string
  readonly unmerged?: boolean
  /** What the person has told git about its file. */
  readonly flag?: 'skip-worktree' | 'assume-unchanged'
}

/** What stands at a path on disk. */
export type OnDisk = 'nothing' | 'the same' | 'in the way' | 'below a link'

export interface CheckoutFacts {
  /** Entries of the changed paths. */
  readonly index: ReadonlyMap<string, IndexEntry>
  /** Tracked paths whose file on disk differs from the index; `gone` if it is missing. */
  readonly edited: ReadonlyMap<string, 'gone' | 'edited'>
  /** For paths that are new to the index, or edited. */
  onDisk(change: RawChange): OnDisk
  /** Paths that a sparse checkout leaves out, of those that are new to the index. */
  readonly leftOut?: ReadonlySet<string>
}

export interface MovePlan {
  /** Index entries to set. */
  readonly set: readonly RawChange[]
  /** Index entries to remove. */
  readonly unset: readonly RawChange[]
  /** Index entries that keep a flag. */
  readonly flagged: readonly { readonly path: string; readonly flag: 'skip-worktree' | 'assume-unchanged' }[]
  /** Files to write. */
  readonly write: readonly RawChange[]
  /** Files to remove. */
  readonly remove: readonly RawChange[]
}

const NONE = '000000'

/** What has to be done to move a checkout over `changes`, or why it would lose something. */
export function planMove(changes: readonly RawChange[], facts: CheckoutFacts): MovePlan | Blocked {
  const plan = {
    set: [] as RawChange[],
    unset: [] as RawChange[],
    flagged: [] as MovePlan['flagged'][number][],
    write: [] as RawChange[],
    remove: [] as RawChange[],
  }
  const blocked = new Map<string, string[]>()
  const block = (why: string, path: string) => blocked.set(why, [...(blocked.get(why) ?? []), path])

  for (const change of changes) {
    const entry = facts.index.get(change.path)
    if (entry?.unmerged) {
      block('has an unresolved conflict', change.path)
      continue
    }
    if (same(entry, change.newMode, change.newOid)) continue
    if (!same(entry, change.oldMode, change.oldOid)) {
      block('has staged changes', change.path)
      continue
    }
    const edited = facts.edited.get(change.path)
    if (change.newMode === NONE) {
      if (edited === 'edited') block('has uncommitted changes', change.path)
      plan.unset.push(change)
      if (!edited) plan.remove.push(change)
      continue
    }
    // An edit that says already what the target will say loses nothing: notes of tasks, written before they are landed.
    const agrees = edited === 'edited' && facts.onDisk(change) === 'the same'
    if (edited && !agrees) block(edited === 'gone' ? 'was removed' : 'has uncommitted changes', change.path)
    plan.set.push(change)
    if (entry?.flag) plan.flagged.push({ path: change.path, flag: entry.flag })
    // Left out of a sparse checkout: it stays out.
    if (entry?.flag === 'skip-worktree') continue
    const there = agrees ? 'the same' : entry ? 'nothing' : facts.onDisk(change)
    if (there === 'in the way') block('is an untracked (or ignored) file in the way', change.path)
    if (there === 'below a link') block('is below a link that is not tracked', change.path)
    if (there !== 'nothing') continue
    if (entry || !facts.leftOut?.has(change.path)) plan.write.push(change)
    else plan.flagged.push({ path: change.path, flag: 'skip-worktree' })
  }
  return blocked.size === 0 ? plan : say(blocked)
}

function same(entry: IndexEntry | undefined, mode: string, oid: string): boolean {
  return entry ? entry.mode === mode && entry.oid === oid : mode === NONE
}

function say(blocked: ReadonlyMap<string, readonly string[]>): Blocked {
  const parts = [...blocked].map(([why, paths]) => {
    const rest = paths.length > 3 ? ` and ${paths.length - 3} more` : ''
    return `${paths
      .slice(0, 3)
      .map((one) => `\`${one}\``)
      .join(', ')}${rest} ${paths.length > 1 ? why.replace(/^has/, 'have').replace(/^was/, 'were') : why}`
  })
  return { reason: parts.join('; '), paths: [...blocked.values()].flat() }
}
