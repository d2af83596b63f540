// Files of tools that an agent left beside its work: said in one line for each reason, and moved out of the worktree,
// which would have to stay for them.

import { renameSync } from 'node:fs'
import path from 'node:path'
import { onDisk } from '../files/bytes.js'
import { makeFolder } from '../files/folders.js'
import { kindOf } from '../files/kind.js'
import { litterFolder } from '../files/paths.js'
import type { Leftovers } from '../merge/commit.js'
import { LITTER } from '../merge/secrets.js'
import type { Worktree } from '../words.js'
import type { Iteration } from './contract.js'

/** Names that are said for each reason; all of them would be thousands where packages were installed. */
const MOST_NAMES = 20

/** Says what was not committed and why, and remembers what need not stay. */
export function sayLeft(iteration: Iteration, left: Leftovers['left']): void {
  for (const reason of new Set(left.map((one) => one.reason))) {
    const files = left.filter((one) => one.reason === reason)
    iteration.lane.swarm.emit({
      type: 'note',
      level: reason === LITTER ? 'info' : 'warning',
      worker: iteration.worker,
      iteration: iteration.number,
      text: `${namesOf(files.map((file) => file.path))} not committed: ${reason}`,
    })
  }
  rememberLitter(iteration, left)
}

/** Of one file or several, with the verb. */
function namesOf(names: readonly string[]): string {
  const shown = names.slice(0, MOST_NAMES).join(', ')
  if (names.length === 1) return `${shown} is`
  return names.length > MOST_NAMES ? `${shown} and ${names.length - MOST_NAMES} more are` : `${shown} are`
}

export function rememberLitter(iteration: Iteration, left: Leftovers['left']): void {
  for (const { path: file, reason } of left) if (reason === LITTER) iteration.litter.add(file)
}

/** Moves litter from a worktree that is given back to the folder of its swarm; what cannot be moved stays. */
export function putLitterAside({ litter, lane, worker, number }: Iteration, worktree: Worktree): void {
  const aside = path.join(litterFolder(lane.swarm.repository.root, lane.swarm.id), `${worker}-${number}`)
  for (const file of litter) {
    if (kindOf(path.join(worktree.path, file)) !== 'file') continue
    try {
      makeFolder(path.dirname(path.join(aside, file)))
      renameSync(onDisk(worktree.path, file), onDisk(aside, file))
    } catch {
      // Then the worktree stays for it, and that is said.
    }
  }
}
