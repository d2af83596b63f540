// From the words of a command line to a command and its arguments, loading no more than that takes.

import { type Args, type Command, type CommandSpec, NO_ARGS } from './contract.js'

/** The command that a command line names, and the words that are left for it. */
export interface Found<C extends CommandSpec = CommandSpec> {
  readonly command: C
  /** How it is called: `oompa tasks claim`. */
  readonly path: string
  readonly words: readonly string[]
}

/** Follows `words` down from `command`, and loads only the commands on the way. */
export async function find(command: Command, words: readonly string[], path = 'oompa'): Promise<Found<Command>> {
  const [first, ...rest] = words
  if (first === undefined || !Object.hasOwn(command.subcommands ?? {}, first)) return { command, path, words }
  const below = await command.subcommands![first]!.load()
  return find(below.command, rest, `${path} ${first}`)
}

/**
 * What the words say, or the help if they ask for it.
 * @throws OompaError with status 2, naming the mistake and the right word
 */
export async function parse(found: Found): Promise<Args | { help: string }> {
  // Nothing is said, so there is nothing to parse. Loading yargs takes as long as an empty program.
  if (found.words.length === 0 && !found.command.positionals?.some((spec) => spec.required)) return NO_ARGS
  const { readWords } = await import('./grammar.js')
  return readWords(found)
}
