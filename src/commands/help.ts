// `oompa help`: every command in one screen, or one command's own help.

import type { Command } from '../cli/contract.js'
import { find, parse } from '../cli/parse.js'
import { STATUS } from '../errors.js'

export const command: Command = {
  summary: 'List the commands, or explain one.',
  positionals: [{ name: 'command', describe: 'A command, and its subcommand', array: true, names: 'command' }],
  examples: [['oompa help tasks claim', 'the same as oompa tasks claim --help']],
  async run({ positionals }, root) {
    const answer = await parse(await find(root, [...positionals, '--help']))
    if ('help' in answer) console.log(answer.help)
    return STATUS.done
  },
}
