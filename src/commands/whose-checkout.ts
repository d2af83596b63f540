// In a linked worktree a command means the main checkout: whoever types it there is told, before anything is done.

import { statSync } from 'node:fs'
import path from 'node:path'

/** These say it themselves, are about no checkout or the worktree's own loop, or only pass something on. */
const SILENT = new Set(['run', 'swarm', 'loop', 'resume', 'logs', 'help', 'completion', 'lock', 'demo'])

/** Says it on standard error; nothing to agents, who are in worktrees of ours all the time, and nothing to programs. */
export async function sayCheckout(command: string, isForPrograms: boolean): Promise<void> {
  if (SILENT.has(command) || isForPrograms || process.env.OOMPA_WORKER || !isLinked(process.cwd())) return
  const { findRepository } = await import('../git/repository.js')
  const repository = await findRepository().catch(() => undefined)
  if (!repository || repository.root === repository.here) return
  console.error(`In ${repository.here}: this is about the main checkout, ${repository.root}.`)
}

/** Whether the nearest `.git` above is a file, as a linked worktree has it. */
function isLinked(folder: string): boolean {
  for (let here = folder; ; here = path.dirname(here)) {
    const found = statSync(path.join(here, '.git'), { throwIfNoEntry: false })
    if (found) return found.isFile()
    if (here === path.dirname(here)) return false
  }
}
