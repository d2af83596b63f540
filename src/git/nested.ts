// Looks into the repositories inside a checkout (submodules) for work that no commit has, and runs nothing that they ask
// for: an agent writes their configuration, and a plain `git status` in the checkout around them obeys it.

import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { isErrno } from '../errors.js'
import { onDisk } from '../files/bytes.js'
import { kindOf } from '../files/kind.js'
import { gitFolders } from './folders.js'
import { gitEnvironment } from './git-environment.js'
import { withConfiguration } from './pinned.js'
import { git } from './run-git.js'

/** Submodules within submodules, and no further: a link back would go on for ever. */
const DEEPEST = 5

/** Paths of submodules in which there is something that is not committed; those that git cannot read are among them. */
export async function nestedWork(checkout: string, depth = 0): Promise<string[]> {
  if (depth > DEEPEST || !mayHaveSubmodules(checkout)) return []
  const found: string[] = []
  for (const link of await submodulesOf(checkout)) {
    const nested = path.join(checkout, link)
    // A link in its place, or a folder that is no repository, is shown by the status around it.
    if (kindOf(nested) !== 'folder' || !existsSync(onDisk(nested, '.git'))) continue
    if (!(await isClean(nested)) || (await nestedWork(nested, depth + 1)).length > 0) found.push(link)
  }
  return found
}

/**
 * Whether the index has the mode of a submodule anywhere, in bytes, or is split over several files. They may stand there
 * by chance, and then git is asked; most repositories have none, and need not ask for each status.
 */
function mayHaveSubmodules(checkout: string): boolean {
  const index = readIfThere(path.join(gitFolders(checkout).own, 'index'))
  return index.includes(SUBMODULE) || index.includes('link')
}

const SUBMODULE = Buffer.from([0, 0, 0xe0, 0])

function readIfThere(file: string): Buffer {
  try {
    return readFileSync(onDisk(file))
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return Buffer.alloc(0)
    throw error
  }
}

async function submodulesOf(checkout: string): Promise<string[]> {
  const { stdout } = await git(checkout, ['ls-files', '--stage', '-z'])
  return stdout
    .split('\0')
    .flatMap((entry) => (entry.startsWith('160000 ') ? [entry.slice(entry.indexOf('\t') + 1)] : []))
}

async function isClean(nested: string): Promise<boolean> {
  const keys = await git(nested, ['config', '--list', '--name-only', '--null', '--show-scope'])
  if (keys.status !== 0) return false
  // What is missing there is not fetched: the way to a remote names programs, too.
  const off = [...filtersOff(keys.stdout.split('\0')), ['protocol.allow', 'never'] as const]
  const args = ['status', '--porcelain=v2', '-z', '--ignore-submodules=dirty']
  const { status, stdout } = await git(nested, args, { env: withConfiguration(gitEnvironment(), off) })
  return status === 0 && stdout === ''
}

/**
 * The environment in which git does not look into the submodules of a checkout, whatever its `.gitmodules` asks for: for
 * the commands that have no option for it.
 */
export async function withoutSubmodules(checkout: string): Promise<NodeJS.ProcessEnv> {
  if (kindOf(path.join(checkout, '.gitmodules')) !== 'file') return {}
  const { stdout } = await git(checkout, ['config', '--file', '.gitmodules', '--name-only', '--null', '--list'])
  const names = stdout.split('\0').flatMap((key) => /^submodule\.([\s\S]+)\.[a-z]+$/.exec(key)?.[1] ?? [])
  const ignored = [...new Set(names)].map((name) => [`submodule.${name}.ignore`, 'dirty'] as const)
  return withConfiguration(gitEnvironment(), ignored)
}

/** What turns the filters of a repository's own configuration off; the person's, such as that of LFS, stay. */
export function filtersOff(scopedKeys: readonly string[]): (readonly [key: string, value: string])[] {
  const names = new Set<string>()
  for (let at = 0; at + 1 < scopedKeys.length; at += 2) {
    const name = /^filter\.([\s\S]+)\.[a-z]+$/.exec(scopedKeys[at + 1]!)?.[1]
    if (name !== undefined && scopedKeys[at] !== 'global' && scopedKeys[at] !== 'system') names.add(name)
  }
  const settings = [
    ['clean', ''],
    ['smudge', ''],
    ['process', ''],
    ['required', 'false'],
  ] as const
  return [...names].flatMap((name) => settings.map(([key, value]) => [`filter.${name}.${key}`, value] as const))
}
