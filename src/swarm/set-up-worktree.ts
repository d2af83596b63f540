// Runs `.worktreeinclude` and the worktree hooks over a new worktree: dependencies, `.env`, whatever the work needs.

import { existsSync } from 'node:fs'
import path from 'node:path'
import { runGitHook } from '../git/run-git.js'
import type { HookContext } from '../hooks/contract.js'
import type { Worktree } from '../words.js'
import { recordMade } from '../worktrees/made.js'
import type { Swarm } from './contract.js'

/**
 * What the hooks made is written down, so that it may stay for the next who works there (made.ts).
 * @throws OompaError of the set-up that failed, with its output
 */
export async function setUpWorktree(
  worktree: Worktree,
  context: HookContext,
  { hooks, root }: { readonly hooks: Pick<Swarm['hooks'], 'worktree'>; readonly root: string },
): Promise<void> {
  // As `git worktree add` does; ours fills the worktree in another way.
  await runGitHook(worktree.path, 'post-checkout', ['0'.repeat(40), worktree.base, '1'])
  if (existsSync(path.join(root, '.worktreeinclude'))) {
    const { includeFiles } = await import('../worktrees/include.js')
    await includeFiles(root, worktree.path)
  }
  for (const hook of hooks.worktree) await hook(worktree, context)
  if (hooks.worktree.length > 0 && worktree.path !== root) await recordMade(root, worktree.path)
}
