// Brings files of the main checkout into a worktree: copies and links that git must never commit.

import {
  constants,
  copyFileSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  utimesSync,
} from 'node:fs'
import path from 'node:path'
import { OompaError } from '../errors.js'
import { fromBytes, onDisk } from '../files/bytes.js'
import { kindOf } from '../files/kind.js'
import { excludePatterns } from '../git/exclude.js'
import { gitFolders } from '../git/folders.js'
import { git } from '../git/run-git.js'
import { leadsAway, trackedPaths } from './places.js'

/** Copies paths below the root; what git tracks in the worktree stays as it is. Gives those that were copied. */
export async function copyInto(root: string, worktree: string, paths: readonly string[]): Promise<string[]> {
  const tracked = await trackedPaths(worktree, paths)
  const copied: string[] = []
  for (const relative of paths) {
    const target = path.join(worktree, relative)
    if (leadsAway(worktree, relative) || (tracked.has(relative) && kindOf(target) !== 'folder')) continue
    if (tracked.has(relative)) {
      // A folder with tracked files in it: only what is not there yet.
      copyTree(path.join(root, relative), target, false)
    } else {
      if (kindOf(target) === 'link') rmSync(onDisk(target))
      copyTree(path.join(root, relative), target, true)
    }
    copied.push(relative)
  }
  return copied
}

/** Not by `cpSync`, which takes names for text. A repository within is somebody's: its worktrees would point to nowhere. */
export function copyTree(from: string, to: string, overwrite: boolean): void {
  const [source, target] = [onDisk(from), onDisk(to)]
  const facts = lstatSync(source)
  mkdirSync(onDisk(path.dirname(to)), { recursive: true })
  if (facts.isDirectory()) {
    if (lstatSync(target, { throwIfNoEntry: false }) === undefined) mkdirSync(target, { mode: facts.mode })
    for (const name of readdirSync(source, 'buffer').map(fromBytes)) {
      if (name !== '.git') copyTree(path.join(from, name), path.join(to, name), overwrite)
    }
    return
  }
  // A socket or a pipe is of no use away from its program.
  if (!facts.isFile() && !facts.isSymbolicLink()) return
  if (lstatSync(target, { throwIfNoEntry: false })) {
    if (!overwrite) return
    rmSync(target)
  }
  if (facts.isSymbolicLink()) symlinkSync(readlinkSync(source, 'buffer'), target)
  else {
    copyFileSync(source, target, constants.COPYFILE_FICLONE)
    utimesSync(target, facts.atime, facts.mtime)
  }
}

/** Links paths of the worktree to the main checkout's; what is there already stays. Gives those that were linked. */
export async function linkInto(root: string, worktree: string, paths: readonly string[]): Promise<string[]> {
  const tracked = await trackedPaths(worktree, paths)
  const linked: string[] = []
  for (const relative of paths) {
    const source = path.join(root, relative)
    const target = path.join(worktree, relative)
    if (tracked.has(relative) || leadsAway(worktree, relative)) continue
    const kind = kindOf(target)
    if (kind === 'link' && fromBytes(readlinkSync(onDisk(target), 'buffer')) !== source) rmSync(onDisk(target))
    else if (kind !== undefined) continue
    mkdirSync(onDisk(path.dirname(target)), { recursive: true })
    symlinkSync(onDisk(source), onDisk(target))
    linked.push(relative)
  }
  return linked
}

/**
 * Keeps what was brought from being committed. A link called `node_modules` is not matched by `node_modules/` in
 * `.gitignore`, and git has no exclude file for one worktree, so the missing lines go to the common `info/exclude`.
 * @throws OompaError `brought-tracked` if git would still commit one of them
 */
export async function keepOut(root: string, worktree: string, paths: readonly string[]): Promise<void> {
  if (paths.length === 0) return
  const seen = await unignored(worktree, paths)
  if (seen.length === 0) return
  excludePatterns(gitFolders(root).common, seen.map(patternFor))
  const left = await unignored(worktree, seen)
  if (left.length === 0) return
  throw new OompaError({
    code: 'brought-tracked',
    message: `${left.join(', ')} would be committed from worktrees: a line of .gitignore takes it back in.`,
    mend: `Take the line that begins with ! out of .gitignore, or ${left[0]} out of hooks/worktree.`,
  })
}

/** Those of `paths` that git would take up with `git add -A`. */
async function unignored(worktree: string, paths: readonly string[]): Promise<string[]> {
  const input = paths.map((file) => `${file}\0`).join('')
  const { stdout } = await git(worktree, ['check-ignore', '-z', '--stdin'], { input })
  const ignored = new Set(stdout.split('\0'))
  const tracked = await trackedPaths(worktree, paths)
  return paths.filter((file) => !ignored.has(file) && !tracked.has(file))
}

/** A pattern for exactly this path. */
function patternFor(relative: string): string {
  return `/${relative.replace(/[\\*?[\]]/g, '\\$&').replace(/ $/, '\\ ')}`
}
