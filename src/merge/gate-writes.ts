// Which tracked files a test left changed in its gate. Some tests do so themselves, on every run; otherwise somebody else
// writes there, and what passed was not what is to land.

import { createHash } from 'node:crypto'
import { OompaError } from '../errors.js'
import { readProof, writeProof } from '../files/proofs.js'
import { clearFlags } from '../git/index-flags.js'
import { readStatus } from '../git/status.js'

/** Tracked files of a gate that are not the commit's; `HEAD` if it is on another commit. */
export async function differing(gate: string, commit: string): Promise<string[]> {
  try {
    await clearFlags(gate)
    const status = await readStatus(gate, { trackedOnly: true })
    const moved = status.commit === commit ? [] : ['HEAD']
    return [...moved, ...status.entries.map((entry) => entry.path)].sort()
  } catch (error) {
    if (error instanceof OompaError && error.code === 'worktree-changed') return ['.git']
    throw error
  }
}

/** Files that a test itself changes, by its command: what passes with these changes and no others has passed. */
const doings = new Map<string, ReadonlySet<string>>()

/** Whether these are files that the test is known to change. */
export function isOwnDoing(root: string, command: string, written: readonly string[]): boolean {
  if (written.length === 0) return true
  const known = doings.get(doingName(root, command)) ?? readDoing(root, command)
  return written.every((file) => known.has(file))
}

/** Remembers which files a test changes, for later processes, too. */
export function rememberDoing(root: string, command: string, written: readonly string[]): void {
  const name = doingName(root, command)
  doings.set(name, new Set(written))
  writeProof(root, 'tests', name, { command, files: written })
}

function readDoing(root: string, command: string): ReadonlySet<string> {
  const proof = readProof(root, 'tests', doingName(root, command))
  const files = typeof proof === 'object' && proof !== null && 'files' in proof ? proof.files : []
  return new Set(Array.isArray(files) ? files.filter((one): one is string => typeof one === 'string') : [])
}

function doingName(root: string, command: string): string {
  return createHash('sha256').update(`${root}\0${command}`).digest('hex').slice(0, 40)
}

/** The error for a gate in which somebody else works. */
export function writtenIn(gate: string, files: readonly string[]): OompaError {
  return new OompaError({
    code: 'gate-failed',
    message: `Somebody writes in ${gate} while it is tested there: ${namesOf(files)}.`,
    mend: 'Only oompa works there. End what else does: ps -ef',
  })
}

/** The first of some files, for a sentence. */
export function namesOf(files: readonly string[]): string {
  return files.length > 5 ? `${files.slice(0, 5).join(', ')} and ${files.length - 5} more` : files.join(', ')
}
