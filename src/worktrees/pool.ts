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
} from 'node:fs'
import { rm } from 'node:fs/promises'
import path from 'node:path'
import { isErrno, messageOf, OompaError } from '../errors.js'
import { makeFolder } from '../files/folders.js'
import { cacheFolder } from '../files/paths.js'
import { git, gitText } from '../git/run.js'
import { unsavedWork } from '../git/worktrees.js'
import { WORKTREE_LOCK } from '../merge/gate.js'
import { withLock } from '../merge/lock.js'
import type { Returned, WorktreePool, WorktreeRequest } from './contract.js'
import { checkSpace } from './space.js'

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

  return {
    async acquire(request) {
      const full = path.join(root, request.name)
      await checkSpace(root)
      await locked(async () => {
        const spare = takeSpare(spares, root)
        if (spare) await adopt(spare, root, full, request)
        else await addWorktree(root, full, request, [])
      })
      return { name: request.name, path: full, branch: request.branch, base: request.base }
    },

    async refresh(worktree, base) {
      await gitText(worktree.path, ['reset', '--hard', '--quiet', base])
      return { ...worktree, base }
    },

    async release({ path: full }) {
      const unsaved = await unsavedWork(full)
      if (unsaved.length > 0)
        return { gone: false, why: `${unsaved.length} uncommitted ${unsaved.length === 1 ? 'file' : 'files'}` }
      // Not with the signal: when a swarm is being stopped its worktrees are put away all the same.
      return withLock(root, WORKTREE_LOCK, () => putAway(spares, root, full))
    },
  }
}

async function addWorktree(
  root: string,
  full: string,
  request: WorktreeRequest,
  flags: readonly string[],
): Promise<void> {
  const args = ['worktree', 'add', '--quiet', '--no-track', ...flags, '-B', request.branch, full, request.base]
  const { status, stderr } = await git(root, args)
  if (status === 0) return
  // git may leave half of it: the registration without a checkout is of no use to anybody.
  if (existsSync(full) && !existsSync(path.join(full, '.git')) && readdirSync(full).length === 0) rmdirSync(full)
  throw new OompaError({
    code: 'worktree-failed',
    message: `Cannot make the worktree ${request.name} on ${request.branch}: ${stderr.trim() || `git ended with status ${status}`}`,
    mend: 'oompa cleanup --dry-run',
  })
}

/** The admin folder of a linked worktree, `.git/worktrees/<id>`. */
function adminFolder(full: string): string {
  const text = readFileSync(path.join(full, '.git'), 'utf8')
  return path.resolve(full, text.replace(/^gitdir: /, '').trim())
}

/** Takes one spare for us alone: the rename decides between processes. */
function takeSpare(spares: string, root: string): string | undefined {
  if (!existsSync(spares) || existsSync(path.join(root, '.gitmodules'))) return undefined
  for (const name of readdirSync(spares).filter((entry) => /^\d+-\d+$/.test(entry))) {
    const mine = path.join(spares, `taken-${process.pid}-${name}`)
    try {
      renameSync(path.join(spares, name), mine)
      return mine
    } catch (error) {
      if (!isErrno(error, 'ENOENT')) throw error
    }
  }
  return undefined
}

/** Registers the worktree without files, and moves the spare's files and index into it. */
async function adopt(spare: string, root: string, full: string, request: WorktreeRequest): Promise<void> {
  await addWorktree(root, full, request, ['--no-checkout'])
  const files = path.join(spare, 'files')
  try {
    renameSync(path.join(full, '.git'), path.join(files, '.git'))
    rmdirSync(full)
    renameSync(files, full)
    copyFileSync(path.join(spare, 'index'), path.join(adminFolder(full), 'index'))
  } catch (error) {
    // Another file system: nothing is lost by checking out afresh.
    if (!isErrno(error, 'EXDEV')) throw error
    mkdirSync(full, { recursive: true })
    renameOrCopy(path.join(files, '.git'), path.join(full, '.git'))
  }
  rmSync(spare, { recursive: true, force: true })
  if ((await git(full, ['reset', '--hard', '--quiet', request.base])).status !== 0) {
    // An index that git cannot use here (a split one, say) only saves time.
    rmSync(path.join(adminFolder(full), 'index'), { force: true })
    await gitText(full, ['reset', '--hard', '--quiet', request.base])
  }
  await gitText(full, ['clean', '-ffdq'])
}

function renameOrCopy(from: string, to: string): void {
  copyFileSync(from, to)
  rmSync(from)
}

let serial = 0

/** Makes a clean worktree a spare, or removes it where it cannot be one. */
async function putAway(spares: string, root: string, full: string): Promise<Returned> {
  const submodules = existsSync(path.join(full, '.gitmodules'))
  try {
    const kept = submodules ? SPARES : existsSync(spares) ? readdirSync(spares).length : 0
    if (kept < SPARES && sameDevice(path.dirname(spares), full)) {
      const spare = path.join(spares, `${process.pid}-${Date.now()}${serial++}`)
      const making = `${spare}.making`
      mkdirSync(making, { recursive: true })
      copyFileSync(path.join(adminFolder(full), 'index'), path.join(making, 'index'))
      renameSync(full, path.join(making, 'files'))
      rmSync(path.join(making, 'files', '.git'))
      await git(root, ['worktree', 'remove', full])
      renameSync(making, spare)
      return { gone: true }
    }
  } catch (error) {
    if (!isErrno(error, 'EXDEV', 'ENOSPC', 'EACCES', 'EROFS')) return { gone: false, why: messageOf(error) }
  }
  // --force only for what was just found clean: git refuses any worktree with submodules without it.
  const { status, stderr } = await git(root, ['worktree', 'remove', ...(submodules ? ['--force'] : []), full])
  if (status !== 0) return { gone: false, why: stderr.trim() }
  return { gone: true }
}

function sameDevice(cache: string, full: string): boolean {
  makeFolder(cache)
  return statSync(cache).dev === statSync(full).dev
}

/** Removes every spare of a repository; gives how many there were. */
export async function removeSpares(root: string, cache = cacheFolder(root)): Promise<number> {
  const spares = path.join(cache, 'spares')
  if (!existsSync(spares)) return 0
  const names = readdirSync(spares)
  await rm(spares, { recursive: true, force: true })
  return names.length
}
