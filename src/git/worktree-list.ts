// Reads what git knows of a repository's worktrees.

import { realpathSync } from 'node:fs'
import { gitText } from './run-git.js'

export interface WorktreeEntry {
  readonly path: string
  /** The commit that is checked out. */
  readonly head?: string
  /** Without `refs/heads/`; undefined on a detached HEAD. */
  readonly branch?: string
  readonly locked: boolean
  /** The directory is gone. */
  readonly prunable: boolean
}

/** Every worktree of the repository, the main checkout first. */
export async function listWorktrees(root: string): Promise<WorktreeEntry[]> {
  const text = await gitText(root, ['worktree', 'list', '--porcelain', '-z'])
  return text
    .split('\0\0')
    .filter((block) => block.startsWith('worktree '))
    .map((block) => {
      const lines = block.split('\0')
      const value = (key: string) => lines.find((line) => line.startsWith(`${key} `))?.slice(key.length + 1)
      const has = (key: string) => lines.some((line) => line === key || line.startsWith(`${key} `))
      const path = value('worktree') ?? ''
      return {
        path: has('prunable') ? path : resolved(path),
        head: value('HEAD'),
        branch: value('branch')?.replace(/^refs\/heads\//, ''),
        locked: has('locked'),
        prunable: has('prunable'),
      }
    })
}

function resolved(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return path
  }
}

/** How many commits `branch` has that `base` has not. */
export async function commitsOver(root: string, base: string, branch: string): Promise<number> {
  return Number(await gitText(root, ['rev-list', '--count', `${base}..${branch}`, '--']))
}
