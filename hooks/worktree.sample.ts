// Makes a new worktree ready before an agent starts in it: what is not in git, and dependencies.
// It may also be a function of your own, with zx: export default async (worktree) => { await worktree.$`npm ci` }
// `oompa add worktree` copies this to hooks/worktree.ts and fills in what it finds.
import { setup } from 'oompa-loompas'

export default setup({
  // Ignored files of the main checkout that each worktree gets a copy of.
  copy: ['.env'],
  // Run in the worktree. To share instead of installing: link: ['node_modules'].
  run: 'npm ci',
})
