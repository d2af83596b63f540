// Which files decide what the gate's test runs: a change that touches one is judged by its own version of it. Decided by
// the words of the command lines alone, so that it holds in any language and nothing is run for it.

import path from 'node:path'
import { sharedObjects } from '../git/objects.js'
import { anyOf, pathsOf } from '../hooks/patterns.js'
import type { Change, ChangedFile } from '../words.js'
import { INTEGRATION, NODE_TOOL, TEST_TOOLS } from './test-tools.js'

/** The scripts of the `package.json` in a folder, '' for the root. */
export type Scripts = (folder: string) => Readonly<Record<string, string>>

/**
 * The paths of a change that a test runs from: what its tools read, each file that a word names, what the scripts of
 * `package.json` that it names consist of, and continuous integration. Folders that a word names are left out: a change
 * that adds a test is an ordinary one. Pure.
 * @param lines command lines of shell
 */
export function testFiles(lines: readonly string[], files: readonly ChangedFile[], scripts: Scripts): string[] {
  const all = withScripts(lines, scripts)
  const words = all.flatMap(wordsOf)
  const folders = ['', ...foldersOf(all)]
  const reads = TEST_TOOLS.filter(({ word }) => words.some((one) => word.test(path.posix.basename(one))))
  const isRead = anyOf([...INTEGRATION, ...reads.flatMap((tool) => tool.reads).map((name) => `**/${name}`)])
  const named = new Set(words.flatMap((word) => folders.map((folder) => plain(path.posix.join(folder, word)))))
  // `node test/run` is `test/run.js`.
  const isNamed = (file: string) => named.has(plain(file)) || named.has(plain(file.replace(/\.[cm]?[jt]sx?$/, '')))
  return pathsOf(files).filter((file) => isRead(file) || isNamed(file))
}

/** As a disk that knows no case, and spells accents in its own way, finds it. */
const plain = (file: string) => path.posix.normalize(file).normalize('NFC').toLowerCase()

/** The lines, and those of each script of `package.json` that is named in one of them. */
function withScripts(lines: readonly string[], scripts: Scripts): string[] {
  const found = new Set(lines)
  // A set is walked to its end, with what is added on the way.
  for (const line of found) {
    const words = wordsOf(line)
    if (!words.some((word) => NODE_TOOL.test(path.posix.basename(word)))) continue
    const names = words.flatMap((word) => (/^(t|tst)$/.test(word) ? ['test'] : [word]))
    for (const folder of ['', ...foldersOf([line])]) {
      const known = scripts(folder)
      for (const name of names.flatMap((one) => [`pre${one}`, one, `post${one}`])) {
        if (Object.hasOwn(known, name)) found.add(known[name]!)
      }
    }
  }
  return [...found]
}

/** The words of a line of shell, those of a quoted line (`sh -c '…'`) and the values of `--option=value` among them. */
function wordsOf(line: string): string[] {
  const words: string[] = []
  for (const [, single, double, bare] of line.matchAll(/'([^']*)'|"((?:[^"\\]|\\.)*)"|([^\s'"|&;()<>`$]+)/g)) {
    const quoted = single ?? double
    if (quoted !== undefined && /[\s;&|]/.test(quoted)) words.push(...wordsOf(quoted))
    const word = quoted ?? bare ?? ''
    words.push(word, ...(/^[\w-]+=(.+)$/.exec(word)?.slice(1) ?? []))
  }
  return words.filter((word) => word !== '')
}

const INTO = /^(cd|pushd|-C|--prefix|--cwd|--dir|--directory|--workdir)$/

/** Folders below the root in which a line runs its tools. */
function foldersOf(lines: readonly string[]): string[] {
  const given = lines.flatMap((line) => {
    const words = wordsOf(line)
    return words.filter((_, at) => INTO.test(words[at - 1] ?? '') || INTO.test(words[at - 1]?.split('=')[0] ?? ''))
  })
  const below = given.map((folder) => path.posix.normalize(folder).replace(/\/$/, ''))
  return [...new Set(below.filter((folder) => folder !== '.' && !/^(\/|\.\.(\/|$))/.test(folder)))]
}

/**
 * What a change touches of what the test runs from, with `package.json` as its base has it: a change of that is one.
 * @param root the main checkout
 */
export async function touchedOfTest(
  root: string,
  { base, files }: Pick<Change, 'base' | 'files'>,
  lines: readonly string[],
): Promise<string[]> {
  if (files.length === 0) return []
  const manifests = new Map<string, Readonly<Record<string, string>>>()
  for (const folder of ['', ...foldersOf(lines)]) {
    const bytes = await sharedObjects(root).contents(`${base}:${path.posix.join(folder, 'package.json')}`)
    manifests.set(folder, scriptsOf(bytes?.toString('utf8') ?? ''))
  }
  return testFiles(lines, files, (folder) => manifests.get(folder) ?? {})
}

/** Its scripts, if it has any: whatever else it says is no concern of ours. */
function scriptsOf(manifest: string): Readonly<Record<string, string>> {
  try {
    const { scripts } = JSON.parse(manifest) as { scripts?: unknown }
    if (typeof scripts !== 'object' || scripts === null) return {}
    return Object.fromEntries(Object.entries(scripts).filter(([, line]) => typeof line === 'string'))
  } catch {
    return {}
  }
}
