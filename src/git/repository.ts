// Finds the repository that a command means: the main checkout, from any folder or linked worktree of it.

import { existsSync, readFileSync, realpathSync } from 'node:fs'
import path from 'node:path'
import { knowRepository, type Repository } from './folders.js'
import { noCheckout, noRepository, requireTextName } from './no-checkout.js'
import { git } from './run-git.js'

/**
 * Finds the main checkout above `cwd`; of a bare repository, the linked one that `cwd` is in.
 * @throws OompaError with status 2: `not-a-repository`, `bare-repository`, `not-a-checkout`, `unsafe-repository`,
 * `repository-moved`, `folder-name`
 */
export async function findRepository(cwd: string = process.cwd()): Promise<Repository> {
  requireTextName(cwd)
  const question = ['--git-common-dir', '--is-inside-work-tree', '--is-bare-repository', '--show-toplevel']
  const asked = await git(cwd, ['rev-parse', '--path-format=absolute', ...question], { discover: true })
  const [gitDir, inside, bare, here] = asked.stdout.split('\n')
  if (!gitDir || (asked.status !== 0 && inside === undefined)) {
    throw noRepository(cwd, asked.stderr)
  }
  if (inside !== 'true' || !here) throw await noCheckout(cwd, realpathSync(gitDir), bare === 'true')
  const common = realpathSync(gitDir)
  knowRepository(common)
  return { root: await mainCheckout(gitDir, here), gitDir: common, here: realpathSync(here) }
}

/** The first entry of `git worktree list` is the main checkout; asked only where the common directory does not say it. */
async function mainCheckout(gitDir: string, here: string): Promise<string> {
  // A bare repository has none: there the checkout is where we are.
  if (await isBare(gitDir)) return realpathSync(here)
  if (path.basename(gitDir) === '.git' && existsSync(path.dirname(gitDir))) return realpathSync(path.dirname(gitDir))
  const { stdout } = await git(here, ['worktree', 'list', '--porcelain', '-z'])
  const first = stdout.split('\0', 1)[0]!.slice('worktree '.length)
  // Of a submodule its git directory is listed in place of its checkout.
  return realpathSync(first && existsSync(path.join(first, '.git')) ? first : here)
}

/** Git is asked only where the configuration says so anywhere; from a linked worktree it would not see all of it. */
async function isBare(gitDir: string): Promise<boolean> {
  const files = ['config', 'config.worktree'].map((name) => path.join(gitDir, name)).filter((file) => existsSync(file))
  if (!files.some((file) => /bare\s*=\s*true/i.test(readFileSync(file, 'utf8')))) return false
  const { stdout } = await git(gitDir, ['config', '--type=bool', '--get', 'core.bare'])
  return stdout.trim() === 'true'
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
