// What stands at a path, links never followed.

import { lstatSync } from 'node:fs'
import { isErrno } from '../errors.js'
import { onDisk } from './bytes.js'

export type Kind = 'file' | 'folder' | 'link' | 'other'

/** What stands there; undefined if there is nothing. */
export function kindOf(file: string): Kind | undefined {
  try {
    const facts = lstatSync(onDisk(file))
    if (facts.isSymbolicLink()) return 'link'
    return facts.isDirectory() ? 'folder' : facts.isFile() ? 'file' : 'other'
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return undefined
    throw error
  }
}
