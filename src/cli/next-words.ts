// Which words may come next on a command line: yargs knows the grammar, the caller knows the names.

import type { Command, CommandSpec, NameKind, OptionSpec, PositionalSpec } from './contract.js'
import { grammar } from './grammar.js'
import { type Found, find } from './parse.js'

/** All names of a kind that there are here. */
export type Names = (kind: NameKind) => Promise<readonly string[]>

/** A shell puts a candidate on its line as it is, and an agent may have named a branch `$(…)`. */
const SAFE = /^[\p{L}\p{N}_./:@%+,=-]+$/u

/**
 * The words that may follow `before` and begin with `current`; empty where a file name is meant, or nothing fits.
 * Never throws: a shell that waits for us wants words or silence.
 * @param before the words after `oompa` and before the one that is being typed
 */
export async function complete(
  root: Command,
  before: readonly string[],
  current: string,
  names: Names,
): Promise<string[]> {
  const all: Names = async (kind) => (kind === 'command' ? Object.keys(root.subcommands ?? {}) : names(kind))
  try {
    const words = await candidates(await find(root, before), current, all)
    return [...new Set(words)].filter((word) => word.startsWith(current) && SAFE.test(word))
  } catch {
    return []
  }
}

async function candidates(found: Found, current: string, names: Names): Promise<readonly string[]> {
  const open = openOption(found.command, found.words.at(-1))
  if (open) return valuesOf(open, names)
  const { options, at } = await askGrammar(found, current)
  if (current.startsWith('-')) return options
  const specs = found.command.positionals ?? []
  const spec = specs[at] ?? specs.find((one) => one.array)
  return [
    ...(at === 0 ? Object.keys(found.command.subcommands ?? {}) : []),
    ...(spec ? await valuesOf(spec, names) : []),
  ]
}

/** The option that the next word is the value of, as in `--into`. */
function openOption(command: CommandSpec, last: string | undefined): OptionSpec | undefined {
  return Object.entries(command.options ?? {}).find(
    ([name, { type, short }]) => type !== 'boolean' && (last === `--${name}` || last === `-${short}`),
  )?.[1]
}

async function valuesOf(spec: OptionSpec | PositionalSpec, names: Names): Promise<readonly string[]> {
  return spec.choices ?? (spec.names ? names(spec.names) : [])
}

/** The options that yargs offers, which are those not given yet, and how many positionals stand before the word. */
async function askGrammar({ command, path, words }: Found, current: string) {
  let at = 0
  // yargs hands its own candidates only to a function of four parameters.
  const ask = (_current: string, argv: { _: unknown[] }, offer: () => void, _done: unknown) => {
    // Beside the positionals, `_` has the path's place and the word that is being typed.
    at = argv._.length - 2
    offer()
  }
  const parser = grammar(command).completion('completion', false, ask)
  const offered = await parser.getCompletion([path, ...words, current])
  // Where SHELL is zsh or fish, yargs adds `:` or a tab, and the description.
  return { options: offered.map((word) => word.replace(/[:\t].*/s, '')), at }
}
