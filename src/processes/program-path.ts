// The PATH of agents and hooks: `oompa` is on it, and is the one that is running, whatever way that was started.

import { realpathSync } from 'node:fs'
import path from 'node:path'
import { packageFolder } from '../files/package.js'
import { findExecutable } from './find-executable.js'

const known = new Map<string, string>()

/** `folders` (as in PATH), with ours before them unless `oompa` is found there, and Node's after them if it needs it. */
export function pathWithOompa(folders = ''): string {
  const before = known.get(folders)
  if (before !== undefined) return before
  const made = [
    ...(isOurs(findExecutable('oompa', { PATH: folders }, '/')) ? [] : [path.join(packageFolder, 'bin')]),
    ...(folders === '' ? [] : [folders]),
    ...(findExecutable('node', { PATH: folders }, '/') ? [] : [path.dirname(process.execPath)]),
  ].join(path.delimiter)
  known.set(folders, made)
  return made
}

/** Another one may be of another version, which knows nothing of what this one does. */
function isOurs(program: string | undefined): boolean {
  if (program === undefined) return false
  try {
    return realpathSync(program) === realpathSync(path.join(packageFolder, 'bin', 'oompa'))
  } catch {
    return false
  }
}
