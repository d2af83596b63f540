// What all worktrees of a repository share below its git directory, and any agent can write: read from files, so that
// a look before and after each agent costs a few stats, and one `for-each-ref` where refs are compared.

import { readdirSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { isErrno } from '../errors.js'
import { gitText } from './run-git.js'

/** One file, and what says that it has not changed since. */
export interface FileState {
  readonly stamp: string
  readonly mode: number
  /** Undefined for what is no file, or too large to be one of git's. */
  readonly content?: Buffer
}

/** An entry of the stash. */
export interface StashEntry {
  readonly oid: string
  readonly message: string
}

export interface SharedState {
  /** By path below the common git directory; what is not there is not in it. */
  readonly files: ReadonlyMap<string, FileState>
  /** The oldest first. */
  readonly stash: readonly StashEntry[]
  /** Where refs are compared: full name to id. */
  readonly refs?: ReadonlyMap<string, string>
}

/** What git reads there beside objects, refs and hooks; docs/decisions/0015-what-agents-can-write.md. */
const FILES = [
  'config',
  'config.worktree',
  'info/attributes',
  'info/exclude',
  'info/grafts',
  'info/sparse-checkout',
  'objects/info/alternates',
  'shallow',
]

const MOST_BYTES = 4_000_000

/** Reads the files; what has the same stamp as before is not read again. */
export function readSharedFiles(
  common: string,
  worktrees: readonly string[],
  before?: SharedState,
): Pick<SharedState, 'files' | 'stash'> {
  const names = [...FILES, ...worktrees.map((name) => `worktrees/${name}/config.worktree`), ...hooksIn(common)]
  const files = new Map<string, FileState>()
  for (const name of names) {
    const state = readState(path.join(common, name), before?.files.get(name))
    if (state) files.set(name, state)
  }
  const log = readState(path.join(common, STASH), before?.files.get(STASH))
  if (log) files.set(STASH, log)
  return { files, stash: log?.content ? stashEntries(log.content) : [] }
}

/** The stash is a ref with a log: an entry is a line of it. */
const STASH = 'logs/refs/stash'

function stashEntries(log: Buffer): StashEntry[] {
  return log
    .toString('utf8')
    .split('\n')
    .flatMap((line) => {
      const [facts = '', message = ''] = line.split('\t')
      const oid = facts.split(' ')[1]
      return oid ? [{ oid, message }] : []
    })
}

function hooksIn(common: string): string[] {
  try {
    const names = readdirSync(path.join(common, 'hooks')).filter((name) => !name.endsWith('.sample'))
    return names.map((name) => `hooks/${name}`)
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return []
    throw error
  }
}

/** Never a pipe that somebody has put in its place: opening one waits for ever. */
function readState(file: string, before?: FileState): FileState | undefined {
  try {
    const facts = statSync(file, { bigint: true })
    const stamp = `${facts.ino} ${facts.size} ${facts.mode} ${facts.mtimeNs} ${facts.ctimeNs}`
    if (stamp === before?.stamp) return before
    const mode = Number(facts.mode) & 0o777
    if (!facts.isFile() || facts.size > MOST_BYTES) return { stamp, mode }
    return { stamp, mode, content: readFileSync(file) }
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR', 'ELOOP', 'EACCES')) return undefined
    throw error
  }
}

/** Every ref of the repository. */
export async function readSharedRefs(root: string): Promise<ReadonlyMap<string, string>> {
  const text = await gitText(root, ['for-each-ref', '--format=%(objectname) %(refname)'])
  return new Map(
    text.split('\n').flatMap((line) => {
      const space = line.indexOf(' ')
      return space > 0 ? [[line.slice(space + 1), line.slice(0, space)] as const] : []
    }),
  )
}

/** Whether git itself has given a ref its value: its log ends with it. Undefined if it has no log. */
export function isLogged(common: string, ref: string, oid: string): boolean | undefined {
  try {
    const log = readFileSync(path.join(common, 'logs', ref), 'utf8').trimEnd()
    const last = log.slice(log.lastIndexOf('\n') + 1)
    return last === '' ? undefined : last.split(' ')[1] === oid
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR', 'EISDIR')) return undefined
    throw error
  }
}
