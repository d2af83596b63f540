// Sets up a gate for `oompa merge` as a swarm sets up its worktrees: `.worktreeinclude`, then `hooks/worktree`.

import { findHooks, hasHook } from '../hooks/find.js'
import type { Worktree } from '../words.js'
import { standalone } from './standalone.js'

/** Costs nothing where there is neither. */
export async function setUpGate(root: string, gate: Worktree): Promise<void> {
  const { includeFiles } = await import('../worktrees/include.js')
  await includeFiles(root, gate.path)
  if (!hasHook(findHooks(root), 'worktree')) return
  await standalone(root, {}, async ({ hooks, context }) => {
    for (const hook of hooks.worktree) await hook(gate, context)
  })
}
