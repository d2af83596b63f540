// Makes folders, with the true reason where one cannot be made.

import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { isErrno } from '../errors.js'

/**
 * As `mkdir -p`. Node says ENOENT of a missing folder on a read-only file system, whose reason is another; asked for
 * the outermost missing folder alone it says what it is.
 * @param mode of the folders that are made
 * @throws the system's error: EROFS, EACCES, ENOSPC …
 */
export function makeFolder(folder: string, mode = 0o777): void {
  try {
    mkdirSync(folder, { recursive: true, mode })
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error
    const parent = path.dirname(folder)
    if (parent !== folder) makeFolder(parent, mode)
    mkdirSync(folder, { mode })
  }
}
