// Registers a linked worktree by writing the four files that git would (gitrepository-layout(5), worktrees/): `git
// worktree add` starts four processes for it, which is most of what an iteration on a small repository costs.
// Whatever is out of the ordinary is left to git, and with it the words for what is wrong.

import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { isErrno } from '../errors.js'
import { gitFolders, ourFolder } from './folders.js'

/** Extensions that make a worktree more than these files: another store of refs, a configuration of its own. */
const SPECIAL = /refstorage|worktreeconfig|relativeworktrees/i

/**
 * Makes the empty worktree `full` on `branch`, which need not exist: `git reset --hard <commit>` in it makes both the
 * branch and the files. `full` must not be there; its `.git` is.
 * @param dotGit where the worktree's `.git` file is written: a folder that the caller moves to `full`, or `full`
 * @returns its own git directory, or undefined if git has to do it (done nothing)
 */
export function registerWorktree(root: string, full: string, branch: string, dotGit = full): string | undefined {
  const { common } = gitFolders(root)
  if (SPECIAL.test(readFileSync(path.join(common, 'config'), 'utf8'))) return undefined
  const folder = path.join(common, 'worktrees')
  for (const one of [folder, ourFolder(common)]) mkdirSync(one, { recursive: true })
  if (isTaken(common, folder, full, branch)) return undefined
  const own = path.join(folder, path.basename(full).replace(/^\.+/, ''))
  const made = mkdtempSync(path.join(ourFolder(common), 'worktree-'))
  try {
    writeFileSync(path.join(made, 'commondir'), '../..\n')
    writeFileSync(path.join(made, 'gitdir'), `${path.join(full, '.git')}\n`)
    writeFileSync(path.join(made, 'HEAD'), `ref: refs/heads/${branch}\n`)
    mkdirSync(dotGit, { recursive: true })
    writeFileSync(path.join(dotGit, '.git'), `gitdir: ${own}\n`)
    // At once and whole: `git worktree prune` takes away what is half there.
    renameSync(made, own)
    return own
  } catch (error) {
    rmSync(made, { recursive: true, force: true })
    if (!isErrno(error, 'EEXIST', 'ENOTEMPTY', 'ENOTDIR')) throw error
    rmSync(path.join(dotGit, '.git'), { force: true })
    return undefined
  }
}

/** Whether a checkout is on the branch, or a registration that is not dead names the place: git knows what that means. */
function isTaken(common: string, folder: string, full: string, branch: string): boolean {
  const head = `ref: refs/heads/${branch}\n`
  if (read(path.join(common, 'HEAD')) === head) return true
  return readdirSync(folder).some((name) => {
    const own = path.join(folder, name)
    if (read(path.join(own, 'gitdir')).trimEnd() !== path.join(full, '.git'))
      return read(path.join(own, 'HEAD')) === head
    // Its folder went without git, or a crash came between two steps of ours; what it was on is in the branch.
    const isDead = !existsSync(full) && !existsSync(path.join(own, 'locked'))
    if (isDead && read(path.join(own, 'HEAD')).startsWith('ref: ')) unregisterWorktree(own)
    return existsSync(own)
  })
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR', 'EISDIR')) return ''
    throw error
  }
}

/**
 * Takes the registration of a worktree away whose folder is gone.
 * @param own its own git directory
 */
export function unregisterWorktree(own: string): void {
  rmSync(own, { recursive: true, force: true })
}
