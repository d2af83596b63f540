// Reads and writes what we keep below a folder where agents can write, too: no link on the way is followed, nothing
// but a plain file is read, so that nothing of it can lead out of the repository, keep us waiting, or fill the memory.

import { randomBytes } from 'node:crypto'
import {
  closeSync,
  constants,
  type Dirent,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  type Stats,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { isErrno, messageOf, OompaError, STATUS } from '../errors.js'
import { fromBytes, onDisk } from './bytes.js'
import { createFile } from './create.js'
import { makeFolder } from './make-folder.js'

/** A record of ours has some hundred bytes; a larger file is not ours. */
const MOST_BYTES = 4_000_000

/** What a file holds, or why it is none of ours; undefined if nothing is there. */
export type OwnFile = { readonly bytes: Buffer; readonly stat: Stats } | { readonly wrong: string } | undefined

/**
 * Reads a file of ours. Never throws: whatever is there in its place is data.
 * @param most bytes; a larger one is not ours
 */
export function readOwn(file: string, most = MOST_BYTES): OwnFile {
  let opened: number
  try {
    opened = openSync(onDisk(file), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return undefined
    return { wrong: wrongAt(file) ?? messageOf(error) }
  }
  try {
    const stat = fstatSync(opened)
    const wrong = kindOf(stat)
    if (wrong) return { wrong }
    if (stat.size > most) return { wrong: `it has ${(stat.size / 1e6).toFixed(1)} MB` }
    return { bytes: readFileSync(opened), stat }
  } catch (error) {
    return { wrong: messageOf(error) }
  } finally {
    closeSync(opened)
  }
}

/** Opens a file of ours for reading, of any size; undefined if there is none, or something else in its place. */
export function openForReading(file: string): number | undefined {
  let opened: number
  try {
    opened = openSync(onDisk(file), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR', 'ELOOP', 'EMLINK', 'ENXIO')) return undefined
    throw error
  }
  if (fstatSync(opened).isFile()) return opened
  closeSync(opened)
  return undefined
}

/** The text of a file of ours; undefined if there is none, or something else in its place. */
export function textOf(file: string, most?: number): string | undefined {
  const found = readOwn(file, most)
  return found && 'bytes' in found ? fromBytes(found.bytes) : undefined
}

/** What stands in the place of a file, if it is not one; undefined for a plain file, or where nothing is. */
export function wrongAt(file: string): string | undefined {
  try {
    const stat = lstatSync(onDisk(file), { throwIfNoEntry: false })
    return stat && kindOf(stat)
  } catch (error) {
    return messageOf(error)
  }
}

/** What stands in the place of a folder, if it is not one; undefined for a folder, or where nothing is. */
export function wrongAtFolder(folder: string): string | undefined {
  const stat = lstatSync(onDisk(folder), { throwIfNoEntry: false })
  return !stat || stat.isDirectory() ? undefined : (kindOf(stat) ?? 'it is a file')
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
    const wrong = wrongAtFolder(at)
    if (wrong !== undefined) return { path: at, wrong }
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
  throw notOurs(path.relative(top, found.path), 'folder', found.wrong)
}

/** Makes a folder of ours below `top`, through folders alone. */
export function makeOwnFolder(top: string, folder: string): void {
  checkOwnFolder(top, folder)
  makeFolder(folder)
}

/**
 * Opens a file of ours, to add to it: no link is followed, in its place or on the way.
 * @throws OompaError `not-a-folder`, `not-a-file` (status 4); the system's error
 */
export function openOwn(top: string, file: string): number {
  readyFor(top, file)
  const { O_RDWR, O_CREAT, O_APPEND, O_NOFOLLOW, O_NONBLOCK } = constants
  return openSync(onDisk(file), O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0o666)
}

/** Makes the folder of a file of ours, and refuses whatever stands in its place. */
function readyFor(top: string, file: string): void {
  makeOwnFolder(top, path.dirname(file))
  const wrong = wrongAt(file)
  if (wrong !== undefined) throw notOurs(path.relative(top, file), 'file', wrong)
}

function notOurs(name: string, kind: 'file' | 'folder', wrong: string): OompaError {
  return new OompaError({
    code: `not-a-${kind}`,
    message: `${name} is not the ${kind} that it has to be: ${wrong}. Nothing is read or written through it.`,
    mend: `Look at it (ls -ld ${name}), then: mv ${name} ${name}.wrong`,
    status: STATUS.refused,
  })
}

/** Adds lines to a file of ours; it is made if it is not there. */
export function appendOwn(top: string, file: string, lines: string): void {
  const opened = openOwn(top, file)
  try {
    writeFileSync(opened, endsWhole(opened) ? lines : `\n${lines}`)
  } finally {
    closeSync(opened)
  }
}

/** Whether an open file ends with a line end: after a line that was cut, one comes first, else the next is lost with it. */
export function endsWhole(opened: number): boolean {
  const { size } = fstatSync(opened)
  const last = Buffer.alloc(1)
  return size === 0 || readSync(opened, last, 0, 1, size - 1) === 0 || last[0] === 10
}

/** Writes a file of ours, whole or not at all: what it held before stays where the disk is full. */
export function replaceOwn(top: string, file: string, text: string): void {
  readyFor(top, file)
  const draft = path.join(path.dirname(file), `.${path.basename(file)}.${randomBytes(4).toString('hex')}`)
  createFile(draft, text)
  renameSync(draft, file)
}

/** Takes what is no file out of a file's place in a folder that is ours alone: it is renamed, and stays. */
export function clearPlace(file: string): void {
  if (!wrongAt(file)) return
  renameSync(file, path.join(path.dirname(file), `.${path.basename(file)}.${randomBytes(4).toString('hex')}.wrong`))
}

/** What is in a folder of ours; nothing if it is not there, or is no folder. */
export function entriesOf(top: string, folder: string): Dirent[] {
  if (wrongOnTheWay(top, folder)) return []
  try {
    return readdirSync(folder, { withFileTypes: true })
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return []
    throw error
  }
}

/** What kind of thing an entry is that should be something else. */
export function kindOfEntry(entry: Dirent): string {
  if (entry.isSymbolicLink()) return 'it is a symbolic link'
  return entry.isDirectory() ? 'it is a folder' : entry.isFile() ? 'it is a file' : 'it is no plain file'
}
