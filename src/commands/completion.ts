// `oompa completion bash|zsh|fish`: prints what a shell needs to complete our commands, options and names.

import { STATUS } from '../errors.js'
import type { Command } from './contract.js'
import { text } from './parse.js'

const SHELLS = ['bash', 'zsh', 'fish'] as const

export const command: Command = {
  name: 'completion',
  summary: 'Print the completion of a shell: commands, options, and names of workers, swarms, tasks and branches.',
  positionals: [{ name: 'shell', describe: SHELLS.join(', '), array: true }],
  options: {
    complete: { type: 'string', describe: 'The word that is being typed; the words before it follow --', hidden: true },
  },
  examples: [
    ['eval "$(oompa completion bash)"', 'in ~/.bashrc'],
    ['eval "$(oompa completion zsh)"', 'in ~/.zshrc, after compinit'],
    ['oompa completion fish > ~/.config/fish/completions/oompa.fish', 'for fish'],
  ],
  async run(args) {
    const current = text(args, 'complete')
    if (current !== undefined) {
      const { candidates } = await import('./completions/candidates.js')
      for (const one of await candidates(args.rest, current)) console.log(one)
      return STATUS.done
    }
    const { scripts } = await import('./completions/scripts.js')
    const wanted = args.positionals[0]
    const shell = SHELLS.find((one) => one === wanted)
    if (shell === undefined) {
      const { usageError } = await import('../errors.js')
      throw usageError(
        wanted === undefined ? 'oompa completion: name a shell.' : `There is no completion for \`${wanted}\`.`,
        `oompa completion ${SHELLS.join('|')}`,
      )
    }
    process.stdout.write(scripts[shell])
    return STATUS.done
  },
}
