// Reads and writes what we keep below a folder where agents can write, too: no link on the way is followed, nothing
// but a plain file is read, so that nothing of it can lead out of the repository, keep us waiting, or fill the memory.

import { closeSync, constants, fstatSync, lstatSync, openSync, readFileSync, type Stats } from 'node:fs'
import path from 'node:path'
import { isErrno, messageOf, OompaError, STATUS } from '../errors.js'
import { fromBytes, onDisk } from './bytes.js'
import { makeFolder } from './folders.js'

/** A record of ours has some hundred bytes; a larger file is not ours. */
const MOST_BYTES = 4_000_000

/** What a file holds, or why it is none of ours; undefined if nothing is there. */
export type OwnFile = { readonly text: string; readonly stat: Stats } | { readonly wrong: string } | undefined

/** Reads a small file of ours. Never throws: whatever is there in its place is data. */
export function readOwn(file: string): OwnFile {
  let opened: number
  try {
    opened = openSync(onDisk(file), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined
    return { wrong: wrongAt(file) ?? messageOf(error) }
  }
  try {
    const stat = fstatSync(opened)
    const wrong = kindOf(stat)
    if (wrong) return { wrong }
    if (stat.size > MOST_BYTES) return { wrong: `it has ${(stat.size / 1e6).toFixed(1)} MB` }
    return { text: fromBytes(readFileSync(opened)), stat }
  } catch (error) {
    return { wrong: messageOf(error) }
  } finally {
    closeSync(opened)
  }
}

/** The text of a small file of ours; undefined if there is none, or something else in its place. */
export function textOf(file: string): string | undefined {
  const read = readOwn(file)
  return read && 'text' in read ? read.text : undefined
}

/** What stands in the place of a file, if it is not one; undefined for a plain file, or where nothing is. */
export function wrongAt(file: string): string | undefined {
  try {
    const stat = lstatSync(file, { throwIfNoEntry: false })
    return stat && kindOf(stat)
  } catch (error) {
    return messageOf(error)
  }
}

function kindOf(stat: Stats): string | undefined {
  if (stat.isFile()) return undefined
  if (stat.isSymbolicLink()) return 'it is a symbolic link'
  return stat.isDirectory() ? 'it is a folder' : 'it is no plain file'
}

/**
 * What is wrong with the way from `top` down to `folder` (below it): the first part that is there and is no folder.
 * @returns its path and what it is; undefined if all that is there are folders
 */
export function wrongOnTheWay(
  top: string,
  folder: string,
): { readonly path: string; readonly wrong: string } | undefined {
  const parts = path.relative(top, folder).split(path.sep)
  let at = top
  for (const part of parts) {
    if (part === '') continue
    at = path.join(at, part)
    const stat = lstatSync(at, { throwIfNoEntry: false })
    if (!stat) return undefined
    if (stat.isDirectory()) continue
    return { path: at, wrong: kindOf(stat) ?? 'it is a file' }
  }
  return undefined
}

/**
 * Refuses to go through a link, or a file, to a folder of ours.
 * @throws OompaError `not-a-folder` (status 4), naming it
 */
export function checkOwnFolder(top: string, folder: string): void {
  const found = wrongOnTheWay(top, folder)
  if (!found) return
  const name = path.relative(top, found.path)
  throw new OompaError({
    code: 'not-a-folder',
    message: `${name} is not the folder that it has to be: ${found.wrong}. Nothing is read or written through it.`,
    mend: `Look at it (ls -ld ${name}), then: mv ${name} ${name}.wrong`,
    status: STATUS.refused,
  })
}

/** Makes a folder of ours below `top`, through folders alone. */
export function makeOwnFolder(top: string, folder: string): void {
  checkOwnFolder(top, folder)
  makeFolder(folder)
}

/**
 * Opens a file of ours for writing: no link is followed, in its place or on the way.
 * @throws OompaError `not-a-folder`; the system's error (ELOOP for a link in its place)
 */
export function openOwn(top: string, file: string, how: 'append' | 'replace'): number {
  makeOwnFolder(top, path.dirname(file))
  const { O_WRONLY, O_RDWR, O_CREAT, O_APPEND, O_TRUNC, O_NOFOLLOW, O_NONBLOCK } = constants
  const flags = how === 'append' ? O_RDWR | O_APPEND : O_WRONLY | O_TRUNC
  return openSync(file, flags | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0o666)
}
