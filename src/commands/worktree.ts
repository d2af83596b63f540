// `oompa worktree new|list|remove`: long-lived worktrees of a person's own, beside the repository.

import type { Command } from '../cli/contract.js'

const list = () => import('./worktreeList.js')

export const command: Command = {
  summary: 'Named long-lived worktrees ../<repo>-NAME on feature/NAME: new, list, remove.',
  options: { json: { type: 'boolean', describe: 'Print JSON' } },
  examples: [
    ['oompa worktree new login', '../<repo>-login on feature/login, dependencies installed'],
    ['oompa worktree list', 'with what is unsaved and what has landed'],
    ['oompa worktree remove login', 'only if nothing would be lost'],
  ],
  subcommands: {
    new: { summary: 'Make one', load: () => import('./worktreeNew.js') },
    list: { summary: 'List them', load: list },
    remove: { summary: 'Remove one, only if nothing would be lost', load: () => import('./worktreeRemove.js') },
  },
  async run(args, root) {
    return (await list()).command.run(args, root)
  },
}
