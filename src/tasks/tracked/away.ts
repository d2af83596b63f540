// The tasks of a target while the main checkout is on another branch. Status belongs to the target: it is written into
// no checkout that is not on it, and nothing of ours may keep the person from coming back. So what we did there is taken
// out again, and the target's tasks, with that, are kept in a copy below `.oompa/away/` until the checkout is back.

import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { onDisk } from '../../files/bytes.js'
import { createFile } from '../../files/create.js'
import { checkOwnFolder, readOwn, textOf, wrongOnTheWay } from '../../files/own.js'
import { stateFolder } from '../../files/paths.js'
import { sharedObjects } from '../../git/objects.js'
import { removeOurs } from '../../git/remove.js'
import { gitText } from '../../git/run-git.js'
import type { TreeEdit } from '../../words.js'
import type { AwayTasks, OurTasks } from '../contract.js'
import { makeStateFolder } from '../records.js'
import { changedBetween, fileAt, treeFiles } from './task-tree.js'

export interface Away {
  /** The main checkout, absolute. */
  readonly root: string
  /** The target, without `refs/heads/`. */
  readonly into: string
  /** Which of several stores it is, by its path. */
  readonly shard?: string
  /** The tasks of the main checkout, and those of the copy. */
  readonly home: AwayTasks
  readonly copy: AwayTasks
}

/** Where the copy of a target's tasks is, whether it is there or not. */
export function copyFolder({ root, into, shard }: Pick<Away, 'root' | 'into' | 'shard'>): string {
  // No branch has a `~` in its name.
  const name = [into, ...(shard === undefined ? [] : [shard])].map(encodeURIComponent).join('~')
  return path.join(stateFolder(root), 'away', name)
}

/** The commit of the target that the copy was last brought up to; undefined where there is no copy. */
function copiedFrom(away: Away): string | undefined {
  return textOf(path.join(copyFolder(away), 'base'))?.trim()
}

export async function targetNow(root: string, into: string): Promise<string | undefined> {
  return (await sharedObjects(root).info(`refs/heads/${into}^{commit}`))?.oid
}

/** Whether the target has the tasks in its tree: only then do they belong to it. */
export async function isTracked({ root, into }: Pick<Away, 'root' | 'into'>, home: AwayTasks): Promise<boolean> {
  return home.paths.length > 0 && (await treeFiles(root, `refs/heads/${into}`, home.paths)).size > 0
}

/** Makes the copy, and takes out of the checkout what stands there by our doing. Safe to call again after a crash. */
export async function leaveCheckout(away: Away): Promise<void> {
  const { root, into, home, copy } = away
  const target = await targetNow(root, into)
  if (!target) return
  const folder = copyFolder(away)
  const dirty = await dirtyPaths(root, home.paths)
  // A crash may have left it half made, with claims in it that the checkout has no more.
  const before = existsSync(folder) ? await copy.ours(into) : undefined
  const found = await home.ours(into)
  const ours: OurTasks = {
    edits: [...(before?.edits ?? []), ...found.edits].filter((edit) => dirty.has(edit.path)),
    claims: [...(before?.claims ?? []), ...found.claims],
  }
  makeStateFolder(root, folder)
  for (const file of (await treeFiles(root, target, home.paths)).keys()) {
    write(folder, file, await fileAt(root, target, file))
  }
  for (const edit of [...(before?.edits ?? []), ...found.edits]) {
    if (before?.edits.includes(edit) || dirty.has(edit.path)) write(folder, edit.path, edit.content)
  }
  for (const { key, record } of ours.claims) if (copy.records !== home.records) copy.records.write(key, record)
  await clean(away, target, dirty, ours)
  for (const { key, record } of ours.claims) {
    if (copy.records !== home.records && home.records.read(key)?.fence === record.fence) home.records.remove(key)
  }
  // Last: a copy without it is begun again.
  writeFileSync(path.join(folder, 'base'), `${target}\n`)
}

/** Takes into the copy what has reached the target since. What is held there stays as its holder has it. */
export async function bringUpToDate(away: Away): Promise<void> {
  const { root, into, copy } = away
  const [base, target] = [copiedFrom(away), await targetNow(root, into)]
  if (!base || !target || base === target) return
  const folder = copyFolder(away)
  const ours = await copy.ours(into)
  const own = new Map(ours.edits.map((edit) => [edit.path, edit]))
  const held = new Set(ours.claims.map(({ key }) => key))
  for (const file of await changedBetween(root, base, target, copy.paths)) {
    if (held.has(path.posix.basename(file))) continue
    write(folder, file, own.has(file) ? own.get(file)!.content : await fileAt(root, target, file))
  }
  writeFileSync(path.join(folder, 'base'), `${target}\n`)
}

