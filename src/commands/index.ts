// The registry: every command, loaded only when it is called. A new command is one file and one line here.

import type { Command } from './contract.js'

interface Entry {
  /** For `oompa help`. */
  readonly summary: string
  readonly load: () => Promise<{ command: Command }>
}

export const commands = {
  lock: {
    summary: 'Run a command while holding a lock: flock for scripts',
    load: () => import('./lock.js'),
  },
  merge: {
    summary: 'Land one branch, tested on the merged tree, without a checkout',
    load: () => import('./merge.js'),
  },
} satisfies Record<string, Entry>
