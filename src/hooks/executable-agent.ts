// `hooks/agent` as an executable: the prompt on standard input, the final message is all of standard output.

import type { Agent } from '../agents/contract.js'
import { command } from '../agents/program.js'
import type { Executable } from './executable.js'

const ENDINGS = new Set(['sh', 'bash', 'zsh', 'py', 'rb', 'pl'])

/** What such an agent is called: `hooks/agent.mine.sh` is `mine`, `hooks/agent.sh` is `agent`. Pure. */
export function agentName(file: string): string {
  const [first = 'agent', ...words] = file.split('/').at(-1)?.split('.') ?? []
  const named = words.filter((word, index) => index < words.length - 1 || !ENDINGS.has(word))
  return named[0] ?? first
}

/** An agent that is one executable, without sessions, usage or cost. */
export function executableAgent(hook: Executable): Agent {
  const agent = command(hook.path, { name: agentName(hook.name) })
  return {
    ...agent,
    command(turn) {
      hook.ready()
      return agent.command(turn)
    },
  }
}
