// Keeps what we make in a repository out of `git status` without an edit to a file of the person's: `.git/info/exclude`.

import { appendFileSync, mkdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { isErrno, messageOf, OompaError } from '../errors.js'
import { fromBytes, toBytes } from '../files/bytes.js'

/** No wider than what is ours: `.well-known/` begins with `.w` too, and is somebody's work. */
const ourPatterns = ['/.oompa/', '/.w[0-9]*-i[0-9]*/'] as const

/**
 * Adds our patterns where they are missing. Safe to call at every start, and from several processes: each adds whole
 * lines at the end, and a line that stands there twice does no harm.
 * @param gitDir the common git directory, absolute
 * @returns whether anything was added
 * @throws OompaError `exclude-failed` if the file cannot be read or written
 */
export function excludeOurs(gitDir: string): boolean {
  return excludePatterns(gitDir, ourPatterns)
}

/**
 * Adds patterns where they are missing, as `excludeOurs` does with ours.
 * @throws OompaError `exclude-failed`
 */
export function excludePatterns(gitDir: string, patterns: readonly string[]): boolean {
  const file = path.join(gitDir, 'info', 'exclude')
  try {
    const before = readIfThere(file)
    const lines = before.split(/\r?\n/)
    const missing = patterns.filter((pattern) => !lines.includes(pattern))
    if (missing.length === 0) return false
    mkdirSync(path.dirname(file), { recursive: true })
    for (const pattern of missing) written.add(pattern)
    appendFileSync(file, toBytes(`${before === '' || before.endsWith('\n') ? '' : '\n'}${missing.join('\n')}\n`))
    return true
  } catch (cause) {
    throw new OompaError({
      code: 'exclude-failed',
      message: `Cannot write ${file}, which keeps what is ours out of git status: ${messageOf(cause)}`,
      mend: `printf '%s\\n' ${patterns.map((pattern) => `'${pattern}'`).join(' ')} >> '${file}'`,
      cause,
    })
  }
}

/** Patterns that this process has added. */
const written = new Set<string>(ourPatterns)

/** Lines of the file that are ours: whoever compares it must not take them for somebody else's. */
export function excludedByUs(): ReadonlySet<string> {
  return written
}

function readIfThere(file: string): string {
  try {
    return fromBytes(readFileSync(file))
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return ''
    throw error
  }
}
