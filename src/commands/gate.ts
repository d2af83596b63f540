// Sets up a gate for `oompa merge` as a swarm sets up its worktrees: `.worktreeinclude`, then `hooks/worktree`.

import { findHooks, hasHook } from '../hooks/find.js'
import type { Worktree } from '../words.js'
import { standalone } from './standalone.js'

/** Costs nothing where there is neither. */
export async function setUpGate(root: string, gate: Worktree): Promise<void> {
  if (hasHook(findHooks(root), 'worktree')) {
    await standalone(root, {}, async ({ context }) => context.prepare?.(gate))
    return
  }
  const { includeFiles } = await import('../worktrees/include.js')
  await includeFiles(root, gate.path)
}
