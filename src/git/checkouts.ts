// Where a branch is checked out, and what a person is in the middle of there. Read from files, so that it costs nothing.

import { readFileSync } from 'node:fs'
import path from 'node:path'
import { isErrno } from '../errors.js'
import { fromBytes, onDisk } from '../files/bytes.js'
import { kindOf } from '../files/kind.js'
import { textOf } from '../files/own.js'
import { gitFolders } from './folders.js'
import { requireTextName } from './no-checkout.js'
import { operationIn } from './operations.js'
import { isPlace, isWorktreeName, registeredCheckout, registrations } from './registrations.js'

export interface Checkout {
  /** Absolute. */
  readonly path: string
  /** Its own git directory. */
  readonly own: string
  /** What is in progress there: `a merge`, `a rebase`, … */
  readonly busy?: string
}

/**
 * Every checkout that is on `branch` (without `refs/heads/`), or that will come back to it after what is in progress.
 * @param root the main checkout, or, of a bare repository, the linked one that we work in
 * @throws OompaError `folder-name` if one of them is in a folder in which no program can be started
 */
export function checkoutsOf(root: string, branch: string): Checkout[] {
  return allCheckouts(root).flatMap((checkout) => {
    const busy = operationIn(checkout.own)?.name
    const on = read(path.join(checkout.own, 'HEAD')) === `ref: refs/heads/${branch}`
    if (!on && !(busy && comesBackTo(checkout.own, branch))) return []
    requireTextName(checkout.path)
    return [{ ...checkout, ...(busy ? { busy } : {}) }]
  })
}

/**
 * Other checkouts of the same repository in which swarms may run, each with a state of its own: those of a bare
 * repository, which has no main checkout. They share its branches.
 */
export function siblingsOf(root: string): string[] {
  const { own, common } = gitFolders(root)
  if (own === common) return []
  return linked(common).flatMap((one) => (one.own === own || isWorktreeName(path.basename(one.path)) ? [] : [one.path]))
}

/** Branches (without `refs/heads/`) that are checked out anywhere but in `root` and directly below it. */
export function checkedOutElsewhere(root: string): string[] {
  const elsewhere = linked(gitFolders(root).common).filter(
    (one) => one.path !== root && path.dirname(one.path) !== root,
  )
  return elsewhere.flatMap(({ own }) => {
    const head = read(path.join(own, 'HEAD')) ?? ''
    return head.startsWith('ref: refs/heads/') ? [head.slice('ref: refs/heads/'.length)] : []
  })
}

/** Every checkout of the repository that `root` is one of, whatever it is on. */
export function allCheckouts(root: string): Pick<Checkout, 'path' | 'own'>[] {
  const { own, common } = gitFolders(root)
  return [{ path: root, own }, ...linked(common).filter((one) => one.own !== own)]
}

/** An entry alone makes no folder a checkout of ours: whoever writes below `.git` could name any. */
function linked(common: string): { path: string; own: string }[] {
  return registrations(common).flatMap((own) => {
    const checkout = registeredCheckout(own)
    return checkout && kindOf(checkout) === 'folder' && namesBack(checkout, own) ? [{ path: checkout, own }] : []
  })
}

function namesBack(checkout: string, own: string): boolean {
  const named = /^gitdir: (.+?)\n*$/.exec(textOf(path.join(checkout, '.git')) ?? '')?.[1]
  return named !== undefined && isPlace(path.resolve(checkout, named), own)
}

function comesBackTo(own: string, branch: string): boolean {
  return ['rebase-merge/head-name', 'rebase-apply/head-name', 'BISECT_START'].some((file) => {
    const name = read(path.join(own, file))
    return name === branch || name === `refs/heads/${branch}`
  })
}

function read(file: string): string | undefined {
  try {
    return fromBytes(readFileSync(onDisk(file))).trim()
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR', 'EISDIR')) return undefined
    throw error
  }
}
