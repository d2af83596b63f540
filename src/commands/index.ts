// The registry: every command, loaded only when it is called. A new command is one file and one line here.

import type { Command } from './contract.js'

interface Entry {
  /** For `oompa help`. */
  readonly summary: string
  readonly load: () => Promise<{ command: Command }>
}

export const commands = {
  requeue: { summary: 'puts stale claims back to pending', load: () => import('./requeue.js') },
  tasks: { summary: 'tasks: add, claim, complete, release, show, lint, graph …', load: () => import('./tasks.js') },
} satisfies Record<string, Entry>
