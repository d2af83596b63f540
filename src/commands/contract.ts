// What a command is: a name, the options it takes, and a function that ends with an exit status.

import type { Status } from '../errors.js'

export interface OptionSpec {
  readonly type: 'string' | 'number' | 'boolean'
  readonly describe: string
  readonly short?: string
  /** May be given several times, or with several values. */
  readonly array?: boolean
  /** A number that may be left out: `--wait` alone is read as infinity. */
  readonly optional?: boolean
  readonly choices?: readonly string[]
  /** Not shown in the help. */
  readonly hidden?: boolean
}

export interface PositionalSpec {
  readonly name: string
  readonly describe: string
  readonly required?: boolean
  /** Takes all that is left. */
  readonly array?: boolean
}

/** Options as parsed: absent ones are undefined. Read them with `text`, `number`, `flag`, `list`. */
export interface Args {
  readonly positionals: readonly string[]
  readonly options: Readonly<Record<string, string | number | boolean | readonly (string | number)[] | undefined>>
  /** What stood after `--`. */
  readonly rest: readonly string[]
}

/** One file in `src/commands/` exports one of these as `command`. */
export interface Command {
  readonly name: string
  readonly summary: string
  readonly positionals?: readonly PositionalSpec[]
  readonly options?: Readonly<Record<string, OptionSpec>>
  /** Lines for the help, each a command and what it does. */
  readonly examples: readonly (readonly [string, string])[]
  /** Subcommands, such as `add` and `claim` of `tasks`; loaded when they are called. */
  readonly subcommands?: Readonly<Record<string, () => Promise<{ command: Command }>>>
  run(args: Args): Promise<Status>
}
