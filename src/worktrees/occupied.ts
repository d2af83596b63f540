// Places of iterations' worktrees in which something else stands: a folder whose `.git` an agent has taken away, or one
// that somebody made. What is in it stays, so no worktree is made there.

import { readdirSync } from 'node:fs'
import path from 'node:path'
import { OompaError } from '../errors.js'
import { kindOf } from '../files/kind.js'
import { textOf } from '../files/own.js'
import { gitFolders } from '../git/folders.js'
import { requireOurs } from '../git/ours.js'
import { isWorktreeName, namesWorktree, registrationsOf } from '../git/registrations.js'
import { halfMadeEntry } from './register.js'

/** Why no worktree can be made at a place; undefined where nothing stands there, or a worktree that we can use. */
export function occupantOf(root: string, name: string): OompaError | undefined {
  const full = path.join(root, name)
  const kind = kindOf(full)
  if (kind === undefined) return undefined
  if (kind === 'folder' && registrationsOf(gitFolders(root).common, full).length > 0) {
    try {
      requireOurs(full)
      return undefined
    } catch (error) {
      if (!(error instanceof OompaError)) throw error
      return new OompaError({ code: 'in-the-way', message: error.message, mend: error.mend, cause: error })
    }
  }
  if (kind === 'folder' && readdirSync(full).length === 0) return undefined
  return new OompaError({
    code: 'in-the-way',
    message: `Cannot make the worktree ${name}: a ${kind} of that name is there already, and it is not a worktree.`,
    mend: `mv ${name} ${name}.old`,
  })
}

export interface Occupied {
  /** Of the place, `.w1-i7`. */
  readonly name: string
  readonly worker: string
  readonly why: OompaError
}

/** All places that are occupied so; at that of a worker that is at work, a worktree may stand in the next moment. */
export function occupied(root: string): Occupied[] {
  return readdirSync(root).flatMap((name) => {
    const full = path.join(root, name)
    const worker = isWorktreeName(name) ? name.slice(1, name.indexOf('-')) : undefined
    // What a crash left half made is taken away by whoever needs the place.
    if (!worker || isWorktree(full) || halfMadeEntry(root, full)) return []
    const why = occupantOf(root, name)
    return why ? [{ name, worker, why }] : []
  })
}

/** Whether a folder and an entry name each other: of hundreds it is seen without a look at all entries. */
function isWorktree(full: string): boolean {
  if (kindOf(full) !== 'folder' || kindOf(path.join(full, '.git')) !== 'file') return false
  const own = /^gitdir: (.+?)\n*$/.exec(textOf(path.join(full, '.git')) ?? '')?.[1]
  const { common } = gitFolders(path.dirname(full))
  return own !== undefined && path.dirname(own) === path.join(common, 'worktrees') && namesWorktree(own, full)
}
