// Which branch a landing goes to where nobody says it (docs/contract.md, 1).

import { OompaError, STATUS } from '../errors.js'
import { branchOf } from '../git/folders.js'
import { git } from '../git/run.js'
import { remoteOf } from '../git/upstream.js'

/**
 * The target without `refs/heads/`: `into` if given, else the branch that the main checkout is on; on a detached HEAD
 * the remote's default branch, else `main` or `master`.
 * @throws OompaError `no-target` (status 2)
 */
export async function resolveTarget(root: string, into?: string): Promise<string> {
  const wanted = into?.replace(/^refs\/heads\//, '') ?? branchOf(root) ?? (await usualBranch(root))
  // Whether it exists is seen when it is read (`targetCommit`).
  if (wanted && wanted !== '.invalid') return wanted
  throw new OompaError({
    code: 'no-target',
    message: `${root} is on a detached HEAD, and there is neither a remote's default branch nor main nor master to land on.`,
    mend: 'Say which branch with --into.',
    status: STATUS.usage,
  })
}

async function usualBranch(root: string): Promise<string | undefined> {
  const remote = `refs/remotes/${await remoteOf(root)}/`
  const head = await git(root, ['symbolic-ref', '--quiet', `${remote}HEAD`])
  const usual = head.stdout.startsWith(remote) ? head.stdout.trim().slice(remote.length) : undefined
  for (const name of [usual, 'main', 'master']) if (name && (await exists(root, name))) return name
  return undefined
}

async function exists(root: string, branch: string): Promise<boolean> {
  const { status } = await git(root, ['show-ref', '--verify', '--quiet', '--', `refs/heads/${branch}`])
  return status === 0
}
