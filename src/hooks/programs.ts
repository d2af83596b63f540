// Finds the programs of the repository that judge: those that hooks and reviewers run by a path outside `hooks/`. They
// are told by what is written: a path, in one piece, of a file that can be run, or that an interpreter is given.

import { type Dirent, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs'
import path from 'node:path'
import { builtInHarnesses, parseAgentSpec } from '../agents/spec.js'
import type { Settings } from '../config/contract.js'
import { isWorktreeName } from '../git/registrations.js'
import { type FoundHooks, hooksFolder, isNoHook } from './find.js'
import type { LoadedHooks } from './load-hooks.js'

/** A file that judges, or helps to. */
export interface Program {
  /** Below the root, with slashes. */
  readonly path: string
  /** What names it: `hooks/review.sh`, `oompa.json`, or another program. */
  readonly by: string
}

export interface ProgramSources {
  readonly found: FoundHooks
  readonly hooks: Pick<LoadedHooks, 'review' | 'merge'>
  readonly settings: Pick<Settings, 'reviewers' | 'workers'>
}

/** Larger files are no scripts that somebody wrote. */
const MOST_BYTES = 200_000

/** The programs that judge in the repository as it stands on the disk, each once, in the order of their paths. */
export function programsOf(root: string, sources: ProgramSources): Program[] {
  const programs = new Map<string, Program>()
  const add = (file: string, by: string): void => {
    if (programs.has(file)) return
    programs.set(file, { path: file, by })
    for (const named of namedIn(root, file)) add(named, file)
  }
  for (const { agent, by } of reviewersOf(sources)) {
    const file = agent.includes('/') ? fileBelow(root, path.resolve(root, agent)) : undefined
    if (file !== undefined) add(file, by)
  }
  for (const file of judgingHooks(root, sources)) for (const named of namedIn(root, file)) add(named, file)
  return [...programs.values()].sort((a, b) => (a.path < b.path ? -1 : 1))
}

/** Every file below `hooks/` that runs or may be loaded by one that does, as `hooks/review.ts`. */
function filesOfHooks(root: string): string[] {
  const below = (folder: string): string[] =>
    entriesOf(folder).flatMap((entry) => {
      const full = path.join(folder, entry.name)
      if (entry.isDirectory()) return entry.name === 'node_modules' ? [] : below(full)
      return isNoHook(entry.name) ? [] : [toSlashes(path.relative(root, full))]
    })
  return below(hooksFolder(root))
}

function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
  } catch {
    return []
  }
}

/** The programs of `command:` reviewers. */
function reviewersOf({ hooks, settings }: ProgramSources): { agent: string; by: string }[] {
  const configured = [...settings.reviewers, ...settings.workers.flatMap((worker) => worker.reviewers ?? [])]
  const asked = hooks.review.flatMap((hook) => hook.agents ?? []).map((text) => parseAgentSpec(text))
  const programs = (specs: typeof asked, by: string) =>
    specs.flatMap((spec) => (spec.harness === 'command' && spec.model ? [{ agent: spec.model, by }] : []))
  return [
    ...programs(
      configured.map((one) => one.agent),
      'oompa.json',
    ),
    ...programs(asked, 'hooks/review'),
  ]
}

/**
 * The files below `hooks/` whose words decide. What prepares a worktree, keeps the tasks or is told of events judges
 * nothing; the test of a ready-made queue runs in the merged tree, with that tree's files; an agent of the person's
 * own counts where it reviews.
 */
function judgingHooks(root: string, { found, hooks, settings }: ProgramSources): string[] {
  const harnesses = [
    ...[...settings.reviewers, ...settings.workers.flatMap((worker) => worker.reviewers ?? [])].map((one) => one.agent),
    ...hooks.review.flatMap((hook) => hook.agents ?? []).map((text) => parseAgentSpec(text)),
  ].map((spec) => spec.harness)
  const ownReviews = harnesses.some((harness) => !builtInHarnesses.some((one) => one === harness))
  const aside = new Set(
    found.files
      .filter(({ hook }) => {
        if (hook === 'review' || hook === 'approve') return false
        if (hook === 'merge') return hooks.merge !== undefined && 'options' in hooks.merge
        return hook !== 'agent' || !ownReviews
      })
      .map((file) => `hooks/${file.name}`),
  )
  return filesOfHooks(root).filter((file) => !aside.has(file))
}

/** What a word before a path makes of it: something that is run. */
const RUNS = /^(?:(?:ba|da|z|k|fi)?sh|node|deno|bun|tsx|ts-node|python[\d.]*|ruby|perl|php|source|\.|run|exec)$/
/** What a word before a relative path makes of it: something that is loaded. */
const LOADS = /^(?:from|import|require|import_module)$/
const ENDINGS = ['.ts', '.mts', '.cts', '.js', '.mjs', '.cjs', '/index.ts', '/index.js']

