// The command line: finds the command, parses its options, prints what went wrong, and sets the exit status.

import { readFileSync } from 'node:fs'
import { messageOf, OompaError, STATUS, type Status } from '../errors.js'
import type { Command } from './contract.js'

/** Runs `oompa <argv>`; gives the exit status. */
export async function main(argv: readonly string[]): Promise<Status> {
  try {
    const [name = 'help', ...rest] = argv
    if (name === '--version' || name === '-v' || name === 'version') {
      console.log(packageVersion())
      return STATUS.done
    }
    const { commands } = await import('./index.js')
    const wanted = name === '--help' || name === '-h' ? 'help' : name
    const entry = (commands as Record<string, { load: () => Promise<{ command: Command }> }>)[wanted]
    if (!entry || !Object.hasOwn(commands, wanted)) {
      const { nearest } = await import('../files/nearest.js')
      const near = nearest(wanted, Object.keys(commands))
      throw new OompaError({
        code: 'unknown-command',
        message: `There is no command \`${name}\`.${near ? ` Did you mean \`oompa ${near}\`?` : ''}`,
        mend: 'oompa help',
        status: STATUS.usage,
      })
    }
    return await perform((await entry.load()).command, rest)
  } catch (error) {
    return reportError(error)
  }
}

async function perform(command: Command, argv: readonly string[]): Promise<Status> {
  const [first, ...rest] = argv
  const subcommands = command.subcommands
  if (subcommands && first !== undefined && Object.hasOwn(subcommands, first)) {
    return perform((await subcommands[first]!()).command, rest)
  }
  const { parse } = await import('./parse.js')
  const args = await parse(command, argv)
  if ('help' in args) {
    console.log(args.help)
    return STATUS.done
  }
  return command.run(args)
}

/** Prints an error for a person (and its stack with `OOMPA_DEBUG=1`); gives its exit status. */
export function reportError(error: unknown): Status {
  console.error(`oompa: ${messageOf(error)}`)
  if (error instanceof OompaError && error.mend) console.error(`  → ${error.mend}`)
  if (process.env.OOMPA_DEBUG === '1' && error instanceof Error) console.error(error.stack)
  return error instanceof OompaError ? error.status : STATUS.failed
}

/** The version in our package.json. */
export function packageVersion(): string {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
  return version
}
