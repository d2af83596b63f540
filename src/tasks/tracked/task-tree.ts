// Reads the tasks' files of a commit, without a checkout.

import path from 'node:path'
import { git, gitBytes, gitText } from '../../git/run-git.js'
import type { FolderState } from '../folder/folder-state.js'
import { STATES } from '../folder/names.js'

/** Path and blob of each file of a commit below `specs`; empty if there is no such commit. */
export async function treeFiles(root: string, commit: string, specs: readonly string[]): Promise<Map<string, string>> {
  const { status, stdout } = await git(root, [
    '--literal-pathspecs',
    'ls-tree',
    '-r',
    '-z',
    '--full-tree',
    commit,
    '--',
    ...specs,
  ])
  const files = new Map<string, string>()
  if (status !== 0) return files
  for (const line of stdout.split('\0')) {
    const found = /^(\d+) blob ([0-9a-f]+)\t(.+)$/s.exec(line)
    if (found) files.set(found[3]!, found[2]!)
  }
  return files
}

/** The bytes of a file of a commit, or undefined. */
export async function fileAt(root: string, commit: string, path: string): Promise<Buffer | undefined> {
  const { status, stdout } = await gitBytes(root, ['cat-file', 'blob', `${commit}:${path}`])
  return status === 0 ? stdout : undefined
}

/** The bytes of a blob. */
export async function blobAt(root: string, blob: string): Promise<Buffer> {
  return (await gitBytes(root, ['cat-file', 'blob', blob])).stdout
}

/** Paths below `specs` that differ between two commits. */
export async function changedBetween(
  root: string,
  from: string,
  to: string,
  specs: readonly string[],
): Promise<string[]> {
  const args = ['--literal-pathspecs', 'diff-tree', '-r', '-z', '--name-only', '--no-renames', from, to, '--', ...specs]
  return (await gitText(root, args)).split('\0').filter(Boolean)
}

/** Paths below `specs` that differ between a commit and what stands in a worktree, files unknown to git among them. */
export async function changedPaths(worktree: string, base: string, specs: readonly string[]): Promise<string[]> {
  const [changed, unknown] = await Promise.all([
    gitText(worktree, [
      '--literal-pathspecs',
      'diff',
      '--name-only',
      '--no-renames',
      '--no-ext-diff',
      '-z',
      base,
      '--',
      ...specs,
    ]),
    gitText(worktree, ['--literal-pathspecs', 'ls-files', '--others', '-z', '--', ...specs]),
  ])
  return [...new Set(`${changed}\0${unknown}`.split('\0').filter(Boolean))].sort()
}

/** The folder below the root, with slashes as git has them; undefined if it is elsewhere. */
export function treePath(state: FolderState): string | undefined {
  if (state.folder.copyOf !== undefined) return state.folder.copyOf
  const relative = path.relative(state.folder.root, state.folder.path)
  return relative === '' || relative.startsWith('..') || path.isAbsolute(relative)
    ? undefined
    : relative.split(path.sep).join('/')
}

export function statusPaths(folder: string): string[] {
  return STATES.map((state) => `${folder}/${state}`)
}
