// Links to commits of other repositories in a tree: submodules, where `.gitmodules` says so, and otherwise the trace of a
// repository that somebody made inside this one, whose files are in no commit of ours.

import { readFileSync } from 'node:fs'
import path from 'node:path'
import { isErrno } from '../errors.js'
import { treeChanges } from './changes.js'
import { gitFolders } from './folders.js'
import { git, gitText } from './run-git.js'

const GITLINK = '160000'

/**
 * Paths that a commit has as a link, and `from` has not, and that its `.gitmodules` does not declare.
 * @param from any commit or tree
 */
export async function undeclaredGitlinks(root: string, from: string, to: string): Promise<readonly string[]> {
  const added = (await treeChanges(root, from, to)).filter(
    (change) => change.newMode === GITLINK && change.oldMode !== GITLINK,
  )
  if (added.length === 0) return []
  const args = ['config', '--null', '--blob', `${to}:.gitmodules`, '--get-regexp', '^submodule\\..*\\.path$']
  const { stdout } = await git(root, args)
  const declared = new Set(stdout.split('\0').map((entry) => entry.slice(entry.indexOf('\n') + 1)))
  return added.map((change) => change.path).filter((file) => !declared.has(file))
}

/** As the mode stands in an index: most have none, and are read faster than git is started. */
const IN_INDEX = Buffer.from([0, 0, 0xe0, 0])

/** Paths of a checkout's links, declared or not. */
export async function gitlinksOf(checkout: string): Promise<string[]> {
  if (!mayHaveGitlinks(path.join(gitFolders(checkout).own, 'index'))) return []
  const text = await gitText(checkout, ['ls-files', '--stage', '-z'])
  return text
    .split('\0')
    .filter((entry) => entry.startsWith(`${GITLINK} `))
    .map((entry) => entry.slice(entry.indexOf('\t') + 1))
}

function mayHaveGitlinks(index: string): boolean {
  try {
    return readFileSync(index).includes(IN_INDEX)
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return false
    throw error
  }
}

/** What an author is told of repositories inside this one. Pure. */
export function nestedFeedback(paths: readonly string[]): string {
  const [first = ''] = paths
  const many = paths.length > 1
  return [
    `${paths.join(', ')} ${many ? 'are repositories' : 'is a repository'} inside this one (a scaffolder or a clone left a .git there). Git takes no file of ${many ? 'them' : 'it'} into this repository, only a link: it would land as an empty folder.`,
    '',
    'If its files belong to this repository, take its .git away and add them:',
    `    git rm -r -q --cached --ignore-unmatch '${first}'; rm -rf '${first}/.git'; git add '${first}'; git commit`,
    'If it is to be a submodule, declare it:',
    `    git submodule add <url> '${first}'; git commit`,
    'If nobody needs it, remove it.',
  ].join('\n')
}
