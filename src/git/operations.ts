// What somebody is in the middle of in a checkout: a merge, a rebase. Read from the files that git keeps for it.

import { existsSync } from 'node:fs'
import { onDisk } from '../files/bytes.js'

export interface Operation {
  /** `a merge`, `a rebase`, … */
  readonly name: string
  /** The command that ends it with all that it was to do. */
  readonly finish: string
  /** The command that takes it back. */
  readonly abort: string
}

const sequence = (name: string, command: string): Operation => ({
  name,
  finish: `git ${command} --continue`,
  abort: `git ${command} --abort`,
})

const BISECT: Operation = { name: 'a bisect', finish: 'git bisect reset', abort: 'git bisect reset' }

/** In this order: a rebase stops with a CHERRY_PICK_HEAD, a cherry-pick of several commits with a `sequencer`. */
const OPERATIONS: readonly (readonly [file: string, operation: Operation])[] = [
  ['rebase-merge', sequence('a rebase', 'rebase')],
  ['rebase-apply/applying', sequence('an am', 'am')],
  ['rebase-apply', sequence('a rebase', 'rebase')],
  ['MERGE_HEAD', { name: 'a merge', finish: 'git commit', abort: 'git merge --abort' }],
  ['CHERRY_PICK_HEAD', sequence('a cherry-pick', 'cherry-pick')],
  ['REVERT_HEAD', sequence('a revert', 'revert')],
  // Between two commits of several: `git commit` in place of `--continue` leaves the rest of the list.
  ['sequencer/todo', sequence('a cherry-pick', 'cherry-pick')],
  ['BISECT_LOG', BISECT],
  ['BISECT_START', BISECT],
]

/**
 * What is in progress in a checkout.
 * @param own its own git directory
 */
export function operationIn(own: string): Operation | undefined {
  return OPERATIONS.find(([file]) => existsSync(onDisk(own, file)))?.[1]
}
