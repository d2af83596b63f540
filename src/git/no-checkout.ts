// Why a command finds no checkout to work in, and the way to one.

import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { OompaError, STATUS, usageError } from '../errors.js'
import { isText, onDisk } from '../files/bytes.js'
import { kindOf } from '../files/kind.js'
import { isWorktreeName, registeredCheckout, registrations } from './registrations.js'
import { git } from './run-git.js'
import { unsafeRepository } from './unsafe.js'
import { listWorktrees } from './worktree-list.js'

/** The error for a folder in which git finds no repository, or will not work. `said` are git's own words. */
export function noRepository(cwd: string, said: string): OompaError {
  const unsafe = unsafeRepository(cwd, said)
  if (unsafe) return unsafe
  const lost = lostWorktree(cwd)
  if (lost) {
    const where = lost.repository ? quoted(lost.repository) : 'WHERE-IT-IS-NOW'
    return new OompaError({
      code: 'repository-moved',
      message: `${lost.worktree} is a worktree whose repository was moved: ${lost.names} is not there.`,
      mend: `git -C ${where} worktree repair ${quoted(lost.worktree)}`,
      status: STATUS.usage,
    })
  }
  // A broken configuration, a format that this git does not know: `git init` would not mend it.
  const other = said.trim().split('\n')[0] ?? ''
  if (other !== '' && !/not a git repository|filesystem boundary/i.test(other)) {
    return usageError(`git cannot work in ${cwd}: ${other}`, 'git status', 'not-a-repository')
  }
  return usageError(
    `${cwd} is not inside a git repository.`,
    'git init && git commit --allow-empty -m "Start"',
    'not-a-repository',
  )
}

/** A linked worktree above `cwd` whose git directory is gone, and the repository that has it now, if it is around it. */
function lostWorktree(cwd: string): { worktree: string; names: string; repository?: string } | undefined {
  const above = foldersAbove(cwd)
  const worktree = above.find((folder) => kindOf(path.join(folder, '.git')) !== undefined)
  if (worktree === undefined || kindOf(path.join(worktree, '.git')) !== 'file') return undefined
  const text = readFileSync(path.join(worktree, '.git'), 'utf8')
  const own = /^gitdir: (.+)$/.exec(text.trimEnd())?.[1]
  if (own === undefined || existsSync(path.resolve(worktree, own))) return undefined
  const repository = foldersAbove(path.dirname(worktree)).find((folder) =>
    existsSync(path.join(folder, '.git', 'worktrees', path.basename(own))),
  )
  return { worktree, names: own, ...(repository === undefined ? {} : { repository }) }
}

function foldersAbove(folder: string): string[] {
  const parent = path.dirname(folder)
  return parent === folder ? [folder] : [folder, ...foldersAbove(parent)]
}

/** The error for a bare repository, or the inside of a git directory. */
export async function noCheckout(cwd: string, gitDir: string, isBare: boolean): Promise<OompaError> {
  if (isBare && (await hasFiles(gitDir))) {
    return usageError(
      `${cwd} is a checkout, and core.bare says that it is a bare repository.`,
      `git --git-dir ${quoted(gitDir)} config core.bare false`,
      'bare-repository',
    )
  }
  const code = isBare ? 'bare-repository' : 'not-a-checkout'
  const what = isBare ? 'a bare repository' : 'inside a git directory'
  return usageError(`${cwd} is ${what}: there is no checkout to work in.`, await wayToCheckout(cwd, gitDir), code)
}

/** Whether files of the index stand beside a `.git`: somebody has set `core.bare`, and it was a checkout all the time. */
async function hasFiles(gitDir: string): Promise<boolean> {
  if (path.basename(gitDir) !== '.git' || !existsSync(path.join(gitDir, 'index'))) return false
  const { stdout } = await git(gitDir, ['ls-files', '-z'])
  const some = stdout.split('\0', ENOUGH).filter(Boolean)
  return some.some((file) => existsSync(onDisk(path.dirname(gitDir), file)))
}

const ENOUGH = 20

/** Into a worktree that is there; where a bare repository has none yet, the first one, or a clone of one that is shared. */
async function wayToCheckout(cwd: string, gitDir: string): Promise<string> {
  const [checkouts, head] = await Promise.all([
    listWorktrees(gitDir),
    git(gitDir, ['symbolic-ref', '--quiet', '--short', 'HEAD']),
  ])
  const usable = checkouts.filter((one) => one.head !== undefined && !one.prunable)
  const branch = head.stdout.trim()
  const there = usable.find((one) => one.branch === branch) ?? usable[0]
  if (there) return `cd ${quoted(path.relative(cwd, there.path) || there.path)}`
  // `project/.bare`, `project/.git`: made to have worktrees beside it.
  const project = path.basename(gitDir).startsWith('.') ? path.dirname(gitDir) : undefined
  if (project === undefined) return `git clone ${quoted(cwd)} ../checkout && cd ../checkout`
  const place = quoted(path.join(project, branch || 'checkout'))
  return `git -C ${quoted(gitDir)} worktree add ${place}${branch ? ` ${quoted(branch)}` : ''} && cd ${place}`
}

/**
 * The error for a main checkout that was moved with worktrees of ours in it: git knows them at the old place only.
 * @param gitDir the common git directory, absolute
 */
export function movedWorktrees(root: string, gitDir: string): OompaError | undefined {
  const names = registrations(gitDir).flatMap((own) => {
    const named = registeredCheckout(own) ?? ''
    const name = path.basename(named)
    const here = path.join(root, name)
    const isMoved = isWorktreeName(name) && named !== here && !existsSync(named)
    return isMoved && kindOf(path.join(here, '.git')) === 'file' ? [name] : []
  })
  if (names.length === 0) return undefined
  return new OompaError({
    code: 'repository-moved',
    message: `${root} was moved, and git knows ${names.sort().join(', ')} at the old place only.`,
    mend: `cd ${quoted(root)} && git worktree repair ${names.join(' ')}`,
    status: STATUS.usage,
  })
}

/**
 * Node can start no program in a folder whose name is not UTF-8, and shows its name with U+FFFD.
 * @throws OompaError `folder-name` (status 2)
 */
export function requireTextName(cwd: string): void {
  if (isText(cwd) && !(cwd.includes('\ufffd') && !existsSync(cwd))) return
  throw usageError(
    `${cwd} has a name that is not UTF-8, and Node can start no program in it.`,
    'Rename the folder: mv OLD NEW',
    'folder-name',
  )
}

function quoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}
