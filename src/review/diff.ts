// The diff of a change, file by file, so that what is too much can be left out whole and named.

import { git, gitBytes } from '../git/run-git.js'

/** One file of a change, with what `git diff` says of it. */
export interface FileDiff {
  readonly path: string
  readonly from?: string
  readonly added: number
  readonly removed: number
  readonly binary: boolean
  /** The letter of `git diff --raw` (`A`, `M`, `D`, `R`, `C`, `T`) and a mode change, if there is one. */
  readonly status: string
  /** `100644 → 100755`, where the mode changed. */
  readonly mode?: string
}

const DIFF = [
  '-c',
  'diff.noprefix=false',
  '-c',
  'diff.mnemonicPrefix=false',
  '-c',
  'core.quotePath=false',
  'diff',
  '--no-ext-diff',
  '--no-textconv',
]
const COMMON = [
  '--no-color',
  '-M',
  '--src-prefix=a/',
  '--dst-prefix=b/',
  '--submodule=short',
  '--ignore-submodules=none',
]

/**
 * Every file that differs between two commits, renames found.
 * @param cwd where attributes are read: the main checkout, never the author's, which could call all files binary
 */
export async function changedFiles(cwd: string, base: string, commit: string): Promise<FileDiff[]> {
  const range = ['-z', base, commit, '--']
  const raw = await git(cwd, [...DIFF, ...COMMON, '--raw', '--abbrev=40', ...range])
  const counts = await git(cwd, [...DIFF, ...COMMON, '--numstat', ...range])
  const lines = readCounts(counts.stdout)
  return readRaw(raw.stdout).map((file) => ({
    ...file,
    ...(lines.get(file.path) ?? { added: 0, removed: 0, binary: false }),
  }))
}

function readRaw(text: string): Omit<FileDiff, 'added' | 'removed' | 'binary'>[] {
  const parts = text.split('\0')
  const files: Omit<FileDiff, 'added' | 'removed' | 'binary'>[] = []
  for (let i = 0; i + 1 < parts.length; ) {
    const facts = /^:(\d+) (\d+) \S+ \S+ ([A-Z])/.exec(parts[i] ?? '')
    const [, before, after, status] = facts ?? []
    if (!before || !after || !status) break
    const modeChanged = before !== after && before !== '000000' && after !== '000000'
    const mode = modeChanged ? { mode: `${before} → ${after}` } : {}
    if (status === 'R' || status === 'C') {
      files.push({ from: parts[i + 1], path: parts[i + 2] ?? '', status, ...mode })
      i += 3
    } else {
      files.push({ path: parts[i + 1] ?? '', status, ...mode })
      i += 2
    }
  }
  return files
}

/** `--numstat -z`: `added TAB removed TAB path NUL`, or for a rename `added TAB removed TAB NUL from NUL to NUL`. */
function readCounts(text: string): Map<string, Pick<FileDiff, 'added' | 'removed' | 'binary'>> {
  const found = new Map<string, Pick<FileDiff, 'added' | 'removed' | 'binary'>>()
  const parts = text.split('\0')
  for (let i = 0; i < parts.length; i++) {
    const [, added, removed, path] = /^(\d+|-)\t(\d+|-)\t([\s\S]*)$/.exec(parts[i] ?? '') ?? []
    if (added === undefined || removed === undefined) continue
    const name = path || parts[i + 2]
    if (!path) i += 2
    if (name) found.set(name, { added: Number(added) || 0, removed: Number(removed) || 0, binary: added === '-' })
  }
  return found
}

/** The text of `git diff` for some of the files, one entry for each, in git's order. */
export async function diffTexts(
  cwd: string,
  base: string,
  commit: string,
  files: readonly FileDiff[],
  options: readonly string[] = [],
): Promise<string[]> {
  const paths = files.flatMap((file) => (file.from ? [file.from, file.path] : [file.path]))
  const args = ['--literal-pathspecs', ...DIFF, ...COMMON, ...options, base, commit, '--', ...paths]
  const { stdout } = await git(cwd, args)
  // Within a hunk a line begins with a space, +, - or \, so this is always the head of a file.
  return stdout.split(/^(?=diff --git )/m).filter((text) => text !== '')
}

/** Whether a file that git calls binary (an attribute may say so) is text all the same. */
export async function looksLikeText(cwd: string, commit: string, path: string): Promise<boolean> {
  const { status, stdout } = await gitBytes(cwd, ['cat-file', 'blob', `${commit}:${path}`])
  return status === 0 && !stdout.subarray(0, 8000).includes(0)
}

/** The size of a blob in bytes, or undefined if there is none. */
export async function blobSize(cwd: string, commit: string, path: string): Promise<number | undefined> {
  const { status, stdout } = await git(cwd, ['cat-file', '-s', `${commit}:${path}`])
  return status === 0 ? Number(stdout.trim()) : undefined
}
