// New files, each whole or not at all.

import { closeSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { onDisk } from './bytes.js'

/**
 * Makes a file that is not there yet. A full disk lets a file be made, and not be written: such a file goes again.
 * @throws the system's error; EEXIST where anything has its name
 */
export function createFile(file: string, content: string | Uint8Array, mode = 0o666): void {
  closeSync(createOpen(file, content, mode))
}

/** As `createFile`; gives the descriptor, which stays open. */
export function createOpen(file: string, content: string | Uint8Array, mode = 0o666): number {
  const opened = openSync(onDisk(file), 'wx', mode)
  try {
    writeFileSync(opened, content)
    return opened
  } catch (error) {
    closeSync(opened)
    rmSync(onDisk(file), { force: true })
    throw error
  }
}
