// Finds the hooks of a repository by the names of files in `hooks/`, without reading or loading any of them.

import { type Dirent, readdirSync, realpathSync, statSync } from 'node:fs'
import path from 'node:path'
import { isErrno, messageOf, usageError } from '../errors.js'
import { nearest } from '../files/nearest.js'
import { isWorktreeName } from '../git/registrations.js'
import { isExecutable } from '../processes/find-executable.js'
import type { HookName } from './contract.js'

/** One file that is a hook. */
export interface HookFile {
  readonly hook: HookName
  /** Its name in `hooks/`, `review.10-security.ts`. */
  readonly name: string
  /** Absolute, as it stands in the main checkout. */
  readonly path: string
  /** `module`: has a default export. `executable`: gets JSON on standard input. */
  readonly kind: 'module' | 'executable'
}

export interface FoundHooks {
  /** In the order of their names (by code unit, so `10` before `2`). */
  readonly files: readonly HookFile[]
  /** What looks like a hook and is none, one sentence each. */
  readonly remarks: readonly string[]
  /** Those whose names are nearly that of a hook: somebody means them to be one. Unset if there are none. */
  readonly misspelt?: readonly Misspelt[]
}

/** A file that is not loaded, because its name is not quite that of a hook. */
export interface Misspelt {
  /** `reveiw.ts`, and `review.ts`. */
  readonly name: string
  readonly meant: string
  readonly hook: HookName
}

/** Every hook, and whether several files may stand for it (docs/hooks.md). */
const SEVERAL = {
  review: true,
  merge: false,
  approve: true,
  worktree: true,
  event: true,
  tasks: false,
  agent: true,
} satisfies Record<HookName, boolean>

export const HOOK_NAMES: readonly HookName[] = ['review', 'merge', 'approve', 'worktree', 'event', 'tasks', 'agent']

const LOADABLE = /\.[cm]?[jt]s$/
const DECLARATION = /\.d\.[cm]?ts$/
/** What an editor or a merge leaves beside a file, and what a person has turned off. */
const LEFTOVER = /(^#.*#$)|~$|\.(orig|rej|bak|old|off|disabled|swp|swo|tmp)$/
/** Notes and data beside the hooks. */
const DATA = /\.(md|txt|json|jsonc|ya?ml|toml|csv|map|lock|edn)$/
const TEST = /\.(test|spec)\.[cm]?[jt]s$/

/** What a tool, or `oompa add`, leaves for editors, and what is read by people. */
const FOR_OTHERS = /\.md$|^tsconfig\.json$/

/** Whether a file below `hooks/` is never run and never read by what runs, by its name. Pure. */
export function isNoHook(name: string): boolean {
  if (name.startsWith('.') || LEFTOVER.test(name) || DECLARATION.test(name) || TEST.test(name)) return true
  return name.includes('.sample.') || name.endsWith('.sample') || FOR_OTHERS.test(name)
}

/** `hooks/` of a main checkout. */
export function hooksFolder(root: string): string {
  return path.join(root, 'hooks')
}

/**
 * The hooks of a repository.
 * @throws OompaError with status 2: two files for a hook that takes one, a script that cannot be run, a broken link.
 */
export function findHooks(root: string): FoundHooks {
  const files: HookFile[] = []
  const remarks: string[] = []
  const misspelt: Misspelt[] = []
  for (const entry of entriesOf(hooksFolder(root))) {
    const found = judge(root, entry)
    if (typeof found === 'string') remarks.push(found)
    else if (found && 'meant' in found) misspelt.push(found)
    else if (found) files.push(found)
  }
  refuseDoubles(files)
  return { files, remarks: [...remarks, ...misspelt.map(misspeltWords)], ...(misspelt.length ? { misspelt } : {}) }
}

/** The hooks that the files in `hooks/` ask for by their names, whatever is wrong with those files. */
export function askedHooks(root: string): HookName[] {
  return entriesOf(hooksFolder(root)).flatMap(({ name }) =>
    isNoHook(name) || DATA.test(name) ? [] : (HOOK_NAMES.find((hook) => hook === name.split('.')[0]) ?? []),
  )
}

/** One sentence for a person. */
export function misspeltWords({ name, meant }: Misspelt): string {
  return `hooks/${name} is not the name of a hook, and is not loaded. Did you mean hooks/${meant}?`
}

/** Whether there is any hook of this name; for deciding the level without loading. */
export function hasHook(found: FoundHooks, ...names: readonly HookName[]): boolean {
  return found.files.some((file) => names.includes(file.hook))
}

function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return []
    throw usageError(`Cannot read ${folder}: ${messageOf(error)}.`, `ls -ld ${folder}`, 'hooks-unreadable')
  }
}

/** A hook, a remark, or undefined for a file that is none of ours. */
function judge(root: string, entry: Dirent): HookFile | Misspelt | string | undefined {
  const { name } = entry
  if (name.startsWith('.') || LEFTOVER.test(name) || DECLARATION.test(name)) return undefined
  if (name.includes('.sample.') || name.endsWith('.sample') || DATA.test(name)) return undefined
  const [word = ''] = name.split('.')
  const hook = HOOK_NAMES.find((one) => one === word)
  if (TEST.test(name)) {
    return hook ? `hooks/${name} is taken for a test of a hook, and is not loaded as one.` : undefined
  }
  const file = path.join(hooksFolder(root), name)
  if (!hook) return misspelt(file, name, word)
  const target = targetOf(root, file, name)
  if (target.folder) return `hooks/${name}/ is a folder: a hook is a file, such as hooks/${hook}.ts.`
  if (LOADABLE.test(name)) return { hook, name, path: file, kind: 'module' }
  if (isExecutable(file)) return { hook, name, path: file, kind: 'executable' }
  throw usageError(
    `hooks/${name} is neither a module (.ts, .mts, .js, .mjs, .cjs) nor executable, so it cannot be a ${hook} hook.`,
    `chmod +x hooks/${name}`,
    'hook-not-executable',
  )
}

function misspelt(file: string, name: string, word: string): Misspelt | undefined {
  const close = nearest(word, HOOK_NAMES)
  const near = HOOK_NAMES.find((one) => one === close)
  if (!near || near === word || !(LOADABLE.test(name) || isExecutable(file))) return undefined
  return { name, meant: name.replace(word, near), hook: near }
}

/** A link may lead anywhere but into an agent's worktree, where an agent could change its judge. */
function targetOf(root: string, file: string, name: string): { folder: boolean } {
  let real: string
  try {
    real = realpathSync(file)
  } catch (error) {
    throw usageError(`hooks/${name} is a link that leads nowhere: ${messageOf(error)}.`, `ls -l hooks/${name}`)
  }
  const [first = ''] = path.relative(root, real).split(path.sep)
  if (isWorktreeName(first) || first === '.oompa') {
    throw usageError(
      `hooks/${name} is a link into ${first}: a hook is never read from where agents work.`,
      `rm hooks/${name}`,
      'hook-in-worktree',
    )
  }
  return { folder: statSync(real).isDirectory() }
}

function refuseDoubles(files: readonly HookFile[]): void {
  for (const hook of HOOK_NAMES) {
    if (SEVERAL[hook]) continue
    const names = files.filter((file) => file.hook === hook).map((file) => `hooks/${file.name}`)
    if (names.length < 2) continue
    throw usageError(
      `There can be one ${hook} hook, and here are ${names.length}: ${names.join(' and ')}.`,
      `Keep one of them: git mv ${names[1]} ${names[1]?.replace('hooks/', '')}.off`,
      'hook-twice',
    )
  }
}
