// Where a branch is checked out, and what a person is in the middle of there. Read from files, so that it costs nothing.

import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { isErrno } from '../errors.js'
import { fromBytes } from '../files/bytes.js'
import { gitFolders } from './folders.js'

export interface Checkout {
  /** Absolute. */
  readonly path: string
  /** Its own git directory. */
  readonly own: string
  /** What is in progress there: `a merge`, `a rebase`, … */
  readonly busy?: string
}

const OPERATIONS = [
  ['MERGE_HEAD', 'a merge'],
  ['rebase-merge', 'a rebase'],
  ['rebase-apply', 'a rebase'],
  ['CHERRY_PICK_HEAD', 'a cherry-pick'],
  ['REVERT_HEAD', 'a revert'],
  ['BISECT_LOG', 'a bisect'],
] as const

/** Every checkout that is on `branch` (without `refs/heads/`), or that will come back to it after what is in progress. */
export function checkoutsOf(root: string, branch: string): Checkout[] {
  const { common } = gitFolders(root)
  const all = [{ path: root, own: common }, ...linked(common)]
  return all.flatMap((checkout) => {
    const busy = OPERATIONS.find(([file]) => existsSync(path.join(checkout.own, file)))?.[1]
    const on = read(path.join(checkout.own, 'HEAD')) === `ref: refs/heads/${branch}`
    if (!on && !(busy && comesBackTo(checkout.own, branch))) return []
    return [{ ...checkout, ...(busy ? { busy } : {}) }]
  })
}

function linked(common: string): { path: string; own: string }[] {
  const folder = path.join(common, 'worktrees')
  let names: string[]
  try {
    names = readdirSync(folder)
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return []
    throw error
  }
  return names.flatMap((name) => {
    const own = path.join(folder, name)
    const dotGit = read(path.join(own, 'gitdir'))
    if (!dotGit) return []
    const checkout = path.dirname(path.resolve(own, dotGit))
    return statSync(checkout, { throwIfNoEntry: false })?.isDirectory() ? [{ path: checkout, own }] : []
  })
}

function comesBackTo(own: string, branch: string): boolean {
  return ['rebase-merge/head-name', 'rebase-apply/head-name', 'BISECT_START'].some((file) => {
    const name = read(path.join(own, file))
    return name === branch || name === `refs/heads/${branch}`
  })
}

function read(file: string): string | undefined {
  try {
    return fromBytes(readFileSync(file)).trim()
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR', 'EISDIR')) return undefined
    throw error
  }
}
