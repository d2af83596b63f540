// The grammar of the command line: yargs, built from what a command declares. Parsing, help, mistakes and completion
// all come from this one instance.

import yargs, { type Argv } from 'yargs'
import { type OompaError, usageError } from '../errors.js'
import { nearest } from '../files/nearest.js'
import type { Args, CommandSpec, OptionSpec, OptionValue, PositionalSpec } from './contract.js'
import type { Found } from './parse.js'

/**
 * What the words say, or the help if they ask for it.
 * @throws OompaError with status 2, naming the mistake and the right word
 */
export async function readWords(found: Found): Promise<Args | { help: string }> {
  const { command, words } = found
  const end = words.indexOf('--')
  const own = end < 0 ? words : words.slice(0, end)
  if (command.subcommands && own[0] !== undefined && !own[0].startsWith('-')) throw unknownCommand(found, own[0])
  if (own.includes('--help') || own.includes('-h')) return { help: await helpOf(found) }
  const parser = grammar(command).fail((message) => {
    throw mistake(found, message)
  })
  const { _, ...given }: Record<string, unknown> = await parser.parseAsync(closed(command, own))
  const options = Object.entries(command.options ?? {})
  return {
    positionals: checked(found, [_].flat().map(String)),
    options: Object.fromEntries(options.map(([name, spec]) => [name, readOption(found, name, spec, given[name])])),
    rest: end < 0 ? [] : words.slice(end + 1),
  }
}

/** yargs with the options of a command, for parsing and completion. */
export function grammar(command: CommandSpec): Argv {
  const parser = yargs([])
    .parserConfiguration({
      'boolean-negation': false,
      'camel-case-expansion': false,
      'dot-notation': false,
      'parse-numbers': false,
      'parse-positional-numbers': false,
    })
    .strictOptions()
    .version(false)
    // yargs' own help would take the last word `help` for a question: `oompa reject ID please help`.
    .help(false)
    .detectLocale(false)
  for (const [name, spec] of Object.entries(command.options ?? {})) {
    parser.option(name, {
      describe: spec.describe,
      // As a number `abc` would be NaN. As a text it can be named; the help says `[number]` of what is both.
      string: spec.type !== 'boolean',
      number: spec.type === 'number',
      boolean: spec.type === 'boolean',
      array: spec.array,
      alias: spec.short,
      choices: spec.choices,
      hidden: spec.hidden,
      requiresArg: spec.type !== 'boolean' && !spec.optional,
    })
  }
  return parser.option('help', { alias: 'h', type: 'boolean', describe: 'Show this help' })
}

/** All of the grammar, for reading. When parsing, yargs would take `--branch` for `<branch>`, and lose a word `-`. */
function helpOf({ command, path }: Found): Promise<string> {
  const { positionals = [], subcommands = {}, summary, examples, epilogue } = command
  const places = command.subcommands ? ['[command]'] : positionals.map(placeholder)
  const parser = grammar(command)
    .scriptName(path)
    .usage(`${['$0', ...places].join(' ')}\n\n${summary}`)
  for (const { name, describe } of positionals) parser.positional(name, { type: 'string', describe })
  for (const [line, what] of examples) parser.example(line, what)
  const entries = Object.entries(subcommands)
  for (const [name, entry] of entries) if (!entry.group) parser.command(name, entry.summary)
  // yargs knows no headings for commands. At a tab it lays out columns.
  for (const heading of new Set(entries.flatMap(([, { group }]) => group ?? []))) {
    const lines = entries.filter(([, { group }]) => group === heading)
    parser.epilogue([`${heading}:`, ...lines.map(([name, entry]) => `  ${name}\t  ${entry.summary}`), ''].join('\n'))
  }
  if (epilogue) parser.epilogue(epilogue)
  return parser.getHelp()
}

function placeholder({ name, required, array }: PositionalSpec): string {
  const all = array ? `${name}..` : name
  return required ? `<${all}>` : `[${all}]`
}

