// Moves a checkout from one commit to the next without losing anything: the index under git's own lock, on a copy,
// so that a crash leaves the person's index as it was. `git read-tree -m -u` would do, but overwrites ignored files
// without a word, and reads the state of every file: 250 ms on 50,000, where this takes 60.

import { copyFileSync, existsSync, linkSync, mkdirSync, renameSync, rmdirSync, rmSync, unlinkSync } from 'node:fs'
import path from 'node:path'
import { isErrno } from '../errors.js'
import { onDisk } from '../files/bytes.js'
import type { RawChange } from './changes.js'
import type { Checkout } from './checkouts.js'
import { contentId, looker } from './disk.js'
import { indexFiles, letGoOf, takeLock } from './index-lock.js'
import { type Blocked, type IndexEntry, type MovePlan, planMove } from './overlap.js'
import { git, gitFailed, gitText } from './run-git.js'
import { leftOutOf } from './sparse.js'

/** A checkout whose files are those of the new commit, with its index still to be put in place. */
export interface Moved {
  /** Puts the index in place: the last step, a rename. */
  finish(): void
  /** Back to where it was. */
  undo(): Promise<void>
}

export interface MoveOptions {
  readonly checkout: Checkout
  /** Paths that somebody else puts on disk, or takes away (a task's files): only the index is changed. */
  readonly notOnDisk?: ReadonlySet<string>
  /** The difference between them. */
  readonly changes: readonly RawChange[]
}

/** Above so many changed paths it is cheaper to read all of the index than to name them. */
const MANY = 200

export function isBlocked(value: Moved | Blocked): value is Blocked {
  return 'reason' in value
}

/** What a move would be refused for now. Takes no lock, so that the person's own git commands go on meanwhile. */
export async function whatIsInTheWay({ checkout, changes, notOnDisk }: MoveOptions): Promise<Blocked | undefined> {
  const { index, lock } = indexFiles(checkout.own)
  if (checkout.busy) return inProgress(checkout)
  if (existsSync(lock)) return atWork(checkout, lock)
  const plan = await inspect(checkout, index, changes, notOnDisk ?? new Set())
  return 'reason' in plan ? plan : undefined
}

/** Writes the files of `to` where the checkout has those of `from`, or says what would be lost, having done nothing. */
export async function moveCheckout(options: MoveOptions): Promise<Moved | Blocked> {
  const { checkout, changes } = options
  if (checkout.busy) return inProgress(checkout)
  const { index, lock, copy } = indexFiles(checkout.own)
  if (!takeLock(lock)) return atWork(checkout, lock)
  const letGo = () => letGoOf(checkout.own)
  try {
    if (existsSync(index)) copyIndex(index, copy)
    const plan = await inspect(checkout, copy, changes, options.notOnDisk ?? new Set())
    if ('reason' in plan) {
      letGo()
      return plan
    }
    await applyMove(checkout.path, copy, plan)
    return {
      finish() {
        renameSync(copy, index)
        letGo()
      },
      async undo() {
        await applyMove(checkout.path, copy, reversed(plan))
        letGo()
      },
    }
  } catch (error) {
    letGo()
    throw error
  }
}

function inProgress({ busy, path }: Checkout): Blocked {
  return { reason: `${busy} is in progress in ${path}`, paths: [] }
}

function atWork({ path }: Checkout, lock: string): Blocked {
  return { reason: `another git command is at work in ${path} (${lock} exists)`, paths: [] }
}

/** Whole or not at all: what is there after a crash is read. */
function copyIndex(index: string, copy: string): void {
  // Left by a crash, where somebody has removed the lock by hand since.
  rmSync(copy, { force: true })
  try {
    // Git never writes into an index, but replaces it: a second name does for a copy of its megabytes.
    linkSync(index, copy)
  } catch {
    // A file system without links.
    copyFileSync(index, `${copy}.new`)
    renameSync(`${copy}.new`, copy)
  }
}

async function inspect(
  checkout: Checkout,
  index: string,
  changes: readonly RawChange[],
  notOnDisk: ReadonlySet<string>,
): Promise<MovePlan | Blocked> {
  const names = changes.length <= MANY ? changes.map((change) => change.path) : []
  const env = { GIT_INDEX_FILE: index, GIT_LITERAL_PATHSPECS: '1', GIT_OPTIONAL_LOCKS: '0' }
  const args = ['ls-files', '-v', '-s', '-c', '-d', '-m', '-z', '--', ...names]
  const { entries, edited } = parseIndex(await gitText(checkout.path, args, { env }))
  await lookBehindFlags(checkout.path, index, changes, entries, edited)
  const removed = new Set(changes.flatMap((change) => (change.newMode === '000000' ? [change.path] : [])))
  // Files that somebody else puts on disk are left alone there: no edit in them can be lost, and none is in the way.
  for (const own of notOnDisk) {
    if (!edited.has(own)) continue
    if (removed.has(own)) edited.set(own, 'gone')
    else edited.delete(own)
  }
  const look = looker(checkout.path, index, removed)
  const found = new Map<string, Awaited<ReturnType<typeof look>>>()
  for (const change of changes) {
    const asked = !notOnDisk.has(change.path) && (!entries.has(change.path) || edited.get(change.path) === 'edited')
    if (change.newMode !== '000000' && asked) found.set(change.path, await look(change))
  }
  const stands = (change: RawChange) => found.get(change.path) ?? 'nothing'
  const plan = planMove(changes, { index: entries, edited, onDisk: stands, leftOut: await leftOut(checkout, changes) })
  if ('reason' in plan) return plan
  return { ...plan, write: plan.write.filter((change) => !notOnDisk.has(change.path)) }
}

