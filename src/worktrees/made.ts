// What the person's set-up made in a worktree, so that it may stay there for the next who works in it: written down when
// the set-up has ended, before any agent or test runs, and compared afterwards. All else that git ignores goes: one
// agent's `node_modules` is never run by another's test.

import { createHash } from 'node:crypto'
import { type BigIntStats, lstatSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { setImmediate as breathe } from 'node:timers/promises'
import { isErrno } from '../errors.js'
import { fromBytes, onDisk, toBytes } from '../files/bytes.js'
import { proofNames, readProof, removeProof, writeProof } from '../files/proofs.js'
import { gitFolders } from '../git/folders.js'
import { git, gitFailed, gitText } from '../git/run-git.js'
import { LOCK_FILES } from './dependencies.js'

/** In a worktree's own git directory, or beside the files of a spare. */
export const MADE_FILE = 'oompa-made'

/** A record that was written for more worktrees than anybody has is of no use any more. */
const MOST_PROOFS = 200

/**
 * Writes down what git ignores in a worktree that was just set up. Without a lock file nothing says whether a later
 * set-up would make the same, and nothing is kept.
 * @param root the main checkout
 */
export async function recordMade(root: string, checkout: string): Promise<void> {
  const file = path.join(gitFolders(checkout).own, MADE_FILE)
  forget(root, file)
  const locks = lockFiles(checkout)
  if (locks === undefined) return
  const found = await lookAt(checkout, await ignoredRoots(checkout))
  const lines = [...found].map(([name, facts]) => `${facts}\t${name}\0`)
  if (lines.length === 0) return
  const bytes = Buffer.concat([Buffer.from(`${locks}\0`), ...lines.map(toBytes)])
  writeFileSync(file, bytes)
  writeProof(root, 'setups', digestOf(bytes), { checkout })
  for (const name of proofNames(root, 'setups').slice(0, -MOST_PROOFS)) removeProof(root, 'setups', name)
}

/**
 * Removes what git ignores, and what it does not know, from a worktree at its new commit, except what the set-up made
 * and nobody has changed, while the lock files are what they were.
 * @param record what was written down, wherever it is now
 * @throws OompaError `git-failed`
 */
export async function cleanOthers(root: string, checkout: string, record: string): Promise<void> {
  const made = believed(root, record)
  forget(root, record)
  if (made === undefined || made.locks !== lockFiles(checkout)) {
    await gitText(checkout, ['clean', '-ffdxq'])
    return
  }
  await gitText(checkout, ['clean', '-ffdq'])
  const roots = await ignoredRoots(checkout)
  const before = byRoot(made.files.keys(), new Set(roots))
  const gone: string[] = []
  for (const top of roots) {
    const now = await lookAt(checkout, [top])
    const names = before.get(top) ?? []
    const isWhole = names.length > 0 && names.every((name) => now.get(name) === made.files.get(name))
    if (isWhole) gone.push(...outermost([...now.keys()].filter((name) => !made.files.has(name))))
    else gone.push(top)
  }
  await removeIgnored(checkout, gone)
}

/** Whether there is a record at all: then somebody has to look at it. */
export function hasRecord(record: string): boolean {
  return lstatSync(record, { throwIfNoEntry: false })?.isFile() === true
}

interface Made {
  readonly locks: string
  readonly files: ReadonlyMap<string, string>
}

/** What a record says, if it is one that we wrote: agents can write where it lies. */
function believed(root: string, record: string): Made | undefined {
  if (!hasRecord(record)) return undefined
  const bytes = readFileSync(record)
  if (readProof(root, 'setups', digestOf(bytes)) === undefined) return undefined
  const [locks = '', ...entries] = fromBytes(bytes).split('\0')
  const files = entries.filter(Boolean).map((entry): [string, string] => {
    const tab = entry.indexOf('\t')
    return [entry.slice(tab + 1), entry.slice(0, tab)]
  })
  return { locks, files: new Map(files) }
}

function forget(root: string, record: string): void {
  if (!hasRecord(record)) return
  removeProof(root, 'setups', digestOf(readFileSync(record)))
  rmSync(record, { force: true })
}

function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex').slice(0, 40)
}

/** The lock files of a checkout, as one word; undefined if there is none. */
function lockFiles(checkout: string): string | undefined {
  const hash = createHash('sha256')
  let any = false
  for (const name of LOCK_FILES) {
    try {
      hash.update(`${name}\0`).update(readFileSync(path.join(checkout, name)))
      any = true
    } catch (error) {
      if (!isErrno(error, 'ENOENT', 'EISDIR', 'ELOOP')) throw error
    }
  }
  return any ? hash.digest('hex') : undefined
}

/** What git ignores, each folder that it ignores as a whole as one. */
async function ignoredRoots(checkout: string): Promise<string[]> {
  const args = ['ls-files', '--others', '--ignored', '--exclude-standard', '--directory', '-z']
  return (await gitText(checkout, args))
    .split('\0')
    .filter(Boolean)
    .map((name) => name.replace(/\/$/, ''))
}

const AT_ONCE = 2000

/** Every file, link and folder in `roots`, with a word that is another one when it was changed. */
async function lookAt(checkout: string, roots: readonly string[]): Promise<Map<string, string>> {
  const found = new Map<string, string>()
  const waiting = [...roots]
  let looked = 0
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (++looked % AT_ONCE === 0) await breathe()
    const stat = lstatSync(onDisk(checkout, name), { throwIfNoEntry: false, bigint: true })
    if (!stat) continue
    found.set(name, factsOf(stat))
    if (!stat.isDirectory()) continue
    for (const entry of readdirSync(onDisk(checkout, name), 'buffer')) waiting.push(`${name}/${fromBytes(entry)}`)
  }
  return found
}

/**
 * A program can set a file's time of change back, but not the time at which its inode was changed. A file with several
 * names (pnpm links each from its store) has that changed whenever it gets another name.
 */
function factsOf(stat: BigIntStats): string {
  if (stat.isDirectory()) return `folder ${stat.mode}`
  const when = stat.nlink > 1n ? stat.mtimeNs : stat.ctimeNs
  return `${stat.ino} ${stat.mode} ${stat.size} ${when}`
}

/** Names by the root that they are in, which may be they themselves. Pure. */
function byRoot(all: Iterable<string>, roots: ReadonlySet<string>): Map<string, string[]> {
  const found = new Map<string, string[]>()
  for (const name of all) {
    let at = name
    while (at !== '.' && !roots.has(at)) at = path.posix.dirname(at)
    const names = found.get(at)
    if (names) names.push(name)
    else found.set(at, [name])
  }
  return found
}

/** Without those that are in another of them. Pure. */
function outermost(names: readonly string[]): string[] {
  const all = new Set(names)
  return names.filter((name) => {
    for (let at = path.posix.dirname(name); at !== '.'; at = path.posix.dirname(at)) if (all.has(at)) return false
    return true
  })
}

const MOST_ARGUMENTS = 500

/** Git removes what it ignores, and nothing else, whatever stands there now. */
async function removeIgnored(checkout: string, names: readonly string[]): Promise<void> {
  for (let at = 0; at < names.length; at += MOST_ARGUMENTS) {
    const args = ['clean', '-ffdxq', '--', ...names.slice(at, at + MOST_ARGUMENTS)]
    const { status, stderr } = await git(checkout, args, { env: { GIT_LITERAL_PATHSPECS: '1' } })
    if (status !== 0) throw gitFailed(checkout, ['clean', '-ffdxq'], status, stderr)
  }
}
