// Records that we believe later: outside the repository, for this user alone, since whatever lies in the repository an
// agent can write. A proof that is not there is no error: what it would have said is then asked of git, or of a person.

import { closeSync, constants, fstatSync, openSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import path from 'node:path'
import { createFile } from './create.js'
import { makeFolder } from './make-folder.js'
import { proofFolder } from './paths.js'

/**
 * What is proved: a change that waits for a person, how a swarm was started, what a set-up made, which files a test
 * changes, the key of the page, and pull requests that are open.
 */
export type ProofKind = 'approvals' | 'starts' | 'setups' | 'tests' | 'page' | 'pulls'

const NAME = /^[A-Za-z0-9][A-Za-z0-9_-]*$/
/** More than any of them has; a larger one is not ours. */
const MOST_BYTES = 4_000_000

function fileOf(root: string, kind: ProofKind, name: string): string {
  return path.join(proofFolder(root), kind, `${name}.json`)
}

/** Writes a proof, whole or not at all; false where there is no place for it (a home that is read-only, a full disk). */
export function writeProof(root: string, kind: ProofKind, name: string, value: unknown): boolean {
  const file = fileOf(root, kind, name)
  const draft = `${file}.${process.pid}`
  try {
    makeFolder(path.dirname(file), 0o700)
    createFile(draft, `${JSON.stringify(value, null, 2)}\n`, 0o600)
    renameSync(draft, file)
    return true
  } catch {
    rmSync(draft, { force: true })
    return false
  }
}

/** What was written under this name; undefined if there is no such proof, or others than this user could have made it. */
export function readProof(root: string, kind: ProofKind, name: string): unknown {
  if (!NAME.test(name)) return undefined
  let file: number
  try {
    file = openSync(fileOf(root, kind, name), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch {
    return undefined
  }
  try {
    const { uid, mode, size } = fstatSync(file)
    const ours = uid === process.getuid?.() && (mode & 0o177) === 0 && size <= MOST_BYTES
    return ours ? JSON.parse(readFileSync(file, 'utf8')) : undefined
  } catch {
    return undefined
  } finally {
    closeSync(file)
  }
}

/** The names of all proofs of a kind. */
export function proofNames(root: string, kind: ProofKind): string[] {
  try {
    return readdirSync(path.join(proofFolder(root), kind)).flatMap((file) => {
      const name = file.replace(/\.json$/, '')
      return name !== file && NAME.test(name) ? name : []
    })
  } catch {
    return []
  }
}

export function removeProof(root: string, kind: ProofKind, name: string): void {
  if (NAME.test(name)) rmSync(fileOf(root, kind, name), { force: true })
}
