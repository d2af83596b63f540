// What a sparse checkout leaves out (git-sparse-checkout(1)): a new file there is in the index and not on disk, as
// git's own merge has it. Where the patterns are not those of a cone, it is written, which loses nothing.

import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { isErrno } from '../errors.js'
import { fromBytes, onDisk } from '../files/bytes.js'
import { git, gitText } from './run-git.js'

/** Tells which paths a checkout leaves out. */
export type LeavesOut = (file: string) => boolean

const NOTHING: LeavesOut = () => false

/** @param own the checkout's own git directory */
export async function leftOutOf(checkout: string, own: string): Promise<LeavesOut> {
  const sparse = await sparseCheckout(checkout, own)
  return (sparse?.cone && coneOf(sparse.patterns)) || NOTHING
}

/**
 * Whether a checkout leaves files out.
 * @param own its own git directory
 */
export async function isSparse(checkout: string, own: string): Promise<boolean> {
  return (await sparseCheckout(checkout, own)) !== undefined
}

/** Undefined unless the checkout is one: asked of a file first, and then of git. */
async function sparseCheckout(
  checkout: string,
  own: string,
): Promise<{ readonly patterns: string; readonly cone: boolean } | undefined> {
  const patterns = read(path.join(own, 'info', 'sparse-checkout'))
  if (patterns === undefined) return undefined
  const { stdout } = await git(checkout, ['config', '--type=bool', '--get-regexp', '^core\\.sparsecheckout(cone)?$'])
  const lines = stdout.split('\n')
  if (lines.findLast((line) => line.startsWith('core.sparsecheckout ')) !== 'core.sparsecheckout true') return undefined
  const cone = lines.findLast((line) => line.startsWith('core.sparsecheckoutcone '))
  return { patterns, cone: cone !== 'core.sparsecheckoutcone false' }
}

/**
 * Puts the files of a merge on the disk that conflict outside of a sparse checkout. Git leaves them away, and a merge
 * that is concluded without them has lost both sides. Does nothing in a checkout that is whole.
 */
export async function showConflicts(checkout: string, own: string): Promise<void> {
  if (!(await sparseCheckout(checkout, own))) return
  const stages = new Map<string, string>()
  for (const line of (await gitText(checkout, ['ls-files', '-u', '-z'])).split('\0')) {
    const [, stage, file] = /^\d+ \S+ (\d)\t([\s\S]*)$/.exec(line) ?? []
    if (stage !== undefined && file !== undefined) stages.set(file, (stages.get(file) ?? '') + stage)
  }
  const lost = [...stages].filter(([file, all]) => /23$/.test(all) && !existsSync(onDisk(checkout, file)))
  if (lost.length === 0) return
  const args = ['checkout', '--merge', '--ignore-skip-worktree-bits', '--pathspec-from-file=-', '--pathspec-file-nul']
  const input = lost.map(([file]) => file).join('\0')
  await gitText(checkout, args, { input, env: { GIT_LITERAL_PATHSPECS: '1' } })
}

function read(file: string): string | undefined {
  try {
    return fromBytes(readFileSync(file))
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return undefined
    throw error
  }
}

/**
 * Reads the patterns of a cone: all files at the top and in the parents of a chosen folder, everything below one. Pure.
 * @returns undefined if they are not a cone's
 */
export function coneOf(patterns: string): LeavesOut | undefined {
  const folders = new Set<string>()
  const parents = new Set<string>()
  for (const line of patterns.split('\n')) {
    if (line === '' || line.startsWith('#') || line === '/*' || line === '!/*/') continue
    const [, not, name = '', all] = /^(!?)\/(.+?)\/(\*\/)?$/.exec(line) ?? []
    // An asterisk that is not escaped is a pattern, and no folder.
    if (not === undefined || /(^|[^\\])(\\\\)*[*?[]/.test(name) || (not === '!') !== (all !== undefined))
      return undefined
    const folder = name.replace(/\\(.)/g, '$1')
    if (not) parents.add(folder)
    else folders.add(folder)
  }
  if (!/^\/\*$/m.test(patterns) || !/^!\/\*\/$/m.test(patterns)) return undefined
  return (file) => {
    const above = path.posix.dirname(file)
    if (above === '.' || parents.has(above)) return false
    for (let at = above; at !== '.'; at = path.posix.dirname(at)) if (folders.has(at) && !parents.has(at)) return false
    return true
  }
}
