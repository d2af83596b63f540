// The names of task stores: paths, in one spelling.

import path from 'node:path'
import { type OompaError, usageError } from '../errors.js'

/** The path of a store below the root as all of the code has it: `./tasks/api/` is `tasks/api`. */
export function storePath(text: string): string {
  const plain = path.posix.normalize(text.trim())
  return plain.length > 1 && plain.endsWith('/') ? plain.slice(0, -1) : plain
}

/** @param known the stores that there are, by their paths; none where there are not several */
export function unknownStore(name: string, known: readonly string[]): OompaError {
  const there = known.length > 0 ? `there are ${known.join(', ')}` : 'oompa.json names none'
  return usageError(
    `There is no task store \`${name}\`: ${there}.`,
    'Name it in oompa.json: { "tasks": { "stores": ["tasks/api", "tasks/web/task-graph.yaml"] } }',
    'unknown-store',
  )
}
