// Which tests are quick: those that start no process, by a rule and not by a list. Neither the file nor what it imports
// below test/ may import node:child_process, tmux or a helper that does.

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

/** Files that a test reaches below test/, with what each of them says. */
function reached(file: string, seen = new Map<string, string>()): Map<string, string> {
  if (seen.has(file) || !existsSync(file)) return seen
  const text = readFileSync(file, 'utf8')
  seen.set(file, text)
  for (const [, to = ''] of text.matchAll(/ from '(\.[^']+)'/g)) {
    if (!to.includes('/src/')) reached(path.resolve(path.dirname(file), to.replace(/\.js$/, '.ts')), seen)
  }
  return seen
}

/** Of what a process is started with, beside node:child_process itself. */
const STARTS = /node:child_process|src\/processes\/|src\/git\/run|src\/tasks\/(folder|lists|graph)\/|from 'typescript'/

/** The quick tests of a folder, as vitest's `include` takes them. */
export function quickTests(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => path.join(folder, name))
    .filter((file) => ![...reached(file).values()].some((text) => STARTS.test(text)))
    .sort()
}
