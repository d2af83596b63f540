// Keeps the target and its remote together: fetch before landing, one push after. Without a network we land all the
// same, and say what is not pushed.

import { OompaError, STATUS } from '../errors.js'
import { git } from '../git/run.js'
import { targetCommit } from './land.js'
import type { LandingTools } from './tools.js'

export type PushAnswer =
  | { readonly push: 'done' | 'nothing' }
  /** Somebody was faster. */
  | { readonly push: 'behind' }
  /** No network, no permission, a hook of the remote: git's own words. */
  | { readonly push: 'failed'; readonly reason: string }

/** The remote's value of the target after a fetch; undefined if it has none, or could not be reached. */
export async function fetchTarget(
  tools: LandingTools,
  remote: string,
  into: string,
): Promise<{ commit?: string; failed?: string }> {
  const tracking = `refs/remotes/${remote}/${into}`
  const args = ['fetch', '--quiet', '--no-tags', '--end-of-options', remote, `+refs/heads/${into}:${tracking}`]
  const { status, stderr } = await git(tools.root, args)
  if (status !== 0) {
    if (/couldn't find remote ref/i.test(stderr)) return {}
    if (/does not appear to be a git repository|No such remote/i.test(stderr)) await mustExist(tools.root, remote)
    return { failed: stderr.trim().split('\n')[0] || `status ${status}` }
  }
  return { commit: (await tools.objects.info(`${tracking}^{commit}`))?.oid }
}

async function mustExist(root: string, remote: string): Promise<void> {
  const { status } = await git(root, ['config', '--get-regexp', `^remote\\.${remote.replace(/[^\w-]/g, '.')}\\.`])
  if (status === 0) return
  throw new OompaError({
    code: 'no-remote',
    message: `There is no remote \`${remote}\` in ${root} to push to.`,
    mend: `git remote add ${remote} <url>, or land without --push`,
    status: STATUS.usage,
  })
}

/** Pushes the target as it is now. */
export async function pushTarget(tools: LandingTools, remote: string, into: string): Promise<PushAnswer> {
  const commit = await targetCommit(tools, into)
  const known = await tools.objects.info(`refs/remotes/${remote}/${into}^{commit}`)
  if (known?.oid === commit) return { push: 'nothing' }
  const args = ['push', '--porcelain', '--end-of-options', remote, `${commit}:refs/heads/${into}`]
  const { status, stdout, stderr } = await git(tools.root, args)
  if (status === 0) return { push: 'done' }
  if (/\(fetch first\)|\(non-fast-forward\)|\(stale info\)|cannot lock ref/i.test(stdout + stderr))
    return { push: 'behind' }
  const line = stdout.split('\n').find((one) => one.startsWith('!'))
  return { push: 'failed', reason: (line ?? stderr).trim().split('\n')[0] || `status ${status}` }
}
