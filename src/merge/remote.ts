// Keeps the target and its remote together: what is fetched before landing, what is pushed after. Without a network we
// land all the same, and say what is not pushed.

import { existsSync } from 'node:fs'
import path from 'node:path'
import { OompaError, STATUS } from '../errors.js'
import { remoteGit } from '../git/destination.js'
import { gitFolders } from '../git/folders.js'
import { type NetworkEnd, type NetworkOptions, wordsOf } from '../git/network.js'
import { git } from '../git/run-git.js'
import { targetCommit } from './target.js'
import type { LandingTools } from './tools.js'

export type FetchAnswer =
  /** The remote's value of the target; none if it has no such branch. */
  | { readonly fetch: 'done'; readonly commit?: string }
  /** No network, no permission, silence: why, in words. */
  | { readonly fetch: 'failed'; readonly reason: string }

export type PushAnswer =
  | { readonly push: 'done'; readonly commit: string }
  | { readonly push: 'nothing' }
  /** Somebody was faster. */
  | { readonly push: 'behind' }
  /** The server has answered, and says no: its own words. */
  | { readonly push: 'refused'; readonly reason: string }
  /** No network, no permission, silence. */
  | { readonly push: 'failed'; readonly reason: string }

/** Remotes that were silent, with the time until which they are not asked again: each time would cost the whole limit. */
const silent = new Map<string, number>()
const ASK_AGAIN_MS = 5 * 60_000

/** When we last knew what the remote's branch is, by repository, remote and branch. */
const touched = new Map<string, number>()

const touchKey = (root: string, remote: string, into: string): string => `${root}\0${remote}\0${into}`

/** When a fetch or a push of this process last told us what a remote's branch is, by `performance.now()`. */
export function inTouch(root: string, remote: string, into: string): number {
  return touched.get(touchKey(root, remote, into)) ?? Number.NEGATIVE_INFINITY
}

/** When a fetch last brought something that we had not pushed, by the same. */
const moved = new Map<string, number>()

/** When somebody else has last pushed to a remote's branch while this process ran, by `performance.now()`. */
export function lastPushedByOthers(root: string, remote: string, into: string): number {
  return moved.get(touchKey(root, remote, into)) ?? Number.NEGATIVE_INFINITY
}

/**
 * Fetches the target.
 * @throws OompaError `no-remote` (status 2)
 */
export async function fetchTarget(
  { root, objects }: LandingTools,
  remote: string,
  into: string,
  options: NetworkOptions,
): Promise<FetchAnswer> {
  const key = `${root}\0${remote}`
  const until = silent.get(key) ?? Number.NEGATIVE_INFINITY
  if (performance.now() < until) {
    return {
      fetch: 'failed',
      reason: `it was silent; it is asked again in ${Math.ceil((until - performance.now()) / 60_000)} min`,
    }
  }
  const tracking = `refs/remotes/${remote}/${into}`
  const before = (await objects.info(`${tracking}^{commit}`))?.oid
  const args = ['fetch', '--progress', '--no-tags', '--end-of-options', remote, `+refs/heads/${into}:${tracking}`]
  const end = await remoteGit(root, remote, args, options)
  noteSilence(key, end)
  if (end.status === 0) {
    touched.set(touchKey(root, remote, into), performance.now())
    const commit = (await objects.info(`${tracking}^{commit}`))?.oid
    if (commit && before && commit !== before) moved.set(touchKey(root, remote, into), performance.now())
    const missing = commit && commit !== before ? await bringLargeFiles(root, remote, tracking, options) : undefined
    return missing === undefined ? { fetch: 'done', commit } : { fetch: 'failed', reason: missing }
  }
  if (end.ended) return { fetch: 'failed', reason: end.ended }
  if (/couldn't find remote ref/i.test(end.stderr)) {
    touched.set(touchKey(root, remote, into), performance.now())
    return { fetch: 'done' }
  }
  if (/does not appear to be a git repository|No such remote/i.test(end.stderr)) await mustExist(root, remote)
  return { fetch: 'failed', reason: wordsOf(end.stderr) || `git fetch ended with status ${end.status}` }
}

function noteSilence(key: string, end: NetworkEnd): void {
  if (end.silent) silent.set(key, performance.now() + ASK_AGAIN_MS)
  else if (end.status === 0) silent.delete(key)
}

async function mustExist(root: string, remote: string): Promise<void> {
  const { gitFor } = await import('../git/simple-git.js')
  if ((await gitFor(root).getRemotes()).some((one) => one.name === remote)) return
  throw new OompaError({
    code: 'no-remote',
    message: `There is no remote \`${remote}\` in ${root} to push to.`,
    mend: `git remote add ${remote} <url>, or land without --push`,
    status: STATUS.usage,
  })
}

