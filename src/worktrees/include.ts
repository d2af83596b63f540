// `.worktreeinclude`: which of the main checkout's ignored files, such as `.env`, a new worktree gets a copy of.

import { existsSync } from 'node:fs'
import path from 'node:path'
import { onDisk } from '../files/bytes.js'
import { git, gitText } from '../git/run-git.js'
import { copyInto } from './bring.js'

const FILE = '.worktreeinclude'

/**
 * Copies the files that `.worktreeinclude` names (patterns as in `.gitignore`) and that git ignores. Tracked files are
 * never overwritten; a file that git does not ignore would be committed, and is passed over.
 * @returns the paths that were copied; a folder ends with `/`
 */
export async function includeFiles(root: string, worktree: string): Promise<string[]> {
  if (!existsSync(path.join(root, FILE))) return []
  const wanted = await listed(root, ['--directory'], [])
  const ignored = await ignoredOf(root, wanted)
  // A folder that is not ignored as a whole: the files in it may be.
  const folders = wanted.filter((name) => name.endsWith('/') && !ignored.has(name))
  const files = folders.length ? await listed(root, [], folders) : []
  const inFolders = await ignoredOf(root, files)
  const chosen = [
    ...new Set([...wanted.filter((name) => ignored.has(name)), ...files.filter((name) => inFolders.has(name))]),
  ]
  const copied = await copyInto(
    root,
    worktree,
    chosen.map((name) => name.replace(/\/$/, '')),
  )
  return chosen.filter((name) => copied.includes(name.replace(/\/$/, '')))
}

/** Untracked paths that match the patterns; ours, and what holds another repository, are left out. */
async function listed(root: string, options: readonly string[], folders: readonly string[]): Promise<string[]> {
  const args = ['ls-files', '--others', '--ignored', `--exclude-from=${FILE}`, '-z', ...options, '--', ...folders]
  const text = await gitText(root, folders.length ? ['--literal-pathspecs', ...args] : args)
  return text
    .split('\0')
    .filter((name) => name !== '' && !/^(\.oompa|\.w[0-9]+-i[0-9]+)(\/|$)/.test(name))
    .filter((name) => !(name.endsWith('/') && existsSync(onDisk(root, name, '.git'))))
}

async function ignoredOf(root: string, paths: readonly string[]): Promise<Set<string>> {
  if (paths.length === 0) return new Set()
  const { stdout } = await git(root, ['check-ignore', '-z', '--stdin'], {
    input: paths.map((one) => `${one}\0`).join(''),
  })
  return new Set(stdout.split('\0').filter((one) => one !== ''))
}
