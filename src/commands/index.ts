// The registry: every command, loaded only when it is called. A new command is one file and one line here.

import type { Command } from './contract.js'

interface Entry {
  /** For `oompa help`. */
  readonly summary: string
  readonly load: () => Promise<{ command: Command }>
}

export const commands = {
  completion: { summary: 'Completion for bash, zsh and fish', load: () => import('./completion.js') },
  help: { summary: 'List the commands, or explain one', load: () => import('./help.js') },
  info: { summary: 'Everything that is known of the last run', load: () => import('./info.js') },
  init: { summary: 'Write what level 1 needs and is not there; never overwrite', load: () => import('./init.js') },
  worktree: { summary: 'Named long-lived worktrees: new, list, remove', load: () => import('./worktree.js') },
} satisfies Record<string, Entry>
