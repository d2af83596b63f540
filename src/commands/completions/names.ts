// The names that a shell completes: read from folders and refs, never by loading what they stand for.

import { readdirSync } from 'node:fs'
import path from 'node:path'
import { builtInHarnesses } from '../../agents/spec.js'
import { swarmIds } from '../../events/log.js'
import { findRepository } from '../../git/repository.js'
import { git } from '../../git/run.js'

export type NameKind = 'swarm' | 'worker' | 'task' | 'pending' | 'current' | 'branch' | 'worktree' | 'agent'

/** Every name of a kind; none outside of a repository. */
export async function names(kind: NameKind): Promise<string[]> {
  if (kind === 'agent') return [...builtInHarnesses]
  const { root } = await findRepository()
  switch (kind) {
    case 'swarm':
      return swarmIds(root)
    case 'worker':
      return workers(root)
    case 'pending':
      return tasks(root, ['pending'])
    case 'current':
      return tasks(root, ['current'])
    case 'task':
      return tasks(root, ['pending', 'current', 'complete'])
    case 'branch':
      return branches(root)
    case 'worktree':
      return worktrees(root)
  }
}

/** Workers of the latest swarm: their logs are named after them. */
async function workers(root: string): Promise<string[]> {
  const { findRun } = await import('../../events/runs.js')
  const { workersOf } = await import('../../events/running.js')
  return workersOf(root, findRun(root).swarm)
}

/** A task's file has its id as name, but for characters that a file name should not have. */
function tasks(root: string, folders: readonly string[]): string[] {
  return folders.flatMap((folder) =>
    entries(path.join(root, 'tasks', folder))
      .filter((name) => /\.(edn|json)$/.test(name) && !name.startsWith('.'))
      .map((name) => name.replace(/\.[^.]+$/, '')),
  )
}

async function branches(root: string): Promise<string[]> {
  const { stdout } = await git(root, ['for-each-ref', '--format=%(refname)', 'refs/heads/'])
  return stdout
    .split('\n')
    .filter((ref) => ref !== '')
    .map((ref) => ref.replace(/^refs\/heads\//, ''))
}

async function worktrees(root: string): Promise<string[]> {
  const { listWorktrees } = await import('../../git/worktrees.js')
  const { namedPath } = await import('../../worktrees/named.js')
  const prefix = namedPath(root, '')
  return (await listWorktrees(root))
    .map((one) => one.path)
    .filter((one) => one.startsWith(prefix))
    .map((one) => one.slice(prefix.length))
}

function entries(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}
