// Makes worktrees one at a time for a repository, and keeps clean ones as spare checkouts outside it.
//
// `git worktree add` races with itself (23 of 200 failed with ten at a time), so every add holds one lock, also across
// processes. A spare is a checkout without its git registration: files and index wait in the user's cache folder, so
// that `git worktree list` shows what is in use and nothing else. Bringing one back costs a rename and a `reset`
// (150 ms on 50,000 files, where a checkout takes 1600–3500).

import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { availableParallelism } from 'node:os'
import path from 'node:path'
import { isErrno, messageOf, OompaError } from '../errors.js'
import { kindOf } from '../files/kind.js'
import { cacheFolder } from '../files/paths.js'
import { treeChanges } from '../git/changes.js'
import { gitFolders } from '../git/folders.js'
import { hiddenCommits } from '../git/hidden.js'
import { clearFlags } from '../git/index-flags.js'
import { clearLeftLocks } from '../git/left-locks.js'
import { operationIn } from '../git/operations.js'
import { requireOurs } from '../git/ours.js'
import { readStatus, type Status } from '../git/read-status.js'
import { openCache, removeEntry, removeOurs, removeWorktree } from '../git/remove.js'
import { git, gitText } from '../git/run-git.js'
import { WORKTREE_LOCK, withLock } from '../locks/index.js'
import { isDead, ownerInName, ownerName } from '../processes/owner.js'
import { atMost } from './at-most.js'
import type { Returned, WorktreePool, WorktreeRequest } from './contract.js'
import { cleanOthers, hasRecord, MADE_FILE } from './made.js'
import { discardHalfMade, discardUnfilled, finishWorktree, registerWorktree, worktreeFailed } from './register.js'
import { checkSpace } from './space.js'
import { type Brought, bringCommits } from './stores.js'

/** How many spares are kept: more than a few save nothing, and each is a whole checkout on the disk. */
const SPARES = 8

export interface PoolOptions {
  readonly root: string
  /** Where spares wait; the user's cache folder unless given. */
  readonly cache?: string
  /** Ends waiting for the lock. */
  readonly signal?: AbortSignal
}

export function worktreePool(options: PoolOptions): WorktreePool {
  const { root } = options
  const spares = path.join(options.cache ?? cacheFolder(root), 'spares')
  const locked = <T>(act: () => Promise<T>) => withLock(root, WORKTREE_LOCK, act, { signal: options.signal })
  // Only making the entry races. Files are written side by side, but no more than the machine can: whoever came first
  // is to begin its work, and not to share the disk with all the others.
  const checkouts = atMost(availableParallelism())

  return {
    async acquire(request) {
      const full = path.join(root, request.name)
      await checkSpace(root)
      const spare = takeSpare(spares, root)
      const own = await locked(() => registerWorktree(root, full, request))
      await checkouts(request.ahead, () => fillNew(root, full, own, request, spare))
      return { name: request.name, path: full, branch: request.branch, base: request.base }
    },

    discardHalfMade: (name) => discardHalfMade(root, path.join(root, name)),

    async refresh(worktree, base) {
      await clearLeftLocks(worktree.path)
      await gitText(worktree.path, ['reset', '--keep', '--quiet', base])
      return { ...worktree, base }
    },

    async release({ path: full }) {
      try {
        requireOurs(full)
        await clearLeftLocks(full)
        // What an agent told git not to look at is looked at.
        await clearFlags(full)
        const { commit, entries, hasIgnored } = await readStatus(full, { ignored: true })
        if (entries.length > 0)
          return { gone: false, why: `${entries.length} uncommitted ${entries.length === 1 ? 'file' : 'files'}` }
        const { why, said } = await whatElse(root, full, commit)
        if (why) return { gone: false, why }
        // Not with the signal: when a swarm is being stopped its worktrees are put away all the same.
        const returned = await withLock(root, WORKTREE_LOCK, () => putAway(spares, root, full, { commit, hasIgnored }))
        return returned.gone && said.length > 0 ? { ...returned, said } : returned
      } catch (error) {
        // One that git cannot read is never taken for a clean one.
        const isKnown = error instanceof OompaError && /^git-|^(worktree-changed|not-ours)$/.test(error.code)
        if (isKnown) return { gone: false, why: error.message }
        throw error
      }
    },
  }
}

