// Where things are: everything that we keep for a repository lives below its `.oompa/`, or in the user's cache folder.

import { createHash } from 'node:crypto'
import { homedir } from 'node:os'
import path from 'node:path'

/** `.oompa/` of a main checkout: never committed, kept out of `git status` by `.git/info/exclude`. */
export function stateFolder(root: string): string {
  return path.join(root, '.oompa')
}

/** Names the program that `oompa init` was; `oompa_loompas.mjs` looks there last. */
export function packageFile(root: string): string {
  return path.join(stateFolder(root), 'package')
}

export function runsFolder(root: string): string {
  return path.join(stateFolder(root), 'runs')
}

export function runFolder(root: string, swarm: string): string {
  return path.join(runsFolder(root), swarm)
}

/** Everything an agent printed in one iteration. */
export function outputFile(root: string, swarm: string, worker: string, iteration: number): string {
  return path.join(runFolder(root, swarm), `${worker}-${iteration}.log`)
}

/** Files of tools that agents of a swarm left beside their work. */
export function litterFolder(root: string, swarm: string): string {
  return path.join(runFolder(root, swarm), 'litter')
}

/** What stood in an output file before it became too long. */
export function olderOutput(file: string): string {
  return `${file}.old`
}

/**
 * The user's cache folder for one repository: gates and spare worktrees live here and not in the repository, because
 * a test run inside it would find the main checkout's `node_modules`.
 */
export function cacheFolder(root: string): string {
  return path.join(sharedCache(), nameOf(root))
}

/**
 * The user's state folder for one repository: what we have to believe later lies here, and not in the repository, where
 * agents work.
 */
export function proofFolder(root: string): string {
  const base = process.env.OOMPA_STATE || process.env.XDG_STATE_HOME || path.join(homedir(), '.local/state')
  return path.join(base, 'oompa', nameOf(root))
}

/** A folder's name for a repository: one for each path. */
function nameOf(root: string): string {
  const hash = createHash('sha256').update(root).digest('hex').slice(0, 12)
  return `${path.basename(root).replace(/[^A-Za-z0-9_-]/g, '-')}-${hash}`
}

/** Worktrees in which merged trees are tested, `gate-1` … */
export function gatesFolder(root: string): string {
  return path.join(cacheFolder(root), 'gates')
}

/** Worktrees in which reviewers look at a change. */
export function reviewsFolder(root: string): string {
  return path.join(cacheFolder(root), 'reviews')
}

/** What all repositories of this user share: what is in it is named by its content. */
export function sharedCache(): string {
  const base = process.env.OOMPA_CACHE || process.env.XDG_CACHE_HOME || path.join(homedir(), '.cache')
  return path.join(base, 'oompa')
}
