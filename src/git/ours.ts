// Whether a worktree is still the one that we made, asked before anything is done in it or with it.

import path from 'node:path'
import { kindOf } from '../files/kind.js'
import { textOf } from '../files/own.js'
import { type GitFolders, gitFolders } from './folders.js'
import { isPlace, registrationsOf, worktreeChanged } from './registrations.js'

/**
 * The git directories of a linked worktree, by the repository's word, and by its own as well. The git that an agent or
 * a person runs there believes the worktree's own `.git`: where the two do not agree, nobody can say whose the files are.
 * @param checkout absolute
 * @throws OompaError `worktree-changed` with what was found, and the command that puts it right
 */
export function requireOurs(checkout: string): GitFolders {
  const folders = gitFolders(checkout)
  // The person's own checkout is whatever the person makes of it.
  if (folders.own === folders.common) return folders
  const why = whatChanged(checkout, folders)
  if (why) throw worktreeChanged(checkout, why, mend(checkout, folders.own))
  return folders
}

/** What is not as we made it, in words; undefined if all is. */
function whatChanged(checkout: string, { own, common }: GitFolders): string | undefined {
  const entries = registrationsOf(common, checkout)
  if (entries.length !== 1) return `${entries.length} entries of the repository name it`
  if (kindOf(checkout) === undefined) return 'its folder is gone'
  const dotGit = path.join(checkout, '.git')
  const kind = kindOf(dotGit)
  if (kind === undefined) return 'its .git file is gone'
  if (kind !== 'file') return `its .git is a ${kind === 'other' ? 'special file' : kind}, and no file`
  const named = /^gitdir: (.+?)\n*$/.exec(textOf(dotGit) ?? '')?.[1]
  if (named === undefined) return 'its .git file does not say where its git directory is'
  if (!isPlace(path.resolve(checkout, named), own))
    return `its .git file names another git directory, ${named.slice(0, 300)}`
  const up = textOf(path.join(own, 'commondir'))?.trimEnd()
  if (!up || !isPlace(path.resolve(own, up), common)) return `${path.join(own, 'commondir')} leads elsewhere`
  return undefined
}

/** Puts back what git wrote, over nothing: a folder or a link is moved aside first. */
function mend(checkout: string, own: string): string {
  if (kindOf(checkout) === undefined) return 'oompa cleanup'
  const dotGit = path.join(checkout, '.git')
  const kind = kindOf(dotGit)
  const aside = kind === undefined ? '' : `mv '${dotGit}' '${path.join(checkout, 'found.git')}' && `
  return `${aside}printf 'gitdir: %s\\n' '${own}' > '${dotGit}'`
}
