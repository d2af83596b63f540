// Whether a git is at work in a folder: what it holds there is its own as long as it lives.

import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import path from 'node:path'

/**
 * Whether a git of this user lives that works in one of `folders`; undefined where the system does not say (macOS).
 * @param folders absolute, links resolved
 */
export function gitWorksIn(folders: readonly string[]): boolean | undefined {
  if (process.platform !== 'linux') return undefined
  return gits().some((git) => folders.some((folder) => isIn(git.cwd, folder) || git.command.includes(folder)))
}

/** Whether a git lives whose command line has one of these words; undefined where the system does not say. */
export function gitRuns(words: readonly string[]): boolean | undefined {
  if (process.platform !== 'linux') return undefined
  return gits().some((git) => git.command.split('\0').some((word) => words.includes(word)))
}

interface Git {
  readonly cwd: string
  /** With a zero after each argument, and then its variables of git's. */
  readonly command: string
}

function gits(): Git[] {
  return readdirSync('/proc').flatMap((name): Git[] => {
    if (!/^\d+$/.test(name) || !/^git\b/.test(read(`/proc/${name}/comm`))) return []
    try {
      const cwd = readlinkSync(`/proc/${name}/cwd`)
      const located = read(`/proc/${name}/environ`)
        .split('\0')
        .filter((one) => /^GIT_(DIR|WORK_TREE)=/.test(one))
      return [{ cwd, command: [read(`/proc/${name}/cmdline`), ...located].join('\0') }]
    } catch {
      // It has ended, or is another user's.
      return []
    }
  })
}

function read(file: string): string {
  try {
    return readFileSync(file, 'latin1')
  } catch {
    return ''
  }
}

function isIn(cwd: string, folder: string): boolean {
  const below = path.relative(folder, cwd)
  return below === '' || !(below.startsWith('..') || path.isAbsolute(below))
}
