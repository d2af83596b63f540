// A commit of ours in a worktree moves the ref that its HEAD leads to. An agent may have put HEAD, or its own branch as a
// symbolic ref, on the target or on a branch of the person's: there nothing of ours commits, merges or resets.

import path from 'node:path'
import { textOf } from '../files/own.js'
import { isAncestor } from './ancestry.js'
import { gitFolders } from './folders.js'
import { isWorktreeName } from './registrations.js'
import { resolveCommit } from './repository.js'
import { gitText } from './run-git.js'

const SAID = ['-m', 'oompa: nobody else’s branch']

/**
 * Puts the worktree of an iteration back on its own branch, at the commit that it is on; on a detached HEAD where the
 * branch has other commits. No file is touched, and no other ref.
 */
export async function standOnOwnBranch(checkout: string): Promise<void> {
  const name = path.basename(checkout)
  if (!isWorktreeName(name)) return
  const { own, common } = gitFolders(checkout)
  const ref = `refs/heads/oompa/${name.slice(1)}`
  const on = /^ref: (.+)$/.exec(textOf(path.join(own, 'HEAD'))?.trimEnd() ?? '')?.[1]
  const isSymbolic = textOf(path.join(common, ref))?.startsWith('ref: ') === true
  if (on === undefined || (on === ref && !isSymbolic)) return
  const commit = await resolveCommit(checkout, 'HEAD')
  // On a branch that is not there yet a commit moves nothing.
  if (!commit) return
  await gitText(checkout, ['update-ref', '--no-deref', ...SAID, 'HEAD', commit])
  const tip = isSymbolic ? undefined : await resolveCommit(checkout, ref)
  if (tip !== undefined && !(await isAncestor(checkout, tip, commit))) return
  await gitText(checkout, ['update-ref', '--no-deref', ...SAID, ref, commit])
  await gitText(checkout, ['symbolic-ref', ...SAID, 'HEAD', ref])
}
