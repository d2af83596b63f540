// Brings a conflict to the one who can mend it: the target is merged into the author's own worktree, and the files
// that conflict are left there with both sides and what they came from.

import { git, gitFailed } from '../git/run.js'
import type { Worktree } from '../words.js'

export interface PreparedConflict {
  /** Files with conflict markers (or removed on one side), for the author to mend. Empty if the merge was clean. */
  readonly paths: readonly string[]
  /** The commit of the target that was merged in. */
  readonly target: string
  /** What to tell the author, in its own session. */
  readonly feedback: string
}

/**
 * Merges the target (a branch without `refs/heads/`) into a worktree whose work is committed. A clean merge is
 * committed; a conflict is left as git leaves it.
 * @throws OompaError `git-failed` if git does not begin the merge, such as over uncommitted changes
 */
export async function prepareConflict(
  worktree: Pick<Worktree, 'path' | 'branch'>,
  into: string,
): Promise<PreparedConflict> {
  const ref = `refs/heads/${into}`
  const cwd = worktree.path
  const target = await git(cwd, ['rev-parse', '--verify', `${ref}^{commit}`])
  if (target.status !== 0) throw gitFailed(cwd, ['rev-parse', ref], target.status, target.stderr)
  const message = `Merge branch '${into}' into ${worktree.branch}`
  // The author's branch may have options of its own, `--no-commit` or `-X ours` among them (src/git/pinned.ts).
  const own = ['-c', `branch.${worktree.branch}.mergeOptions=`]
  const args = [...own, 'merge', '--no-edit', '--no-verify', '-m', message, ref]
  const merged = await git(cwd, args)
  const unmerged = await git(cwd, ['diff', '--name-only', '--diff-filter=U', '-z'])
  const paths = [...new Set(unmerged.stdout.split('\0').filter(Boolean))]
  if (merged.status !== 0 && paths.length === 0) {
    throw gitFailed(cwd, args, merged.status, merged.stderr || merged.stdout)
  }
  return { paths, target: target.stdout.trim(), feedback: feedback(into, paths) }
}

function feedback(into: string, paths: readonly string[]): string {
  if (paths.length === 0) {
    return `${into} has gone on and was merged into your branch without a conflict. Check that your work still does what it should, run the tests, and commit what you change.`
  }
  return [
    `${into} has gone on and changes the same places as your work. It has been merged into your worktree; these files conflict:`,
    '',
    ...paths.map((one) => `- ${one}`),
    '',
    'In each of them, keep what both sides mean to do, and remove every conflict marker (<<<<<<<, |||||||, =======, >>>>>>>).',
    'Then run the tests, `git add` the files and `git commit` to conclude the merge. Do not start over and do not drop the other side.',
  ].join('\n')
}
