// Patterns of paths, as rules about changes are written.

import type { ChangedFile } from '../words.js'

/** Every path that a change touches, before and after a rename, each once. Pure. */
export function pathsOf(files: readonly ChangedFile[]): string[] {
  return [...new Set(files.flatMap((file) => (file.from === undefined ? [file.path] : [file.from, file.path])))]
}

/** Paths as a sentence names them: the first few. Pure. */
export function someOf(paths: readonly string[]): string {
  return paths.length > 5 ? `${paths.slice(0, 5).join(', ')} and ${paths.length - 5} more` : paths.join(', ')
}

/** Whether a path is one of many patterns. Letters' case and the spelling of accents are ignored. Pure. */
export function anyOf(patterns: readonly string[]): (path: string) => boolean {
  if (patterns.length === 0) return () => false
  const one = new RegExp(patterns.map((pattern) => patternToRegExp(pattern).source).join('|'), 'i')
  return (path) => one.test(path.normalize('NFC'))
}

/** A leading `**` folder pattern also matches `x` at the top; `a/**` everything below `a`. Pure. */
export function patternToRegExp(pattern: string): RegExp {
  const source = pattern
    .split(/(\*\*\/|\*\*|\*|\?)/)
    .map((part) => {
      if (part === '**/') return '(?:[^/]+/)*'
      if (part === '**') return '[^]*'
      if (part === '*') return '[^/]*'
      if (part === '?') return '[^/]'
      return part.replace(/[.+^${}()|[\]\\]/g, '\\$&')
    })
    .join('')
  return new RegExp(`^${source}$`, 'i')
}