/** The files of the repository that a file names as programs: paths below the root. */
function namedIn(root: string, file: string): string[] {
  const text = textOf(path.join(root, file))
  if (text === undefined) return []
  const places = [path.dirname(path.join(root, file)), root]
  const python = file.endsWith('.py') || /^#!.*python/.test(text)
  const plain = withoutVariables(text).split('\n')
  const lines = text.split('\n').flatMap((line, index) => (line === plain[index] ? [line] : [line, plain[index] ?? '']))
  const named = new Set<string>()
  for (const { names, how } of lines.flatMap((line) => mentionsIn(line, python))) {
    for (const name of names) {
      for (const place of places) {
        const found = fileBelow(root, path.resolve(place, name))
        if (found === undefined || found === file) continue
        if (how !== 'named' || canRun(path.join(root, found))) named.add(found)
      }
    }
  }
  return [...named]
}

interface Mention {
  /** What the file may be called. */
  readonly names: readonly string[]
  /** `run`, `loaded`: by what stands before it. `named`: it counts if it can be run. */
  readonly how: 'run' | 'loaded' | 'named'
}

/** What in a line may be the path of a program. Pure. */
function mentionsIn(line: string, python: boolean): Mention[] {
  // Options stand between an interpreter and its script: `bash -eu tools/check.sh`.
  const words = (line.match(/[\p{L}\p{N}_.@+/~-]+/gu) ?? []).filter((word) => !word.startsWith('-'))
  const joined = /\b(?:join|resolve)\(/.test(line)
  return words.flatMap((word, index): Mention[] => {
    const before = words[index - 1] ?? ''
    // A variable stood before it: "$OOMPA_ROOT/tools/x.sh", "$(dirname "$0")/../tools/x.sh".
    const name = word.replace(/^\/+/, '')
    if (name === '') return []
    const loaded = LOADS.test(before)
    if (loaded && /^\.\.?\//.test(name)) {
      // TypeScript is imported under the name that it will have.
      const stem = name.replace(/\.([cm]?)js$/, '')
      return [{ names: [name, ...ENDINGS.map((ending) => stem + ending)], how: 'loaded' }]
    }
    if (loaded && python) {
      const module = name.replace(/^\.+/, '').replaceAll('.', '/')
      return module === '' ? [] : [{ names: [`${module}.py`, `${module}/__init__.py`], how: 'loaded' }]
    }
    if (RUNS.test(before)) return [{ names: [name], how: 'run' }]
    // path.join(root, 'tools', 'check.sh')
    const pieces = joined ? [2, 3, 4].map((count) => words.slice(Math.max(0, index + 1 - count), index + 1)) : []
    const names = [...(/[/.]/.test(name) ? [name] : []), ...pieces.map((some) => some.join('/'))]
    return names.length > 0 ? [{ names, how: 'named' }] : []
  })
}

/** The text with what a shell, JavaScript or Python puts in taken out, so that a path behind it is left. */
function withoutVariables(text: string): string {
  let plain = text
  // From the inside out: `$(cd "$(dirname "$0")/.." && pwd)`.
  for (let depth = 0; depth < 4; depth++) plain = plain.replace(/\$\{[^{}\n]*\}|\$\([^()\n]*\)|\$\w+/g, '')
  return plain
}

/** The text of a file; undefined where there is none, or no text. */
function textOf(file: string): string | undefined {
  try {
    if (statSync(file).size > MOST_BYTES) return undefined
    const text = readFileSync(file, 'utf8')
    return text.includes('\0') ? undefined : text
  } catch {
    return undefined
  }
}

/** A file of the repository, as a path below the root: none of git's, of ours, of packages, or of `hooks/`. */
function fileBelow(root: string, full: string): string | undefined {
  const relative = toSlashes(path.relative(root, full))
  const parts = relative.split('/')
  const [first = ''] = parts
  if (relative === '' || first === '..' || path.isAbsolute(relative)) return undefined
  if (first === 'hooks' || first === '.git' || first === '.oompa' || isWorktreeName(first)) return undefined
  if (parts.includes('node_modules')) return undefined
  try {
    return statSync(full).isFile() ? relative : undefined
  } catch {
    return undefined
  }
}

/**
 * Whether it is a program by itself. The mode alone does not say so: on some disks every file may be executed, and then
 * each file that a hook speaks of would be protected.
 */
function canRun(file: string): boolean {
  try {
    if ((statSync(realpathSync(file)).mode & 0o111) === 0) return false
    const head = readFileSync(file).subarray(0, 512)
    return head.subarray(0, 2).toString('latin1') === '#!' || head.includes(0) || /\.(?:ba|z)?sh$/.test(file)
  } catch {
    return false
  }
}

function toSlashes(file: string): string {
  return file.split(path.sep).join('/')
}
