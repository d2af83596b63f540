// Paths that decide how changes are judged: a change that touches one waits for a person, hook or not (cli.md, 8).

import type { ChangedFile } from '../words.js'

const FILES = ['oompa.json', 'oompa/oompa.json', 'oompa_loompas.mjs', 'hooks', 'prompts', 'oompa']
const FOLDERS = ['hooks/', 'prompts/']

/**
 * The protected paths that a change adds, changes, removes, or renames in or out. Pure.
 * Letters' case is ignored: on a Mac `Hooks/review.ts` is `hooks/review.ts`. A file or link called `hooks` would take
 * the folder's place, and is protected as well.
 */
export function protectedPaths(files: readonly ChangedFile[]): string[] {
  const touched = files.flatMap((file) => (file.from === undefined ? [file.path] : [file.from, file.path]))
  return [...new Set(touched.filter(isProtected))]
}

function isProtected(path: string): boolean {
  const plain = path.normalize('NFC').toLowerCase()
  return FILES.includes(plain) || FOLDERS.some((folder) => plain.startsWith(folder))
}

/** Why a change with these protected paths waits, for the person. */
export function protectedReason(paths: readonly string[]): string | undefined {
  if (paths.length === 0) return undefined
  const shown = paths.length > 5 ? `${paths.slice(0, 5).join(', ')} and ${paths.length - 5} more` : paths.join(', ')
  return `It touches what decides how changes are judged: ${shown}.`
}
