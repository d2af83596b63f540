// The registry: every command, loaded only when it is called. A new command is one file and one line here.

import type { Command } from './contract.js'

interface Entry {
  /** For `oompa help`. */
  readonly summary: string
  readonly load: () => Promise<{ command: Command }>
}

export const commands = {
  kill: { summary: 'End a swarm now, with all that it started', load: () => import('./kill.js') },
  list: { summary: 'List swarms, the latest first', load: () => import('./list.js') },
  logs: { summary: 'Print what agents printed', load: () => import('./logs.js') },
  status: { summary: 'Show what the running swarms are doing', load: () => import('./status.js') },
  stop: { summary: 'Ask a running swarm to end gently', load: () => import('./stop.js') },
  view: { summary: 'Show one swarm, as it is now or live', load: () => import('./view.js') },
  worktrees: { summary: 'List the worktrees of iterations', load: () => import('./worktrees.js') },
} satisfies Record<string, Entry>