/** What a clean worktree has beside its branch: kept where it can be, and otherwise a reason for it to stay. */
async function whatElse(root: string, full: string, commit: string | undefined): Promise<Brought> {
  const { own } = gitFolders(full)
  // The patches that are still to be applied are in no commit.
  if (kindOf(path.join(own, 'rebase-apply')) !== undefined) {
    return { said: [], why: `${operationIn(own)?.name ?? 'an am'} is in progress in it` }
  }
  const [hidden, ...more] = await hiddenCommits(root, own, commit ? [commit] : [])
  if (hidden) {
    const others = more.length > 0 ? `, and ${more.length} more` : ''
    return { said: [], why: `only it leads to ${hidden.slice(0, 12)}${others}` }
  }
  return bringCommits(root, full)
}

/** Gives a worktree that was just registered its files; if that does not work, it is taken away. */
async function fillNew(
  root: string,
  full: string,
  own: string,
  request: WorktreeRequest,
  spare: string | undefined,
): Promise<void> {
  let isFilled = false
  try {
    if (spare) await moveIn(spare, full, own)
    const reset = () => git(full, ['reset', '--hard', '--quiet', request.base])
    let { status, stderr } = await reset()
    if (status !== 0) {
      // A git that was killed may have left a lock. An index that git cannot use here (a split one, say) only saves time.
      await clearLeftLocks(full)
      rmSync(path.join(own, 'index'), { force: true })
      ;({ status, stderr } = await reset())
    }
    if (status !== 0) throw worktreeFailed(request, stderr.trim())
    if (spare) await tidy(root, full, spare, request.base)
    finishWorktree(own)
    isFilled = true
  } finally {
    // Also where the folder went meanwhile, and no git could be started in it.
    if (!isFilled) discardUnfilled(root, own, full)
  }
}

/** Takes one spare for us alone: the rename decides between processes. */
function takeSpare(spares: string, root: string): string | undefined {
  if (kindOf(spares) !== 'folder' || existsSync(path.join(root, '.gitmodules'))) return undefined
  for (const name of readdirSync(spares).filter((entry) => /^\d+-\d+$/.test(entry))) {
    const mine = path.join(spares, `taken-${ownerName()}-${name}`)
    try {
      renameSync(path.join(spares, name), mine)
      if (isSpare(mine)) return mine
    } catch (error) {
      if (!isErrno(error, 'ENOENT')) throw error
    }
  }
  return undefined
}

/** What a link there leads to would be written over, and cleaned. */
function isSpare(spare: string): boolean {
  const inIt = (name: string) => kindOf(path.join(spare, name))
  return kindOf(spare) === 'folder' && inIt('files') === 'folder' && inIt('index') === 'file'
}

/** Moves a spare's files and index into a worktree that is empty. */
async function moveIn(spare: string, full: string, own: string): Promise<void> {
  const files = path.join(spare, 'files')
  copyFileSync(path.join(full, '.git'), path.join(files, '.git'))
  rmSync(path.join(full, '.git'))
  rmdirSync(full)
  try {
    renameSync(files, full)
    copyFileSync(path.join(spare, 'index'), path.join(own, 'index'))
  } catch (error) {
    // Another file system: nothing is lost by checking out afresh.
    if (!isErrno(error, 'EXDEV')) throw error
    mkdirSync(full, { recursive: true })
    copyFileSync(path.join(files, '.git'), path.join(full, '.git'))
  }
  await clearFlags(full)
}

/** Takes away what an earlier iteration left in a spare, but what the person's set-up made. */
async function tidy(root: string, full: string, spare: string, base: string): Promise<void> {
  if (!(await ignoresTheSame(root, spare, base))) await cleanOthers(root, full, path.join(spare, MADE_FILE))
  removeOurs(spare)
}

let serial = 0

