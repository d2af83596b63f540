// The registry: every command, loaded only when it is called. A new command is one file and one line here.

import type { Command } from './contract.js'

interface Entry {
  /** For `oompa help`. */
  readonly summary: string
  readonly load: () => Promise<{ command: Command }>
}

export const commands = {} satisfies Record<string, Entry>
