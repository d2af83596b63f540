// Flags of an index by which git does not look at a file (git-update-index(1), assume-unchanged and skip-worktree). Set by
// an agent or a test, they would hide its edits from us, and hand them to the next who works there.

import { readFileSync } from 'node:fs'
import path from 'node:path'
import { isErrno } from '../errors.js'
import { textOf } from '../files/own.js'
import { gitFolders } from './folders.js'
import { git, gitFailed, gitText } from './run-git.js'
import { isSparse } from './sparse.js'

/**
 * Takes these flags from all files of a checkout: what they hid shows in its status then. In a sparse checkout those of
 * files that are left out stay.
 * @throws OompaError `git-failed`
 */
export async function clearFlags(checkout: string): Promise<void> {
  const { own, common } = gitFolders(checkout)
  const idBytes = /objectformat\s*=\s*sha256/i.test(textOf(path.join(common, 'config')) ?? '') ? 32 : 20
  if (!mayHaveFlags(readIndex(path.join(own, 'index')), idBytes)) return
  const sparse = await isSparse(checkout, own)
  const flagged = { assumed: [] as string[], skipped: [] as string[] }
  for (const line of (await gitText(checkout, ['ls-files', '-v', '-z'])).split('\0')) {
    const tag = line[0] ?? 'H'
    if (tag !== tag.toUpperCase()) flagged.assumed.push(line.slice(2))
    if (tag.toUpperCase() === 'S' && !sparse) flagged.skipped.push(line.slice(2))
  }
  await unflag(checkout, '--no-assume-unchanged', flagged.assumed)
  await unflag(checkout, '--no-skip-worktree', flagged.skipped)
}

async function unflag(checkout: string, option: string, files: readonly string[]): Promise<void> {
  if (files.length === 0) return
  const args = ['update-index', option, '-z', '--stdin']
  const { status, stderr } = await git(checkout, args, { input: files.map((file) => `${file}\0`).join('') })
  if (status !== 0) throw gitFailed(checkout, args, status, stderr)
}

function readIndex(file: string): Buffer {
  try {
    return readFileSync(file)
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return Buffer.alloc(0)
    throw error
  }
}

const ASSUME_VALID = 0x8000
const EXTENDED = 0x4000
const SKIP_WORKTREE = 0x4000
/** Times, numbers, mode, owner and size of one entry; its id comes next. */
const FACTS_BYTES = 40

/**
 * Whether an index (gitformat-index(5)) has such a flag, or is of a kind that is left to git to read. Read here, because
 * it is asked for each worktree and next to none has one. Pure.
 * @param idBytes 20, or 32 where ids are SHA-256
 */
export function mayHaveFlags(index: Buffer, idBytes = 20): boolean {
  if (index.length < 12 || index.toString('latin1', 0, 4) !== 'DIRC') return index.length > 0
  const version = index.readUInt32BE(4)
  if (version !== 2 && version !== 3) return true
  let at = 12
  for (let left = index.readUInt32BE(8); left > 0; left--) {
    const flagsAt = at + FACTS_BYTES + idBytes
    if (flagsAt + 2 > index.length) return true
    const flags = index.readUInt16BE(flagsAt)
    if (flags & ASSUME_VALID) return true
    const isExtended = (flags & EXTENDED) !== 0
    if (isExtended && index.readUInt16BE(flagsAt + 2) & SKIP_WORKTREE) return true
    const nameAt = flagsAt + (isExtended ? 4 : 2)
    const end = index.indexOf(0, nameAt)
    if (end < 0) return true
    // Entries are padded to eight bytes, with one zero at least.
    at += Math.ceil((end + 1 - at) / 8) * 8
  }
  // An index that is split over several files says so in an extension.
  return index.includes('link', at, 'latin1')
}
