// Finds the main checkout without starting git: a claim from a shell must cost hardly more than an empty program.

import { lstatSync, readFileSync, realpathSync } from 'node:fs'
import path from 'node:path'

/**
 * The main checkout above `cwd`, links resolved, from any folder or linked worktree of it.
 * @throws OompaError `not-a-repository`, `bare-repository` (status 2)
 */
export async function findRoot(cwd: string = process.cwd()): Promise<string> {
  const found = quickRoot(cwd)
  if (found) return found
  // Bare repositories, submodules and the error for everything else: git knows.
  const { findRepository } = await import('../git/repository.js')
  return (await findRepository(cwd)).root
}

function quickRoot(cwd: string): string | undefined {
  for (let folder = path.resolve(cwd); ; folder = path.dirname(folder)) {
    const stat = lstatSync(path.join(folder, '.git'), { throwIfNoEntry: false })
    if (stat?.isDirectory()) {
      return isGitFolder(path.join(folder, '.git')) ? realpathSync(folder) : undefined
    }
    if (stat) return fromLinkedWorktree(folder)
    if (folder === path.dirname(folder)) return undefined
  }
}

function isGitFolder(folder: string): boolean {
  return lstatSync(path.join(folder, 'HEAD'), { throwIfNoEntry: false }) !== undefined
}

/** `.git` of a linked worktree is a file that names its folder, which names the common one. */
function fromLinkedWorktree(folder: string): string | undefined {
  try {
    const named = /^gitdir: (.+)/.exec(readFileSync(path.join(folder, '.git'), 'utf8').trimEnd())?.[1]
    if (!named) return undefined
    const own = path.resolve(folder, named)
    const common = path.resolve(own, readFileSync(path.join(own, 'commondir'), 'utf8').trim())
    const root = path.dirname(common)
    return path.basename(common) === '.git' && lstatSync(common).isDirectory() && isGitFolder(common)
      ? realpathSync(root)
      : undefined
  } catch {
    return undefined
  }
}