/** Makes a clean worktree a spare, or removes it where it cannot be one. */
async function putAway(
  spares: string,
  root: string,
  full: string,
  { commit, hasIgnored }: Pick<Status, 'commit' | 'hasIgnored'>,
): Promise<Returned> {
  const submodules = existsSync(path.join(full, '.gitmodules'))
  try {
    openCache(path.dirname(spares))
    const kept = submodules ? SPARES : sweep(spares)
    const { own } = gitFolders(full)
    if (kept < SPARES && !existsSync(path.join(own, 'locked')) && sameDevice(path.dirname(spares), full)) {
      const spare = path.join(spares, `${process.pid}-${Date.now()}${serial++}`)
      const making = path.join(spares, `${ownerName()}-${path.basename(spare)}.making`)
      mkdirSync(making, { recursive: true })
      copyFileSync(path.join(own, 'index'), path.join(making, 'index'))
      if (commit && !hasIgnored) writeFileSync(path.join(making, 'ignored'), ignoredState(root, commit))
      if (hasRecord(path.join(own, MADE_FILE))) copyFileSync(path.join(own, MADE_FILE), path.join(making, MADE_FILE))
      renameSync(full, path.join(making, 'files'))
      rmSync(path.join(making, 'files', '.git'))
      removeEntry(root, own, full)
      renameSync(making, spare)
      return { gone: true, commit }
    }
  } catch (error) {
    const noSpare =
      isErrno(error, 'EXDEV', 'ENOSPC', 'EACCES', 'EROFS') || (error instanceof OompaError && error.code === 'not-ours')
    if (!noSpare) return { gone: false, why: messageOf(error) }
  }
  if (existsSync(path.join(gitFolders(full).own, 'locked'))) {
    return { gone: false, why: `somebody has locked it: git worktree unlock ${path.basename(full)}` }
  }
  // Not by `git worktree remove`: one that is killed leaves half a worktree, whose missing files look like work.
  removeWorktree(root, full)
  return { gone: true, commit }
}

/** What is between a worktree and a spare is there for a moment; an owner that cannot be seen from here gets so long. */
const BETWEEN_MS = 15 * 60_000

/** Removes what a crash left between a worktree and a spare, in which nobody has worked; gives how many spares there are. */
function sweep(spares: string): number {
  if (!existsSync(spares)) return 0
  return readdirSync(spares).filter((name) => {
    const [, pid, start] =
      /^taken-(\d+)-(?:([^-]*\.[^-]*)-)?/.exec(name) ?? /^(\d+)-(?:([^-]*\.[^-]*)-)?.*\.making$/.exec(name) ?? []
    const lastMs = statSync(path.join(spares, name), { throwIfNoEntry: false })?.ctimeMs
    if (!pid || lastMs === undefined) return true
    if (!isDead(ownerInName(pid, start), { lastMs, leaseMs: BETWEEN_MS })) return true
    removeOurs(path.join(spares, name))
    return false
  }).length
}

/** What decides which files git ignores: this process's view of the rules outside the tree, and the tree's commit. */
function ignoredState(root: string, commit: string): string {
  const exclude = statSync(path.join(gitFolders(root).common, 'info/exclude'), { throwIfNoEntry: false })
  return `${process.pid} ${exclude?.mtimeMs} ${exclude?.size}\n${commit}`
}

/** Whether a spare in which git ignored nothing has nothing at `base`, either: then there is nothing to clean. */
async function ignoresTheSame(root: string, spare: string, base: string): Promise<boolean> {
  const file = path.join(spare, 'ignored')
  const before = existsSync(file) ? readFileSync(file, 'utf8') : ''
  const commit = before.split('\n')[1]
  if (!commit || before !== ignoredState(root, commit)) return false
  // A commit of long ago may be gone: then nothing is known of it.
  const changes = await treeChanges(root, commit, base).catch(() => undefined)
  return changes !== undefined && !changes.some((change) => path.basename(change.path) === '.gitignore')
}

function sameDevice(cache: string, full: string): boolean {
  openCache(cache)
  return statSync(cache).dev === statSync(full).dev
}

/** Removes every spare of a repository; gives how many there were. */
export async function removeSpares(root: string, cache = cacheFolder(root)): Promise<number> {
  const spares = path.join(cache, 'spares')
  if (!existsSync(spares)) return 0
  openCache(cache)
  const names = readdirSync(spares)
  removeOurs(spares)
  return names.length
}
