// The command line: finds the command, parses its options, prints what went wrong, and sets the exit status.

import { OompaError, reportError, STATUS, type Status } from '../errors.js'
import { packageVersion } from '../files/package.js'
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
