// What a command declares, and what it is given when it runs. `grammar.ts` makes yargs of the one and gets the other.

import type { Status } from '../errors.js'

/** Names that a shell can complete: the swarms of this repository, its branches, the agents that we know … */
export type NameKind = 'agent' | 'branch' | 'command' | 'current' | 'pending' | 'swarm' | 'task' | 'worker' | 'worktree'

export interface OptionSpec {
  readonly type: 'string' | 'number' | 'boolean'
  readonly describe: string
  readonly short?: string
  /** May be given several times, or with several values. */
  readonly array?: boolean
  /** A number that may be left out: `--wait` alone is read as infinity. */
  readonly optional?: boolean
  readonly choices?: readonly string[]
  /** What its value names, for completion. */
  readonly names?: NameKind
  /** Not shown in the help. */
  readonly hidden?: boolean
}

export interface PositionalSpec {
  readonly name: string
  readonly describe: string
  readonly required?: boolean
  /** Takes all that is left. */
  readonly array?: boolean
  /** The words that it may be, for completion; the command itself says what is wrong with another. */
  readonly choices?: readonly string[]
  /** What it names, for completion. */
  readonly names?: NameKind
}

/** The grammar of a command: all that its help, its parsing and its completion need. */
export interface CommandSpec {
  readonly summary: string
  readonly positionals?: readonly PositionalSpec[]
  readonly options?: Readonly<Record<string, OptionSpec>>
  /** Lines for the help, each a command and what it does. */
  readonly examples: readonly (readonly [string, string])[]
  /** Text at the end of the help. */
  readonly epilogue?: string
  /** Subcommands, such as `add` and `claim` of `tasks`. */
  readonly subcommands?: Readonly<Record<string, Entry>>
}

/** One file in `src/commands/` exports one of these as `command`. */
export interface Command extends CommandSpec {
  /**
   * Does it, and gives the exit status.
   * @param root the command above all others, for those that speak about commands
   */
  run(args: Args, root: Command): Promise<Status>
}

/** A command as the one above it knows it, before it is loaded: most command lines need one of all. */
export interface Entry {
  /** One line, for the help of the command above. */
  readonly summary: string
  /** The heading that the help lists it under. */
  readonly group?: string
  readonly load: () => Promise<{ command: Command }>
}

export type OptionValue = string | number | boolean | readonly (string | number)[] | undefined

/** What stood on the command line. Read the options with `text`, `number`, `flag` and `list`. */
export interface Args {
  readonly positionals: readonly string[]
  /** Those that were not given are undefined. */
  readonly options: Readonly<Record<string, OptionValue>>
  /** What stood after `--`. */
  readonly rest: readonly string[]
}

/** A command line without a word. */
export const NO_ARGS: Args = { positionals: [], options: {}, rest: [] }

/** A text option, or undefined. */
export function text(args: Args, name: string): string | undefined {
  const value = args.options[name]
  return typeof value === 'string' ? value : undefined
}

/** A number option, or undefined. */
export function number(args: Args, name: string): number | undefined {
  const value = args.options[name]
  return typeof value === 'number' ? value : undefined
}

/** Whether a switch was given. */
export function flag(args: Args, name: string): boolean {
  return args.options[name] === true
}

/** All values of an option that may be given several times. */
export function list(args: Args, name: string): string[] {
  const value = args.options[name]
  return Array.isArray(value) ? value.map(String) : value === undefined ? [] : [String(value)]
}
