// Which words may come next on the command line: from the commands' own tables, and from names that there are.

import type { Command, OptionSpec } from '../contract.js'
import { commands as registry } from '../index.js'
import { type NameKind, names } from './names.js'

interface Entry {
  readonly load: () => Promise<{ command: Command }>
}

/** What stands for a name, by command and by the word in its table. */
const POSITIONALS: Readonly<Record<string, NameKind>> = {
  'view id': 'swarm',
  'info id': 'swarm',
  'stop id': 'swarm',
  'kill id': 'swarm',
  'resume id': 'swarm',
  'salvage id': 'swarm',
  'logs worker': 'worker',
  'requeue ids': 'current',
  'merge branch': 'branch',
  'review branch': 'branch',
  'worktree remove NAME': 'worktree',
}

const OPTIONS: Readonly<Record<string, NameKind>> = {
  swarm: 'swarm',
  worker: 'worker',
  task: 'task',
  'depends-on': 'task',
  into: 'branch',
  from: 'branch',
  agent: 'agent',
  harness: 'agent',
}

/** A shell puts a candidate on its line as it is, and an agent may have named a branch `$(…)`. */
const SAFE = /^[\p{L}\p{N}_./:@%+,=-]+$/u

/**
 * The words that may follow `before` and begin with `current`; empty where a file name is meant, or nothing fits.
 * Never throws: a shell that waits for us wants words or silence.
 * @param before the words after `oompa` and before the one that is being typed
 */
export async function candidates(before: readonly string[], current: string): Promise<string[]> {
  try {
    const words = await wordsAfter(before, current)
    return [...new Set(words)].filter((word) => word.startsWith(current) && SAFE.test(word))
  } catch {
    return []
  }
}

async function wordsAfter(before: readonly string[], current: string): Promise<string[]> {
  const commands: Readonly<Record<string, Entry>> = registry
  const [name, ...rest] = before
  if (name === undefined) return [...Object.keys(commands), '--version', '--help']
  if (name === 'help') return rest.length === 0 ? Object.keys(commands) : []
  if (!Object.hasOwn(commands, name)) return []
  const { command, path, words } = await descend((await commands[name]!.load()).command, name, rest)
  const options = command.options ?? {}
  const last = words.at(-1)
  const open = last?.startsWith('-') ? optionNamed(options, last) : undefined
  if (open && open.spec.type !== 'boolean') return valuesOf(open.name, open.spec)
  if (current.startsWith('-')) return [...optionWords(options, words), '--help']
  return [
    ...(words.length === 0 ? Object.keys(command.subcommands ?? {}) : []),
    ...(await positionals(command, path, words)),
  ]
}

/** `tasks claim …` is the command `claim` of `tasks`. */
async function descend(
  command: Command,
  path: string,
  words: readonly string[],
): Promise<{ command: Command; path: string; words: readonly string[] }> {
  const [first, ...rest] = words
  const subcommands = command.subcommands ?? {}
  if (first === undefined || !Object.hasOwn(subcommands, first)) return { command, path, words }
  return descend((await subcommands[first]!()).command, `${path} ${first}`, rest)
}

function optionNamed(
  options: Readonly<Record<string, OptionSpec>>,
  word: string,
): { name: string; spec: OptionSpec } | undefined {
  const found = Object.entries(options).find(
    ([name, spec]) => word === `--${name}` || (spec.short && word === `-${spec.short}`),
  )
  return found && { name: found[0], spec: found[1] }
}

/** Options that have not been given yet, or may be given again. */
function optionWords(options: Readonly<Record<string, OptionSpec>>, words: readonly string[]): string[] {
  return Object.entries(options)
    .filter(([name, spec]) => !spec.hidden && (spec.array || !words.includes(`--${name}`)))
    .map(([name]) => `--${name}`)
}

async function valuesOf(name: string, spec: OptionSpec): Promise<string[]> {
  if (spec.choices) return [...spec.choices]
  const kind = OPTIONS[name]
  return kind ? names(kind) : []
}

async function positionals(command: Command, path: string, words: readonly string[]): Promise<string[]> {
  const specs = command.positionals ?? []
  const at = words.filter((word) => !word.startsWith('-')).length
  const spec = specs[Math.min(at, specs.length - 1)]
  if (!spec || (at >= specs.length && !spec.array)) return []
  if (spec.name === 'shell') return ['bash', 'zsh', 'fish']
  if (spec.name === 'hook' || path === 'add')
    return ['merge', 'review', 'tasks', 'approve', 'worktree', 'agent', 'event']
  const kind = POSITIONALS[`${path} ${spec.name}`] ?? (path.startsWith('tasks ') ? taskKind(path) : undefined)
  return kind ? names(kind) : []
}

/** A claim takes a pending task, the others mostly a current one; `show` any. */
function taskKind(path: string): NameKind | undefined {
  if (path === 'tasks claim') return 'pending'
  if (path === 'tasks complete' || path === 'tasks release' || path === 'tasks reset') return 'current'
  return path === 'tasks show' ? 'task' : undefined
}
