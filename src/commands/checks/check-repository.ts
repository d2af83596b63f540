// Whether worktrees can be made in this repository: a commit, room on the disk, a folder that can be written.

import { accessSync, constants } from 'node:fs'
import { statfs } from 'node:fs/promises'
import path from 'node:path'
import { messageOf } from '../../errors.js'
import { inUse } from '../../events/running.js'
import type { Repository } from '../../git/folders.js'
import { refInTheWay } from '../../git/in-the-way.js'
import { movedWorktrees } from '../../git/no-checkout.js'
import { isWorktreeName } from '../../git/registrations.js'
import { currentBranch, headCommit, resolveCommit } from '../../git/repository.js'
import { gitFor } from '../../git/simple-git.js'
import { listWorktrees } from '../../git/worktree-list.js'
import { occupied } from '../../worktrees/occupied.js'
import { checkoutSize } from '../../worktrees/space.js'
import { type Finding, failed } from './contract.js'

/** What has to stay free for logs and git's objects. */
const RESERVE = 64 * 2 ** 20

export async function repositoryFindings({ root, gitDir }: Repository, workers: number): Promise<Finding[]> {
  const commit = await headCommit(root)
  if (!commit) {
    return [
      {
        check: 'repository',
        ok: false,
        text: `${root} has no commit yet: a worktree needs one to start from.`,
        mend: 'git add -A && git commit -m "Start"',
      },
    ]
  }
  const [branch, inTheWay, shallow] = await Promise.all([
    currentBranch(root),
    refInTheWay((ref) => resolveCommit(root, ref)),
    gitFor(root).revparse('--is-shallow-repository'),
  ])
  const where = [branch ? `on ${branch}` : 'detached HEAD', ...(shallow === 'true' ? ['shallow'] : [])]
  return [
    { check: 'repository', ok: true, text: `${root}, ${where.join(', ')}` },
    ...[root, gitDir].flatMap(writable),
    ...[inTheWay, movedWorktrees(root, gitDir)].flatMap((one) => (one ? [failed('repository', one)] : [])),
    await diskFinding(root, workers),
    await leftovers(root),
  ]
}

function writable(folder: string): Finding[] {
  try {
    accessSync(folder, constants.W_OK | constants.X_OK)
    return []
  } catch (error) {
    return [
      {
        check: 'repository',
        ok: false,
        text: `Cannot write in ${folder}: ${messageOf(error)}`,
        mend: `ls -ld '${folder}'`,
      },
    ]
  }
}

async function diskFinding(root: string, workers: number): Promise<Finding> {
  try {
    const [{ bavail, bsize }, size] = await Promise.all([statfs(root), checkoutSize(root)])
    return judgeDisk(bavail * bsize, size, workers)
  } catch (error) {
    return failed('disk', error)
  }
}

/** Whether so many checkouts fit, and the next ones beside them, which are made ahead. Pure. */
export function judgeDisk(free: number, checkout: number, workers: number): Finding {
  const needed = 2 * workers * checkout + RESERVE
  const text = `${megabytes(free)} MB free, a worktree takes ${megabytes(checkout)} MB`
  if (free >= needed) return { check: 'disk', ok: true, text }
  const one = free >= checkout + RESERVE
  return {
    check: 'disk',
    ok: one,
    ...(one ? { warning: true } : {}),
    text: `${text}: ${one ? `not enough for ${workers} workers with the next worktrees made ahead` : 'not enough for one'}.`,
    mend: 'oompa cleanup',
  }
}

function megabytes(bytes: number): number {
  return Math.ceil(bytes / 2 ** 20)
}

async function leftovers(root: string): Promise<Finding> {
  const user = inUse(root)
  const wrong = occupied(root).find(({ name }) => !user(name))
  if (wrong) return { check: 'worktrees', ok: true, warning: true, text: wrong.why.message, mend: wrong.why.mend }
  const ours = (await listWorktrees(root)).filter(
    (entry) => path.dirname(entry.path) === root && isWorktreeName(path.basename(entry.path)),
  )
  if (ours.length === 0) return { check: 'worktrees', ok: true, text: 'none left over' }
  return {
    check: 'worktrees',
    ok: true,
    text: `${ours.length} of earlier runs; a next run goes on with them`,
    mend: 'oompa cleanup --dry-run',
  }
}