/** Pushes the target as it is now; what Git LFS keeps of it goes first. */
export async function pushTarget(
  tools: LandingTools,
  remote: string,
  into: string,
  options: NetworkOptions,
): Promise<PushAnswer> {
  const commit = await targetCommit(tools, into)
  const known = await tools.objects.info(`refs/remotes/${remote}/${into}^{commit}`)
  if (known?.oid === commit) return { push: 'nothing' }
  const ref = `refs/heads/${into}`
  const unsent = await sendLargeFiles(tools.root, remote, { commit, ref, was: known?.oid }, options)
  if (unsent !== undefined) return { push: 'failed', reason: unsent }
  const end = await pushRef(tools.root, remote, `${commit}:${ref}`, options)
  noteSilence(`${tools.root}\0${remote}`, end)
  if (end.status !== 0) return notPushed(end)
  touched.set(touchKey(tools.root, remote, into), performance.now())
  return { push: 'done', commit }
}

/** Pushes a ref, without hooks. `force`: over an earlier value that we know. */
export function pushRef(
  root: string,
  remote: string,
  refspec: string,
  options: NetworkOptions & { readonly force?: boolean },
): Promise<NetworkEnd> {
  const force = options.force ? ['--force-with-lease'] : []
  return remoteGit(
    root,
    remote,
    ['push', '--porcelain', '--progress', ...force, '--end-of-options', remote, refspec],
    options,
  )
}

/** How a push that did not succeed ended. Pure. */
export function notPushed(end: NetworkEnd): Exclude<PushAnswer, { push: 'done' | 'nothing' }> {
  if (end.ended) return { push: 'failed', reason: end.ended }
  const line = end.stdout.split('\n').find((one) => one.startsWith('!'))
  if (/\(fetch first\)|\(non-fast-forward\)|\(stale info\)|cannot lock ref/i.test(end.stdout + end.stderr))
    return { push: 'behind' }
  const reason = wordsOf(end.stderr, line) || `git push ended with status ${end.status}`
  return { push: line ? 'refused' : 'failed', reason }
}

/** A ref that is to be pushed, and the remote's value of it as far as we know. */
interface Pushed {
  readonly commit: string
  readonly ref: string
  readonly was?: string
}

const NONE = '0'.repeat(40)

/** Whether Git LFS has ever kept a file of this repository. */
function hasLargeFiles(root: string): boolean {
  return existsSync(path.join(gitFolders(root).common, 'lfs'))
}

/**
 * Downloads what Git LFS keeps of what was fetched: else the checkout would, which is moved under the landing lock.
 * @returns why it could not be done, if it could not
 */
async function bringLargeFiles(
  root: string,
  remote: string,
  ref: string,
  options: NetworkOptions,
): Promise<string | undefined> {
  if (!hasLargeFiles(root) || process.env.GIT_LFS_SKIP_SMUDGE === '1') return undefined
  const { stdout: smudge } = await git(root, ['config', 'filter.lfs.process'])
  // Who installed it with `--skip-smudge` downloads what they want by hand.
  if (smudge.trim() === '' || smudge.includes('--skip')) return undefined
  return failureOf(await largeFiles(root, remote, ['fetch', remote, ref], options), 'downloaded')
}

/**
 * Uploads what Git LFS keeps of a commit, as its `pre-push` hook does: a ref whose large files are not there cannot be
 * checked out by anybody else. Without files of LFS in this repository nothing is started.
 * @returns why it could not be done, if it could not
 */
export async function sendLargeFiles(
  root: string,
  remote: string,
  { commit, ref, was = NONE }: Pushed,
  options: NetworkOptions,
): Promise<string | undefined> {
  if (!hasLargeFiles(root)) return undefined
  const { gitFor } = await import('../git/simple-git.js')
  const known = (await gitFor(root).getRemotes(true)).find((one) => one.name === remote)
  const input = `${ref} ${commit} ${ref} ${was}\n`
  const args = ['pre-push', remote, known?.refs.push || remote]
  return failureOf(await largeFiles(root, remote, args, { ...options, input }), 'uploaded')
}

/** Runs Git LFS, which says how far it is only to a terminal, unless it is told to: silence would end a long transfer. */
function largeFiles(
  root: string,
  remote: string,
  args: readonly string[],
  options: NetworkOptions,
): Promise<NetworkEnd> {
  return remoteGit(root, remote, ['lfs', ...args], { ...options, env: { ...options.env, GIT_LFS_FORCE_PROGRESS: '1' } })
}

function failureOf(end: NetworkEnd, done: string): string | undefined {
  if (end.status === 0 || end.ended) return end.ended
  if (/'lfs' is not a git command/.test(end.stderr)) {
    return 'its large files are kept by Git LFS, which is not installed here; install git-lfs'
  }
  return `its large files could not be ${done}: ${wordsOf(end.stderr) || `git lfs ended with status ${end.status}`}`
}
