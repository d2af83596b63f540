// Help, and the words for a mistake on the command line: by yargs, from the same table that `parse.ts` reads.

import yargs from 'yargs'
import { usageError } from '../errors.js'
import type { Command } from './contract.js'

/**
 * The help of a command if `argv` asks for it.
 * @throws OompaError with status 2 for everything else that brought us here.
 */
export async function explain(command: Command, argv: readonly string[]): Promise<{ help: string }> {
  const specs = Object.entries(command.options ?? {})
  const usage = (command.positionals ?? []).map((spec) => {
    const name = spec.array ? `${spec.name}..` : spec.name
    return spec.required ? `<${name}>` : `[${name}]`
  })
  const parser = yargs([])
    .scriptName('oompa')
    .usage(`oompa ${[command.name, ...usage].join(' ')}\n\n${command.summary}`)
    .options(
      Object.fromEntries(
        specs.map(([name, spec]) => [
          name,
          {
            type: spec.type === 'number' ? ('string' as const) : spec.type,
            describe: spec.describe,
            hidden: spec.hidden === true,
            requiresArg: spec.type !== 'boolean' && !spec.optional,
            ...(spec.short ? { alias: spec.short } : {}),
            ...(spec.array ? { array: true } : {}),
            ...(spec.choices ? { choices: spec.choices } : {}),
          },
        ]),
      ),
    )
    .parserConfiguration({
      'boolean-negation': false,
      'camel-case-expansion': false,
      'parse-positional-numbers': false,
    })
    .strictOptions()
    .version(false)
    .help('help', 'Show this help')
    .alias('h', 'help')
    .wrap(Math.min(100, process.stdout.columns || 80))
    .exitProcess(false)
  for (const [line, what] of command.examples) parser.example(line, what)
  if (argv.includes('--help') || argv.includes('-h')) {
    const positionals = (command.positionals ?? []).map((spec) => `  ${spec.name.padEnd(16)} ${spec.describe}`)
    const subcommands = Object.keys(command.subcommands ?? {})
    const help = await parser.getHelp()
    return {
      help: [
        help,
        ...(positionals.length ? ['', 'Arguments:', ...positionals] : []),
        ...(subcommands.length ? ['', `Subcommands: ${subcommands.join(', ')} (each has --help)`] : []),
      ].join('\n'),
    }
  }
  const see = `See: oompa ${command.name} --help`
  let mistake: string | undefined
  await parser
    .fail((message, error) => {
      mistake ??= message || error?.message
    })
    .parseAsync([...argv])
  if (mistake) throw usageError(`oompa ${command.name}: ${mistake}`, see)
  const missing = (command.positionals ?? []).find((spec) => spec.required)
  throw usageError(
    missing && argv.filter((word) => !word.startsWith('-')).length === 0
      ? `oompa ${command.name}: <${missing.name}> is missing (${missing.describe}).`
      : `oompa ${command.name} does not take \`${argv.join(' ')}\`.`,
    see,
  )
}
