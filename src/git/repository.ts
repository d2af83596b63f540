// Finds the repository that a command means: the main checkout, from any folder or linked worktree of it.

import { existsSync, realpathSync } from 'node:fs'
import path from 'node:path'
import { OompaError, STATUS } from '../errors.js'
import { knowRepository } from './folders.js'
import { git } from './run.js'

export interface Repository {
  /** The main checkout, absolute, links resolved. */
  readonly root: string
  /** The common git directory, absolute. */
  readonly gitDir: string
  /** The worktree that the command was called in, absolute; the root unless it is a linked one. */
  readonly here: string
}

/**
 * Finds the main checkout above `cwd`.
 * @throws OompaError `not-a-repository`, `bare-repository` (status 2)
 */
export async function findRepository(cwd: string = process.cwd()): Promise<Repository> {
  const question = ['--git-common-dir', '--is-inside-work-tree', '--is-bare-repository', '--show-toplevel']
  const asked = await git(cwd, ['rev-parse', '--path-format=absolute', ...question], { discover: true })
  const [gitDir, inside, bare, here] = asked.stdout.split('\n')
  if (!gitDir || (asked.status !== 0 && inside === undefined)) {
    throw new OompaError({
      code: 'not-a-repository',
      message: `${cwd} is not inside a git repository${asked.stderr.includes('dubious ownership') ? `: ${asked.stderr.trim()}` : ''}.`,
      mend: 'git init && git commit --allow-empty -m "Start"',
      status: STATUS.usage,
    })
  }
  if (inside !== 'true' || !here) {
    const isBare = bare === 'true'
    throw new OompaError({
      code: isBare ? 'bare-repository' : 'not-a-checkout',
      message: `${cwd} is ${isBare ? 'a bare repository' : 'inside a git directory'}: there is no checkout to work in.`,
      mend: isBare ? `git clone ${cwd} ../checkout && cd ../checkout` : 'Change to the checkout.',
      status: STATUS.usage,
    })
  }
  const common = realpathSync(gitDir)
  knowRepository(common)
  return { root: await mainCheckout(gitDir, here), gitDir: common, here: realpathSync(here) }
}

/** The first entry of `git worktree list` is the main checkout; asked only where the common directory does not say it. */
async function mainCheckout(gitDir: string, here: string): Promise<string> {
  if (path.basename(gitDir) === '.git' && existsSync(path.dirname(gitDir))) return realpathSync(path.dirname(gitDir))
  const { stdout } = await git(here, ['worktree', 'list', '--porcelain', '-z'])
  const first = stdout
    .split('\0')
    .find((line) => line.startsWith('worktree '))
    ?.slice('worktree '.length)
  // A submodule's git directory is listed in place of its checkout: there the checkout is where we are.
  return realpathSync(first && existsSync(path.join(first, '.git')) ? first : here)
}

/** The commit that HEAD names, or undefined before the first commit. */
export async function headCommit(root: string): Promise<string | undefined> {
  return resolveCommit(root, 'HEAD')
}

/** The commit that `name` names, or undefined. A name that begins with `-` is never an option. */
export async function resolveCommit(root: string, name: string): Promise<string | undefined> {
  const { status, stdout } = await git(root, [
    'rev-parse',
    '--verify',
    '--quiet',
    '--end-of-options',
    `${name}^{commit}`,
  ])
  return status === 0 ? stdout.trim() : undefined
}

/** The branch that is checked out in `checkout`, without `refs/heads/`; undefined on a detached HEAD. */
export async function currentBranch(checkout: string): Promise<string | undefined> {
  const { status, stdout } = await git(checkout, ['symbolic-ref', '--quiet', 'HEAD'])
  return status === 0 ? stdout.trim().replace(/^refs\/heads\//, '') : undefined
}