/** An optional number takes the next word only if that is a number; yargs would take any. */
function closed(command: CommandSpec, words: readonly string[]): string[] {
  return words.map((word, at) => {
    const open = word.startsWith('--') && command.options?.[word.slice(2)]?.optional
    return open && !/^\d+(\.\d+)?$/.test(words[at + 1] ?? '') ? `${word}=Infinity` : word
  })
}

function readOption(found: Found, name: string, spec: OptionSpec, given: unknown): OptionValue {
  if (given === undefined) return undefined
  // yargs reads every value but `true` as false: `--push=yes` must not mean that nothing is pushed.
  if (spec.type === 'boolean') {
    if (given === true) return true
    throw usageError(`--${name} takes no value.`, seeHelp(found))
  }
  // yargs makes a list of an option that is given twice; the last one counts.
  const values = [given].flat().map((one) => (spec.type === 'number' ? numberOf(found, name, spec, one) : String(one)))
  return spec.array ? values : values.at(-1)
}

function numberOf(found: Found, name: string, spec: OptionSpec, given: unknown): number {
  const text = String(given)
  const value = Number(text)
  const right = Number.isFinite(value) || (spec.optional && value === Number.POSITIVE_INFINITY)
  if (text.trim() === '' || !right) {
    throw usageError(`--${name} is \`${text}\`: it must be a number.`, seeHelp(found))
  }
  return value
}

/** The positionals, if there are neither too few nor too many. */
function checked(found: Found, words: readonly string[]): readonly string[] {
  const { command, path } = found
  const { positionals = [], subcommands } = command
  const missing = positionals[words.length]
  if (missing?.required) {
    throw usageError(`<${missing.name}> is missing (${missing.describe}).`, seeHelp(found))
  }
  const more = positionals.at(-1)?.array ? undefined : words[positionals.length]
  if (more === undefined) return words
  if (!subcommands) throw usageError(`${path} does not take \`${more}\`.`, seeHelp(found))
  if (!Object.hasOwn(subcommands, more)) throw unknownCommand(found, more)
  throw usageError(`\`${more}\` has to stand before the options.`, `${path} ${more}`)
}

const seeHelp = ({ path }: Pick<Found, 'path'>) => `${path} --help`

/** What yargs found wrong with an option, in our words. */
function mistake(found: Found, message: string): OompaError {
  const { command, path, words } = found
  const [, unknown] = /^Unknown arguments?: (.*?)(?:, |$)/s.exec(message) ?? []
  if (unknown !== undefined) {
    const options = Object.entries(command.options ?? {}).flatMap(([name, { hidden }]) => (hidden ? [] : [name]))
    // yargs has advice for commands only.
    const near = nearest(unknown, options)
    return didYouMean(found, `${path} has no option \`${dashed(unknown)}\`.`, near && dashed(near))
  }
  const [, open] = /^Not enough arguments following: (.*)$/.exec(message) ?? []
  if (open !== undefined) return usageError(`${dashed(open)} needs a value.`, seeHelp(found))
  const [, option, given, choices] = /Argument: (.*), Given: "(.*)", Choices: (.*)$/s.exec(message) ?? []
  if (option !== undefined) {
    const known = choices!.replaceAll('"', '')
    return usageError(`${dashed(option)} is \`${given}\`: it must be one of ${known}.`, seeHelp(found))
  }
  return usageError(`${path} ${words.join(' ')}: ${message}`, seeHelp(found))
}

/** yargs' own advice takes `run` for near to `xyz`. */
function unknownCommand(found: Found, word: string): OompaError {
  const { command, path } = found
  const near = nearest(word, Object.keys(command.subcommands ?? {}))
  return didYouMean(found, `There is no command \`${path} ${word}\`.`, near && `${path} ${near}`, 'unknown-command')
}

function didYouMean(found: Found, message: string, near: string | undefined, code?: string): OompaError {
  return usageError(near ? `${message} Did you mean \`${near}\`?` : message, seeHelp(found), code)
}

const dashed = (name: string) => `${name.length > 1 ? '--' : '-'}${name}`
