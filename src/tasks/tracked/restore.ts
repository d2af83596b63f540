// Takes the status of tasks out of a branch again: one commit that puts it back to what the base has.

import { rmSync } from 'node:fs'
import path from 'node:path'
import { onDisk } from '../../files/bytes.js'
import { held } from '../../git/collect.js'
import { commitTree } from '../../git/commits.js'
import { git, gitText } from '../../git/run-git.js'
import type { TaskRequests } from '../contract.js'
import { treeFiles } from './task-tree.js'

/**
 * Puts `specs` (paths below the worktree) back to what they are in `base`, on the branch and on disk.
 * @returns the commit, or undefined if the branch had nothing to put back
 */
export async function restorePaths(
  worktree: string,
  base: string,
  specs: readonly string[],
  adds: TaskRequests['adds'] = [],
): Promise<string | undefined> {
  // Nearly always: what an agent has asked for is in no commit of its change, or there is nothing.
  if (adds.length === 0 && (await isAsIn(worktree, base, specs))) return undefined
  const commit = await commitRestored(worktree, base, specs)
  const known = await knownPaths(worktree, specs)
  if (known.length) {
    await gitText(worktree, [
      '--literal-pathspecs',
      'restore',
      '--source=HEAD',
      '--staged',
      '--worktree',
      '--',
      ...known,
    ])
  }
  // What was asked for is in the store by now; a copy that no commit holds would be asked for again.
  const inHead = await treeFiles(worktree, 'HEAD', specs)
  for (const add of adds) if (!inHead.has(add.path)) rmSync(onDisk(worktree, add.path), { force: true })
  return commit
}

/** Whether the branch, its index and its files are there what the base has, so that there is nothing to put back. */
async function isAsIn(worktree: string, base: string, specs: readonly string[]): Promise<boolean> {
  const ask = (...args: string[]) => git(worktree, ['--literal-pathspecs', ...args, '--', ...specs])
  const isSame = (await ask('diff-tree', '-r', '--quiet', base, 'HEAD')).status === 0
  if (!isSame) return false
  const { status, stdout } = await ask('status', '--porcelain', '-z', '--untracked-files=all', '--no-renames')
  return status === 0 && stdout === ''
}

async function commitRestored(worktree: string, base: string, specs: readonly string[]): Promise<string | undefined> {
  const gitDir = await gitText(worktree, ['rev-parse', '--absolute-git-dir'])
  const index = path.join(gitDir, `oompa-tasks-${process.pid}`)
  const env = { GIT_INDEX_FILE: index }
  try {
    await gitText(worktree, ['read-tree', 'HEAD'], { env })
    await gitText(
      worktree,
      ['--literal-pathspecs', 'rm', '--sparse', '-r', '--cached', '-q', '-f', '--ignore-unmatch', '--', ...specs],
      { env },
    )
    const listed = await gitText(worktree, [
      '--literal-pathspecs',
      'ls-tree',
      '-r',
      '-z',
      '--full-tree',
      base,
      '--',
      ...specs,
    ])
    if (listed) await gitText(worktree, ['update-index', '-z', '--add', '--index-info'], { env, input: listed })
    const head = await gitText(worktree, ['rev-parse', 'HEAD'])
    const make = async () => {
      const tree = await gitText(worktree, ['write-tree'], { env })
      if (tree === (await gitText(worktree, ['rev-parse', 'HEAD^{tree}']))) return { made: undefined }
      const message = 'Put the status of tasks back\n\nA landing writes it, not a change.\n'
      const commit = await commitTree(worktree, { tree, parents: [head], message })
      return { commit, made: commit }
    }
    const { made: commit, release } = await held(worktree, { name: path.basename(worktree), from: head }, make)
    if (commit === undefined) return undefined
    const message = 'oompa: the status of tasks is not part of a change'
    await gitText(worktree, ['update-ref', '-m', message, 'HEAD', commit, head]).finally(release)
    return commit
  } finally {
    rmSync(index, { force: true })
  }
}

/** Of `specs` those that git knows here: it refuses to restore a path that it has never heard of. */
async function knownPaths(worktree: string, specs: readonly string[]): Promise<string[]> {
  const known: string[] = []
  for (const spec of specs) {
    const { stdout } = await git(worktree, ['--literal-pathspecs', 'ls-files', '-z', '--', spec])
    if (stdout !== '' || (await treeFiles(worktree, 'HEAD', [spec])).size > 0) known.push(spec)
  }
  return known
}
