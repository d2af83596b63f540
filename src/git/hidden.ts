// What only a worktree's own git directory leads to, and is gone with it: commits of a todo list, or of a ref of its
// own. A worktree that is clean, and whose branch has landed, may have these all the same.

import { readdirSync } from 'node:fs'
import path from 'node:path'
import { kindOf } from '../files/kind.js'
import { textOf } from '../files/own.js'
import { sharedObjects } from './objects.js'
import { operationIn } from './operations.js'
import { git } from './run-git.js'

/** Files of operations in progress that name commits, one in a line or in a list of things to do. */
const NAMING = [
  'MERGE_HEAD',
  'MERGE_AUTOSTASH',
  'CHERRY_PICK_HEAD',
  'REVERT_HEAD',
  'BISECT_HEAD',
  'BISECT_EXPECTED_REV',
  'REBASE_HEAD',
  ...['head', 'todo', 'abort-safety'].map((name) => `sequencer/${name}`),
  ...['git-rebase-todo', 'done', 'orig-head', 'stopped-sha', 'amend', 'autostash', 'squash-onto'].map(
    (name) => `rebase-merge/${name}`,
  ),
  ...['orig-head', 'original-commit', 'abort-safety', 'autostash'].map((name) => `rebase-apply/${name}`),
]

/** More lines than this no list of a person or an agent has. */
const MOST = 2000

/**
 * Commits that a worktree's git directory names, and that no branch, tag, remote or kept ref leads to: those of them
 * that lead to the others.
 * @param root the main checkout
 * @param own the worktree's own git directory
 * @param reachable further commits that stay reachable, such as the worktree's HEAD
 */
export async function hiddenCommits(root: string, own: string, reachable: readonly string[] = []): Promise<string[]> {
  const objects = sharedObjects(root)
  const named = new Set<string>()
  for (const name of namedIn(own)) {
    const commit = await objects.info(`${name}^{commit}`)
    if (commit) named.add(commit.oid)
  }
  if (named.size === 0) return []
  const refs = ['--branches', '--tags', '--remotes', '--glob=refs/oompa/*', '--glob=refs/stash', ...reachable]
  const args = ['rev-list', ...named, '--not', ...refs]
  const { status, stdout } = await git(root, args)
  const unreachable = status === 0 ? stdout.split('\n').filter((oid) => named.has(oid)) : [...named]
  if (unreachable.length < 2) return unreachable
  const heads = await git(root, ['merge-base', '--independent', ...unreachable])
  return heads.status === 0 ? heads.stdout.split('\n').filter(Boolean) : unreachable
}

/** Names of objects, whole or abbreviated, in the files of operations and the refs of a worktree. */
function namedIn(own: string): string[] {
  const lists = NAMING.map((file) => textOf(path.join(own, file)) ?? '')
  const refs = filesBelow(path.join(own, 'refs')).map((file) => textOf(file) ?? '')
  const lines = [...lists, ...refs].flatMap((text) => text.split('\n')).slice(0, MOST)
  return lines.flatMap((line) => {
    // `pick -C 1f2e3d4 subject`, or the id alone.
    const name = /^(?:[a-z]+ +(?:-[cC] +)?)?([0-9a-f]{4,64})(?: |$)/.exec(line)?.[1]
    return name === undefined ? [] : [name]
  })
}

/**
 * What the entry of a worktree whose folder is gone may hold that nothing else does, in words; undefined if it is only an
 * entry, which can go.
 */
export function heldByEntry(own: string): string | undefined {
  const operation = operationIn(own)
  if (operation) return `${operation.name} that is in progress`
  if (kindOf(path.join(own, 'modules')) !== undefined) return 'the commits of its submodules'
  if (filesBelow(path.join(own, 'refs')).length > 0) return 'refs of its own'
  const head = path.join(own, 'HEAD')
  if (kindOf(head) !== undefined && !textOf(head)?.startsWith('ref: ')) return 'a HEAD that is on no branch'
  return undefined
}

function filesBelow(folder: string): string[] {
  if (kindOf(folder) !== 'folder') return []
  return readdirSync(folder).flatMap((name) => {
    const full = path.join(folder, name)
    return kindOf(full) === 'folder' ? filesBelow(full) : [full]
  })
}