async function leftOut(checkout: Checkout, changes: readonly RawChange[]): Promise<ReadonlySet<string>> {
  const added = changes.filter((change) => change.oldMode === '000000').map((change) => change.path)
  if (added.length === 0) return new Set()
  const isLeftOut = await leftOutOf(checkout.path, checkout.own)
  return new Set(added.filter(isLeftOut))
}

/** Git does not look at files that the person told it to leave alone; we must, before we write over one. */
async function lookBehindFlags(
  checkout: string,
  index: string,
  changes: readonly RawChange[],
  entries: ReadonlyMap<string, IndexEntry>,
  edited: Map<string, 'gone' | 'edited'>,
): Promise<void> {
  for (const { path: file } of changes) {
    const entry = entries.get(file)
    if (!entry?.flag) continue
    const there = existsSync(onDisk(checkout, file))
    if (there && (await contentId(checkout, index, file)) !== entry.oid) edited.set(file, 'edited')
    if (!there && entry.flag === 'assume-unchanged') edited.set(file, 'gone')
  }
}

/**
 * Reads `git ls-files -v -s -c -d -m -z`: each entry with the tag H (S if it is left out of a sparse
 * checkout, lower case if it is assumed to be unchanged), and again with C if its file's content is not the entry's, with R if the file is missing.
 */
export function parseIndex(text: string): {
  readonly entries: Map<string, IndexEntry>
  readonly edited: Map<string, 'gone' | 'edited'>
} {
  const entries = new Map<string, IndexEntry>()
  const edited = new Map<string, 'gone' | 'edited'>()
  for (const line of text.split('\0')) {
    const tab = line.indexOf('\t')
    if (tab < 0) continue
    const path = line.slice(tab + 1)
    const [tag = '', mode = '', oid = '', stage = '0'] = line.slice(0, tab).split(' ')
    if (tag === 'R' || tag === 'r') edited.set(path, 'gone')
    // A missing file is tagged as changed, too.
    else if (tag === 'C' || tag === 'c') edited.set(path, edited.get(path) ?? 'edited')
    else {
      const flag = tag === 'S' || tag === 's' ? 'skip-worktree' : tag === 'h' ? 'assume-unchanged' : undefined
      entries.set(path, { mode, oid, ...(stage === '0' ? {} : { unmerged: true }), ...(flag ? { flag } : {}) })
    }
  }
  return { entries, edited }
}

/** Performs a plan on an index and the files of a checkout. */
export async function applyMove(checkout: string, index: string, plan: MovePlan): Promise<void> {
  const env = { GIT_INDEX_FILE: index }
  const feed = async (args: readonly string[], lines: readonly string[]) => {
    if (lines.length === 0) return
    const input = lines.map((line) => `${line}\0`).join('')
    const { status, stderr } = await git(checkout, [args[0]!, '-z', ...args.slice(1)], { input, env })
    if (status !== 0) throw gitFailed(checkout, args, status, stderr)
  }
  const unset = plan.unset.map((change) => `0 ${'0'.repeat(change.oldOid.length)}\t${change.path}`)
  const set = plan.set.map((change) => `${change.newMode} ${change.newOid}\t${change.path}`)
  await feed(['update-index', '--index-info'], [...unset, ...set])
  for (const flag of ['skip-worktree', 'assume-unchanged'] as const) {
    const files = plan.flagged.filter((one) => one.flag === flag).map((one) => one.path)
    await feed(['update-index', `--${flag}`, '--stdin'], files)
  }
  for (const change of plan.remove) removeFile(checkout, change.path)
  // How the others are converted may stand in a .gitattributes that comes with them.
  const files = plan.write.filter((change) => change.newMode !== '160000').map((change) => change.path)
  const first = files.filter((file) => path.posix.basename(file) === '.gitattributes')
  const rest = files.filter((file) => path.posix.basename(file) !== '.gitattributes')
  for (const group of [first, rest]) {
    await feed(['checkout-index', '-f', '-q', '--stdin'], group)
  }
  for (const change of plan.write) {
    if (change.newMode === '160000') mkdirSync(onDisk(checkout, change.path), { recursive: true })
  }
}

/** Removes a file, and the folders that it leaves empty. A submodule's folder stays, as git leaves it. */
function removeFile(checkout: string, file: string): void {
  try {
    unlinkSync(onDisk(checkout, file))
    for (let folder = path.dirname(file); folder !== '.'; folder = path.dirname(folder)) {
      rmdirSync(onDisk(checkout, folder))
    }
  } catch (error) {
    if (!isErrno(error, 'ENOENT', 'ENOTEMPTY', 'EEXIST', 'EISDIR', 'EPERM', 'ENOTDIR')) throw error
  }
}

function reversed(plan: MovePlan): MovePlan {
  const turn = (change: RawChange): RawChange => ({
    ...change,
    oldMode: change.newMode,
    newMode: change.oldMode,
    oldOid: change.newOid,
    newOid: change.oldOid,
  })
  const added = plan.write.filter((change) => change.oldMode === '000000')
  const changed = plan.write.filter((change) => change.oldMode !== '000000')
  const isNew = new Set(plan.set.filter((change) => change.oldMode === '000000').map((change) => change.path))
  return {
    flagged: plan.flagged.filter((one) => !isNew.has(one.path)),
    set: [...plan.set.filter((change) => change.oldMode !== '000000'), ...plan.unset].map(turn),
    unset: plan.set.filter((change) => change.oldMode === '000000').map(turn),
    write: [...changed, ...plan.remove].map(turn),
    remove: added.map(turn),
  }
}
