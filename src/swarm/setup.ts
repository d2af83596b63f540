// Runs `.worktreeinclude` and the worktree hooks over a new worktree: dependencies, `.env`, whatever the work needs.

import { includeFiles } from '../worktrees/include.js'
import type { HookContext } from '../hooks/contract.js'
import type { Worktree } from '../words.js'
import type { Swarm } from './contract.js'

/**
 * @throws OompaError of the set-up that failed, with its output
 */
export async function setUpWorktree(worktree: Worktree, context: HookContext, swarm: Pick<Swarm, 'hooks' | 'repository'>): Promise<void> {
  await includeFiles(swarm.repository.root, worktree.path)
  for (const hook of swarm.hooks.worktree) await hook(worktree, context)
}
