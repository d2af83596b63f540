// Which branch changes land on (cli.md, settled question 1).

import { OompaError, STATUS } from '../errors.js'
import { currentBranch, resolveCommit } from '../git/repository.js'
import { git } from '../git/run.js'

/**
 * The branch given, else the one that the main checkout is on, else the remote's default, else `main` or `master`.
 * @throws OompaError `no-target` (status 2) where none of these is there
 */
export async function targetBranch(root: string, wanted: string | undefined): Promise<string> {
  if (wanted !== undefined) {
    const name = wanted.replace(/^refs\/heads\//, '')
    if (await resolveCommit(root, `refs/heads/${name}`)) return name
    throw new OompaError({
      code: 'no-target',
      message: `There is no branch \`${name}\` to land on.`,
      mend: `git branch -- ${JSON.stringify(name)}`,
      status: STATUS.usage,
    })
  }
  const checkedOut = await currentBranch(root)
  if (checkedOut) return checkedOut
  const remote = await git(root, ['symbolic-ref', '--quiet', '--short', 'refs/remotes/origin/HEAD'])
  const candidates = [remote.stdout.trim().replace(/^origin\//, ''), 'main', 'master'].filter((name) => name !== '')
  for (const name of candidates) if (await resolveCommit(root, `refs/heads/${name}`)) return name
  throw new OompaError({
    code: 'no-target',
    message: 'HEAD is detached, and there is no default branch to land on.',
    mend: 'oompa run --into BRANCH',
    status: STATUS.usage,
  })
}
