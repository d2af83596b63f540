// Brings a conflict to the one who can mend it: the target is merged into the author's own worktree, and the files
// that conflict are left there with both sides and what they came from. Where the person has taken out of the target
// what the branch was built on, a merge would bring it back: there the author's own part is put onto the target.

import { lstatSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { onDisk } from '../files/bytes.js'
import { gitFolders } from '../git/folders.js'
import { withoutSubmodules } from '../git/nested.js'
import { git, gitFailed, gitText } from '../git/run-git.js'
import { showConflicts } from '../git/sparse.js'
import type { Worktree } from '../words.js'
import { isTakenOut } from './base.js'
import type { LeftConflict } from './left-markers.js'
import { isBinary, sizeWithLabel } from './markers.js'
import { branchReset, ownPart } from './rewritten.js'

export interface PreparedConflict {
  /** Files with conflict markers (or removed on one side), for the author to mend. Empty if the merge was clean. */
  readonly paths: readonly string[]
  /** Those of them in which git wrote markers. */
  readonly marked: readonly LeftConflict[]
  /** The commit of the target that was merged in, or that the branch is on now. */
  readonly target: string
  /** The author's commits as they were, where the branch does not lead to them any more. */
  readonly before?: string
  /** What to tell the author, in its own session. */
  readonly feedback: string
}

/**
 * Merges the target (a branch without `refs/heads/`) into a worktree whose work is committed. A clean merge is
 * committed; a conflict is left as git leaves it.
 * @param root the main checkout
 * @param base what the branch was built on
 * @param keep called with the author's commits before the branch is moved away from them
 * @throws OompaError `git-failed` if git does not begin the merge, such as over uncommitted changes
 */
export async function prepareConflict(
  root: string,
  worktree: Pick<Worktree, 'path' | 'branch'>,
  { into, base, keep }: { into: string; base?: string; keep?(commit: string): Promise<void> },
): Promise<PreparedConflict> {
  const cwd = worktree.path
  const target = await gitText(cwd, ['rev-parse', '--verify', `refs/heads/${into}^{commit}`])
  const head = await gitText(cwd, ['rev-parse', '--verify', 'HEAD^{commit}'])
  if (await isTakenOut(root, base, head, target)) {
    await keep?.(head)
    const onto = await putOnto(root, worktree, { into, target, head, base: base! })
    return { ...onto, marked: marked(cwd, onto.paths, [head, target]), target, before: head }
  }
  const message = `Merge branch '${into}' into ${worktree.branch}`
  // The author's branch may have options of its own, `--no-commit` or `-X ours` among them (src/git/pinned.ts).
  const own = ['-c', `branch.${worktree.branch}.mergeOptions=`]
  const paths = await conflicts(cwd, [...own, 'merge', '--no-edit', '--no-verify', '-m', message, target])
  return { paths, marked: marked(cwd, paths, [head, target]), target, feedback: feedback(into, paths) }
}

/** The files that git has left with markers, and how long those are: an attribute may ask for other ones. */
function marked(cwd: string, paths: readonly string[], sides: readonly string[]): LeftConflict[] {
  return paths.flatMap((one) => {
    const file = onDisk(cwd, one)
    if (!lstatSync(file, { throwIfNoEntry: false })?.isFile()) return []
    const text = readFileSync(file, 'latin1')
    const size = isBinary(text) ? undefined : sizeWithLabel(text, 'HEAD')
    return size === undefined ? [] : [{ path: one, size, sides }]
  })
}

/** The author's own part as uncommitted changes over the target, on its branch. */
async function putOnto(
  root: string,
  worktree: Pick<Worktree, 'path' | 'branch'>,
  facts: { into: string; target: string; head: string; base: string },
): Promise<Pick<PreparedConflict, 'paths' | 'feedback'>> {
  const { into, target, head, base } = facts
  const name = path.basename(worktree.path)
  const { made: part, release } = await ownPart(root, { name, onto: target, commit: head, base })
  try {
    await branchReset(worktree, target)
    const paths = await conflicts(worktree.path, ['cherry-pick', '--no-commit', '--allow-empty', part])
    return { paths, feedback: rewrittenFeedback(into, paths) }
  } finally {
    await release()
  }
}

/** Runs a command that merges; gives the files that conflict. */
async function conflicts(cwd: string, args: readonly string[]): Promise<string[]> {
  // A merge looks for uncommitted work in submodules first.
  const merged = await git(cwd, args, { env: await withoutSubmodules(cwd) })
  const unmerged = await git(cwd, ['diff', '--name-only', '--diff-filter=U', '--ignore-submodules=dirty', '-z'])
  const paths = [...new Set(unmerged.stdout.split('\0').filter(Boolean))]
  if (merged.status !== 0 && paths.length === 0) {
    throw gitFailed(cwd, args, merged.status, merged.stderr || merged.stdout)
  }
  if (paths.length > 0) await showConflicts(cwd, gitFolders(cwd).own)
  return paths
}

const MARKERS = 'remove every conflict marker (<<<<<<<, |||||||, =======, >>>>>>>).'

function feedback(into: string, paths: readonly string[]): string {
  if (paths.length === 0) {
    return `${into} has gone on and was merged into your branch without a conflict. Check that your work still does what it should, run the tests, and commit what you change.`
  }
  return [
    `${into} has gone on and changes the same places as your work. It has been merged into your worktree; these files conflict:`,
    '',
    ...paths.map((one) => `- ${one}`),
    '',
    `In each of them, keep what both sides mean to do, and ${MARKERS}`,
    'Then run the tests, `git add` the files and `git commit` to conclude the merge. Do not start over and do not drop the other side.',
  ].join('\n')
}

function rewrittenFeedback(into: string, paths: readonly string[]): string {
  return [
    `${into} was rewritten: commits that your branch was built on are no longer in it. Your branch is now on ${into} as it is, and your own changes are in your worktree, not committed yet. What was taken out of ${into} must not come back.`,
    ...(paths.length > 0 ? ['', 'These files conflict:', '', ...paths.map((one) => `- ${one}`)] : []),
    '',
    ...(paths.length > 0 ? [`In each of them, keep what both sides mean to do, and ${MARKERS}`] : []),
    'Then run the tests, `git add` your changes and `git commit` them. Do not merge or cherry-pick the earlier commits.',
  ].join('\n')
}
