// The person has rewritten the target while an agent worked: its branch is put onto the target as it is now, by its own
// commits only, so that whoever reviews, tests or merges it by other means does not bring back what was taken out.

import path from 'node:path'
import { isAncestor, mergeBase } from '../git/ancestry.js'
import { type Held, held } from '../git/collect.js'
import { commitTree } from '../git/commits.js'
import { branchOf } from '../git/folders.js'
import { git, gitFailed } from '../git/run-git.js'
import type { Worktree } from '../words.js'
import { isTakenOut } from './base.js'
import { replay, writeReplay } from './replay.js'
import { targetCommit } from './target.js'
import { openTools } from './tools.js'

/** What a branch is on, and what it was built on. */
export interface Built {
  /** The target, without `refs/heads/`. */
  readonly into: string
  readonly commit: string
  readonly base: string
}

/**
 * Moves the branch of a worktree whose work is committed. Nothing is done where its base is still in the target, where
 * its own commits conflict with it (that is brought to the author when it is to land), or where it is on another branch.
 * @returns the branch's new commit, and the target's that it is built on now
 */
export async function ontoRewritten(
  root: string,
  worktree: Pick<Worktree, 'path' | 'branch'>,
  { into, commit, base }: Built,
): Promise<{ readonly commit: string; readonly target: string } | undefined> {
  const tools = openTools(root)
  try {
    const target = await targetCommit(tools, into)
    if (!(await isTakenOut(root, base, commit, target)) || branchOf(worktree.path) !== worktree.branch) return undefined
    const make = async () => {
      const answer = await replay(tools, target, commit, base)
      if ('conflict' in answer) return { made: undefined }
      const moved = await writeReplay(tools, target, answer, (message) => message)
      return { commit: moved, made: moved }
    }
    const { made: moved, release } = await held(root, { name: path.basename(worktree.path), from: target }, make)
    if (moved === undefined) return undefined
    // Not over a file that was left uncommitted: then it stays as it is.
    const reset = await git(worktree.path, ['reset', '--keep', '--quiet', moved]).finally(release)
    return reset.status === 0 ? { commit: moved, target } : undefined
  } finally {
    tools.close()
  }
}

/** A commit that holds all of a change's own part, over what it was built on. */
export function ownPart(
  root: string,
  { name, onto, commit, base }: { name: string; onto: string; commit: string; base: string },
): Promise<Held<string>> {
  return held(root, { name, from: commit }, async () => {
    const part = await ownPartOf(root, onto, commit, base)
    return { commit: part, made: part }
  })
}

async function ownPartOf(root: string, onto: string, commit: string, base: string): Promise<string> {
  const tools = openTools(root)
  try {
    const tree = async (name: string) => (await tools.objects.info(`${name}^{tree}`))?.oid ?? ''
    const message = 'The work so far'
    const common = await mergeBase(root, onto, commit)
    // The author may have taken in some of the rewritten target already: that is not its own part either.
    const took = common !== undefined && !(await isAncestor(root, common, base))
    const under = took ? (await tools.merger.merge(base, common)).tree : await tree(base)
    const parent = await commitTree(root, { tree: under, parents: [base], message, isHelper: true })
    return await commitTree(root, { tree: await tree(commit), parents: [parent], message, isHelper: true })
  } finally {
    tools.close()
  }
}

/** Moves a worktree's branch and files to a commit, over nothing that is not committed. */
export async function branchReset(worktree: Pick<Worktree, 'path' | 'branch'>, commit: string): Promise<void> {
  const args = ['checkout', '--quiet', '--no-track', '-B', worktree.branch, commit]
  const { status, stderr } = await git(worktree.path, args)
  if (status !== 0) throw gitFailed(worktree.path, args, status, stderr)
}
