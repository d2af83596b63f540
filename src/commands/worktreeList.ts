// `oompa worktree list`: the named worktrees, with what is unsaved in them and whether their work has landed.

import { type Command, flag, text } from '../cli/contract.js'
import { STATUS } from '../errors.js'
import { findRepository } from '../git/repository.js'
import { resolveTarget } from '../merge/target.js'
import type { NamedWorktree } from '../worktrees/named.js'

export const command: Command = {
  summary: 'List the named worktrees, with what is unsaved in them and whether their work has landed.',
  options: {
    into: { type: 'string', describe: 'The branch that work lands on (the one that is checked out)', names: 'branch' },
    json: { type: 'boolean', describe: 'Print JSON' },
  },
  examples: [['oompa worktree list --json', 'for programs']],
  async run(args) {
    const { root } = await findRepository()
    const { listNamed } = await import('../worktrees/named.js')
    const target = await resolveTarget(root, text(args, 'into'))
    const worktrees = await listNamed(root, `refs/heads/${target}`)
    if (flag(args, 'json')) console.log(JSON.stringify(worktrees, null, 2))
    else if (worktrees.length === 0) console.log('There is no named worktree.\n  → oompa worktree new NAME')
    else for (const worktree of worktrees) console.log(line(worktree, target))
    return STATUS.done
  },
}

/** One worktree in words. Pure. */
export function line(worktree: NamedWorktree, target: string): string {
  const facts = [
    ...(worktree.gone ? [`its directory is gone (oompa worktree remove ${worktree.name})`] : []),
    ...(worktree.unsaved > 0 ? [`${worktree.unsaved} unsaved`] : []),
    worktree.merged ? `landed on ${target}` : `${worktree.ahead} ahead of ${target}`,
    ...(worktree.story ? [`story ${worktree.story}`] : []),
  ]
  return `${worktree.name}  ${worktree.branch ?? '(detached)'}  ${facts.join(', ')}\n  ${worktree.path}`
}
