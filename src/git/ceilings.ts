// Where the git of agents, hooks and tests stops looking for a repository.

import path from 'node:path'
import { gatesFolder, reviewsFolder } from '../files/paths.js'
import { isWorktreeName } from './registrations.js'

/**
 * Keeps git from walking up out of a worktree that has lost its `.git`: from one below the root it would go on in the
 * person's checkout, and from the cache folder in whatever their home is. Who works in the main checkout itself (an
 * agent at level 1, a hook) is not kept from it: a ceiling at the root would hide it from its own folders.
 */
export function ceilings(root: string, cwd: string): { GIT_CEILING_DIRECTORIES: string } {
  const [first = ''] = path.relative(root, cwd).split(path.sep)
  const folders = [...(isWorktreeName(first) ? [root] : []), gatesFolder(root), reviewsFolder(root)]
  return { GIT_CEILING_DIRECTORIES: folders.join(path.delimiter) }
}
