// Finds the file behind a command's name, so that a missing program is said before anything is started.

import { accessSync, constants, statSync } from 'node:fs'
import path from 'node:path'

/**
 * The absolute path of an executable: a name is looked for on `env.PATH`, anything with a slash is taken from `cwd`.
 * @returns undefined if there is none, or it may not be executed.
 */
export function findExecutable(file: string, env: NodeJS.ProcessEnv, cwd: string): string | undefined {
  if (file.includes('/')) {
    const full = path.resolve(cwd, file)
    return isExecutable(full) ? full : undefined
  }
  return (env.PATH ?? '')
    .split(path.delimiter)
    .map((folder) => path.resolve(cwd, folder, file))
    .find(isExecutable)
}

/** Whether there is a plain file that this user may run, links followed. */
export function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return statSync(file).isFile()
  } catch {
    return false
  }
}
