// Which branch a landing goes to where nobody says it (docs/contract.md, 1).

import { OompaError, STATUS } from '../errors.js'
import { nearest } from '../files/nearest.js'
import { branchOf } from '../git/folders.js'
import { sharedObjects } from '../git/objects.js'
import { git } from '../git/run-git.js'
import { remoteOf } from '../git/upstream.js'
import type { LandingTools } from './tools.js'

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

/**
 * The same for a swarm that is to start: a branch that is not there fails each of its iterations.
 * @throws OompaError `no-target` (status 2)
 */
export async function existingTarget(root: string, into?: string): Promise<string> {
  const target = await resolveTarget(root, into)
  if (await sharedObjects(root).info(`refs/heads/${target}^{commit}`)) return target
  const { stdout } = await git(root, ['for-each-ref', '--format=%(refname:lstrip=2)', 'refs/heads/'])
  const near = nearest(
    target,
    stdout.split('\n').filter((name) => name !== '' && !name.startsWith('oompa/')),
  )
  throw new OompaError({
    code: 'no-target',
    message: `There is no branch \`${target}\` in ${root} to land on.`,
    mend: near ? `Did you mean ${near}? Else make it: git branch ${target}` : `git branch ${target}`,
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

/**
 * The commit that the target is at.
 * @throws OompaError `no-target` (status 2)
 */
export async function targetCommit(tools: LandingTools, into: string): Promise<string> {
  const found = await tools.objects.info(`refs/heads/${into}^{commit}`)
  if (found) return found.oid
  throw new OompaError({
    code: 'no-target',
    message: `There is no branch \`${into}\` in ${tools.root} to land on.`,
    mend: `git branch ${into} <commit>, or say which with --into`,
    status: STATUS.usage,
  })
}
