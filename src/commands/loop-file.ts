// Runs `oompa_loompas.mjs` in this process: there is no second loop.

import { existsSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { STATUS, type Status } from '../errors.js'
import { packageFolder } from '../files/package.js'
import { findRepository } from '../git/repository.js'

/**
 * Imports the loop file, which reads `process.argv` itself; gives the status that it has set.
 */
export async function runLoopFile(): Promise<Status> {
  const { root } = await findRepository()
  const own = path.join(root, 'oompa_loompas.mjs')
  const file = existsSync(own) ? own : path.join(packageFolder, 'oompa_loompas.mjs')
  // A copy in a repository without Node modules finds us by this.
  process.env.OOMPA_PACKAGE = path.join(packageFolder, 'bin', 'oompa')
  await import(pathToFileURL(file).href)
  const status = process.exitCode
  return (typeof status === 'number' ? status : STATUS.done) as Status
}
