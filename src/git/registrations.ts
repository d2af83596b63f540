// What a repository knows of its linked worktrees (gitrepository-layout(5), worktrees/), read from files. A path is a
// worktree because an entry here names it, and for no other reason.

import { readdirSync, realpathSync } from 'node:fs'
import path from 'node:path'
import { OompaError } from '../errors.js'
import { fromBytes } from '../files/bytes.js'
import { kindOf } from '../files/kind.js'
import { textOf } from '../files/own.js'

/** Whether a folder has the name of an iteration's worktree, `.w1-i1`. */
export function isWorktreeName(name: string): boolean {
  return /^\.w\d+-i\d+$/.test(name)
}

/**
 * Whether git calls an entry so that is made for a worktree of ours: of an iteration (`-w1-i1`), a gate, or a place that is
 * thrown away; with a number where the name is taken.
 */
export function isEntryName(name: string): boolean {
  return /^(?:-w\d+-i\d+|gate-\d+|(?:w\d+-\d+|probe|check|plan)-[0-9a-f]{8}\d*)$/.test(name)
}

/** Every worktree's own git directory, absolute; links are none. */
export function registrations(common: string): string[] {
  const folder = path.join(common, 'worktrees')
  if (kindOf(folder) !== 'folder') return []
  return readdirSync(folder, 'buffer')
    .map((name) => path.join(folder, fromBytes(name)))
    .filter((own) => kindOf(own) === 'folder')
}

/**
 * The own git directories that name the worktree at `checkout`: one, or none.
 * @param name of the entry, where it is known
 */
export function registrationsOf(common: string, checkout: string, name?: string): string[] {
  const all = name === undefined ? registrations(common) : [path.join(common, 'worktrees', name)]
  const found = all.filter((own) => namesWorktree(own, checkout))
  // A link leads somewhere else, whatever stands there.
  const kind = found.length > 0 ? kindOf(checkout) : undefined
  if (kind === undefined || kind === 'folder') return found
  throw worktreeChanged(checkout, `it is a ${kind} now`)
}

/** Whether an entry is that of the worktree at `checkout`. */
export function namesWorktree(own: string, checkout: string): boolean {
  const named = registeredCheckout(own)
  return named !== undefined && isSame(named, checkout)
}

/** The worktree that an entry is for, absolute, whether anything stands there or not; undefined if it does not say. */
export function registeredCheckout(own: string): string | undefined {
  if (kindOf(own) !== 'folder') return undefined
  const text = textOf(path.join(own, 'gitdir'))?.trimEnd()
  const dotGit = text ? path.resolve(own, text) : ''
  return path.basename(dotGit) === '.git' ? path.dirname(dotGit) : undefined
}

/** The error for a worktree that is not the one that we made: nothing is done in it, and nothing of it is removed. */
export function worktreeChanged(checkout: string, why: string, mend?: string): OompaError {
  return new OompaError({
    code: 'worktree-changed',
    message: `${checkout} is not the worktree that it was: ${why}. Nothing is done in it, and what is there stays.`,
    mend: mend ?? `Look at ${checkout}, and move it away when you have what you want of it: git worktree list`,
  })
}

/** Whether two paths are one place, by whatever way its parents are reached. */
function isSame(one: string, other: string): boolean {
  if (one === other) return true
  return path.basename(one) === path.basename(other) && resolved(path.dirname(one)) === resolved(path.dirname(other))
}

function resolved(folder: string): string {
  try {
    return realpathSync(folder)
  } catch {
    return folder
  }
}

/** Whether a path leads to a folder of git's, by whatever way. */
export function isPlace(named: string, folder: string): boolean {
  if (named === folder) return true
  try {
    return realpathSync(named) === realpathSync(folder)
  } catch {
    return false
  }
}