/** The checkout is on the target again: what we have done since is put there, over nothing that the person has edited. */
export async function comeBack(away: Away): Promise<void> {
  const { root, into, home, copy } = away
  const target = await targetNow(root, into)
  if (target) {
    const { edits, claims } = await copy.ours(into)
    // A task's move is two files; lists are three files of one store.
    const group = (file: string) => (home.paths.includes(file) ? '' : path.posix.basename(file))
    const edited = new Set<string>()
    for (const { path: file, content } of edits) {
      const disk = read(root, file)
      const isFree = isSame(disk, content ?? undefined) || isSame(disk, await fileAt(root, target, file))
      if (!isFree) edited.add(group(file))
    }
    for (const { path: file, content } of edits) if (!edited.has(group(file))) write(root, file, content)
    for (const { key, record } of claims) {
      const isBack = !edited.has('') && !edited.has(key)
      if (isBack && copy.records !== home.records) home.records.write(key, record)
    }
  }
  forget(away)
}

/** Removes a copy in which nothing is that the target has not; whether it is gone. */
export async function forgetIfDone(away: Away): Promise<boolean> {
  const { edits, claims } = await away.copy.ours(away.into)
  if (edits.length + claims.length > 0) return false
  forget(away)
  return true
}

function forget(away: Away): void {
  const { home, copy } = away
  removeOurs(copyFolder(away))
  if (copy.records !== home.records) removeOurs(copy.records.folder)
}

/** Puts the checkout's tasks back to what its own branch has, where all that differs is ours. */
async function clean(away: Away, target: string, dirty: ReadonlyMap<string, Dirty>, ours: OurTasks): Promise<void> {
  const { root, home } = away
  const edits = new Map(ours.edits.map((edit) => [edit.path, edit]))
  const back: string[] = []
  for (const [file, { isTracked }] of dirty) {
    const disk = read(root, file)
    if (!isTracked) {
      const known = edits.get(file)?.content ?? (await fileAt(root, target, file))
      if (disk && known && isSame(disk, known)) remove(root, file)
      continue
    }
    const edit = edits.get(file)
    const committed = await fileAt(root, 'HEAD', file)
    const isOurs = edit && isSame(disk, edit.content ?? undefined)
    if (isOurs || (disk && committed && (await home.isOurs(file, disk, committed)))) back.push(file)
  }
  if (back.length === 0) return
  const input = back.map((file) => `${file}\0`).join('')
  await gitText(root, ['checkout-index', '--force', '--quiet', '-z', '--stdin'], { input })
}

interface Dirty {
  readonly isTracked: boolean
}

/** Paths below `paths` whose files are not what the index has. */
async function dirtyPaths(root: string, paths: readonly string[]): Promise<Map<string, Dirty>> {
  const list = async (...args: string[]) =>
    (await gitText(root, ['--literal-pathspecs', ...args, '-z', '--', ...paths])).split('\0').filter(Boolean)
  const [changed, unknown] = await Promise.all([
    list('diff-files', '--name-only', '--no-renames'),
    list('ls-files', '--others'),
  ])
  return new Map([
    ...changed.map((file): [string, Dirty] => [file, { isTracked: true }]),
    ...unknown.map((file): [string, Dirty] => [file, { isTracked: false }]),
  ])
}

/** Through folders alone, and no link: an agent may have put one in the place of a folder of tasks. */
function read(base: string, file: string): Buffer | undefined {
  if (wrongOnTheWay(base, path.join(base, path.dirname(file)))) return undefined
  const found = readOwn(path.join(base, file))
  return found && 'bytes' in found ? found.bytes : undefined
}

/** Whole or not at all; `null` and undefined remove the file. */
function write(base: string, file: string, content: TreeEdit['content'] | undefined): void {
  const full = path.join(base, file)
  if (!content) {
    remove(base, file)
    return
  }
  checkOwnFolder(base, path.dirname(full))
  mkdirSync(onDisk(path.dirname(full)), { recursive: true })
  const draft = path.join(path.dirname(full), `.away-${process.pid}~${path.basename(full)}`)
  rmSync(onDisk(draft), { force: true })
  createFile(draft, content)
  renameSync(onDisk(draft), onDisk(full))
}

function remove(base: string, file: string): void {
  if (wrongOnTheWay(base, path.join(base, path.dirname(file)))) return
  rmSync(onDisk(path.join(base, file)), { force: true })
}

function isSame(one: Uint8Array | undefined, other: Uint8Array | undefined): boolean {
  return one === undefined || other === undefined ? one === other : Buffer.from(one).equals(Buffer.from(other))
}
