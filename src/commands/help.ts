// `oompa help`: every command in one screen, or one command's own help.

import { STATUS, usageError } from '../errors.js'
import { packageVersion } from '../files/package.js'
import type { Command } from './contract.js'
import { commands as registry } from './index.js'
import { parse } from './parse.js'

interface Entry {
  readonly summary: string
  readonly load: () => Promise<{ command: Command }>
}

/** Headings in the order in which somebody needs them; what is in none comes last. */
const GROUPS: readonly (readonly [heading: string, names: readonly string[]])[] = [
  ['Start', ['init', 'demo', 'check', 'add', 'prompt']],
  ['Run', ['run', 'swarm', 'loop', 'stop', 'kill', 'resume']],
  ['Look', ['status', 'list', 'view', 'info', 'logs', 'dash', 'metrics']],
  ['Tasks', ['tasks', 'requeue']],
  ['Changes', ['merge', 'review', 'approvals', 'approve', 'reject', 'salvage', 'lock']],
  ['Worktrees', ['worktrees', 'worktree', 'cleanup']],
]

export const command: Command = {
  name: 'help',
  summary: 'List the commands, or explain one.',
  positionals: [{ name: 'command', describe: 'A command, and its subcommand', array: true }],
  examples: [['oompa help tasks claim', 'the same as oompa tasks claim --help']],
  async run({ positionals }) {
    const commands: Readonly<Record<string, Entry>> = registry
    const [name, ...below] = positionals
    console.log(name === undefined ? overview(commands) : await helpOf(commands, name, below))
    return STATUS.done
  },
}

async function helpOf(
  commands: Readonly<Record<string, Entry>>,
  name: string,
  below: readonly string[],
): Promise<string> {
  if (!Object.hasOwn(commands, name)) throw usageError(`There is no command \`${name}\`.`, 'oompa help')
  let found = (await commands[name]!.load()).command
  for (const word of below) {
    const subcommands = found.subcommands ?? {}
    if (!Object.hasOwn(subcommands, word)) {
      throw usageError(`oompa ${found.name} has no subcommand \`${word}\`.`, `oompa ${found.name} --help`)
    }
    found = (await subcommands[word]!()).command
  }
  const help = await parse(found, ['--help'])
  return 'help' in help ? help.help : ''
}

/** All commands under their headings. Pure. */
export function overview(commands: Readonly<Record<string, Pick<Entry, 'summary'>>>): string {
  const grouped = new Set(GROUPS.flatMap(([, names]) => names))
  const others = Object.keys(commands).filter((name) => !grouped.has(name))
  const width = Math.max(...Object.keys(commands).map((name) => name.length))
  const section = (heading: string, names: readonly string[]): string[] => {
    const there = names.filter((name) => Object.hasOwn(commands, name))
    if (there.length === 0) return []
    return ['', `${heading}:`, ...there.map((name) => `  ${name.padEnd(width)}  ${commands[name]!.summary}`)]
  }
  return [
    `oompa ${packageVersion()}: grow a for-loop into a swarm of coding agents by adding files.`,
    ...GROUPS.flatMap(([heading, names]) => section(heading, names)),
    ...section('Other', others),
    '',
    'Each command has --help. Exit status: 0 done, 1 failed, 2 wrong usage,',
    '3 nothing to do, 4 refused, 5 stopped at a limit, 130 interrupted.',
  ].join('\n')
}
