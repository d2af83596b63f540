// The moves of a task file, each right beside any number of others and beside plain `mv`. A file is first renamed to a
// name that nobody else can have (only that rename decides), then linked where it belongs, then unlinked: a rename to
// the visible name would overwrite, and link + unlink beside `mv` gave 8 double claims in 3,000 (docs/tasks.md).

import { existsSync, linkSync, lstatSync, mkdirSync, renameSync, rmSync, statSync, unlinkSync } from 'node:fs'
import path from 'node:path'
import { isErrno, OompaError } from '../../errors.js'
import { createFile } from '../../files/create.js'
import type { FolderState } from './folder-state.js'
import { type Doing, type Folder, inBetween, place, type State } from './names.js'
import { checkFolder, checkTop } from './real.js'

/** A file that belongs to this process alone. */
export interface Seized {
  readonly name: string
  readonly path: string
}

/** Takes a file out of a folder; undefined if somebody else was first. */
export function seize(folder: Folder, state: State, name: string, doing: Doing, fence: string): Seized | undefined {
  checkTop(folder)
  const seized = { name, path: place(folder, 'current', inBetween(doing, fence, name)) }
  const from = place(folder, state, name)
  return rename(from, seized.path) ? seized : undefined
}

/** Renames; false if there is nothing to rename. Makes the folder it goes to: git does not keep an empty one. */
export function rename(from: string, to: string): boolean {
  checkFolder(path.dirname(from))
  if (path.dirname(to) !== path.dirname(from)) checkFolder(path.dirname(to))
  try {
    renameSync(from, to)
    return true
  } catch (error) {
    if (isErrno(error, 'EXDEV')) throw otherFileSystem(from, to)
    if (!isErrno(error, 'ENOENT')) throw error
    if (!lstatSync(from, { throwIfNoEntry: false }) || existsSync(path.dirname(to))) return false
    mkdirSync(path.dirname(to), { recursive: true })
    return rename(from, to)
  }
}

function otherFileSystem(from: string, to: string): OompaError {
  return new OompaError({
    code: 'other-file-system',
    message: `Cannot claim ${from}: ${path.dirname(to)} is on another file system, where a rename cannot decide who is first.`,
    mend: 'Put pending, current and complete into one folder of one file system.',
  })
}

/** Gives a file its visible name; false if that name is taken. The private name is gone afterwards. */
export function show(from: string, to: string): boolean {
  checkFolder(path.dirname(to))
  try {
    linkSync(from, to)
  } catch (error) {
    if (isErrno(error, 'EEXIST')) return false
    if (isErrno(error, 'ENOENT') && existsSync(from) && !existsSync(path.dirname(to))) {
      mkdirSync(path.dirname(to), { recursive: true })
      return show(from, to)
    }
    // A file system without hard links: the rename could only overwrite a file that came between the two lines.
    if (!isErrno(error, 'EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK') || !existsSync(from)) throw error
    if (lstatSync(to, { throwIfNoEntry: false })) return false
    renameSync(from, to)
    return true
  }
  unlinkSync(from)
  return true
}

/** Writes a file that nobody sees yet, with the mode of the one that it replaces. */
export function draft(folder: Folder, name: string, fence: string, bytes: string | Uint8Array, like?: string): string {
  const file = place(folder, 'current', inBetween('draft', fence, name))
  const mode = like ? statSync(like).mode & 0o777 : 0o666
  checkTop(folder)
  checkFolder(path.dirname(file))
  discard(file)
  try {
    createFile(file, bytes, mode)
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error
    mkdirSync(path.dirname(file), { recursive: true })
    createFile(file, bytes, mode)
  }
  return file
}

export function discard(file: string): void {
  rmSync(file, { force: true })
}

/** Gives a file its name in pending again, or the next free one if somebody made a new file of that name. */
export function putBack(state: FolderState, from: string, name: string, fence: string): string {
  const to = place(state.folder, 'pending', name)
  if (show(from, to)) return to
  const other = place(state.folder, 'pending', name.replace(/(\.\w+)$/, `-${fence.slice(0, 6)}$1`))
  show(from, other)
  return other
}
