// Where a reviewer looks at a change: a checkout of it that is thrown away, in which what configures agents, and the
// programs that judge, are the target's. What the change makes of those files stands in the diff, and decides nothing.

import { treeChanges } from '../git/changes.js'
import { sharedObjects } from '../git/objects.js'
import { resolveCommit } from '../git/repository.js'
import { gitText } from '../git/run-git.js'
import { editTree } from '../git/trees.js'
import type { Change, TreeEdit } from '../words.js'
import { openScratch, type Scratch } from '../worktrees/scratch.js'
import type { HookContext } from './contract.js'
import { usualProtection } from './protected.js'

type Whose = Pick<HookContext, 'root' | 'protection'>

/** Opens the place; it has to be removed. */
export async function openPlace(change: Change, context: Whose): Promise<Scratch> {
  const { root } = context
  const name = `${change.worker}-${change.number}`
  const edits = await targetsVersions(change, context)
  if (edits.length === 0) return openScratch(root, change.commit, name)
  return openScratch(root, change.commit, name, await commitWith(root, change.commit, edits))
}

/** The files that configure agents or judge, where the change has other ones than the target. */
async function targetsVersions(change: Change, { root, protection = usualProtection }: Whose): Promise<TreeEdit[]> {
  const objects = sharedObjects(root)
  const target = (await resolveCommit(root, `refs/heads/${change.into}`)) ?? change.base
  const changes = (await treeChanges(root, target, change.commit)).filter(
    ({ path }) => protection.configures(path) || protection.runs(path),
  )
  return Promise.all(
    changes.map(async ({ path, oldMode, oldOid }) => {
      // A submodule is not checked out: nothing of it configures anybody.
      const isThere = oldMode !== '000000' && oldMode !== '160000'
      const content = isThere ? ((await objects.contents(oldOid)) ?? null) : null
      return { path, content, mode: oldMode }
    }),
  )
}

/** A commit that nobody sees: the same, with other files. */
async function commitWith(root: string, commit: string, edits: readonly TreeEdit[]): Promise<string> {
  const objects = sharedObjects(root)
  const tree = await editTree(root, objects, (await objects.info(`${commit}^{tree}`))?.oid ?? '', edits)
  return gitText(root, ['hash-object', '-t', 'commit', '-w', '--stdin'], {
    input: `tree ${tree}\nparent ${commit}\nauthor oompa <oompa> 0 +0000\ncommitter oompa <oompa> 0 +0000\n\nFor a reviewer\n`,
  })
}
