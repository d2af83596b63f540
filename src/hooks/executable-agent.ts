// `hooks/agent` as an executable: the prompt on standard input, the final message is all of standard output.

import path from 'node:path'
import type { Agent } from '../agents/contract.js'
import type { Executable } from './executable.js'

/** The name after which such an agent is called: `hooks/agent.mine.sh` is `mine`, `hooks/agent.sh` is `agent`. */
export function agentName(file: string): string {
  const [first = 'agent', second, third] = path.basename(file).split('.')
  return third === undefined ? (second && !/^(sh|bash|zsh|py|rb|pl)$/.test(second) ? second : first) : (second ?? first)
}

/** An agent that is one executable, without sessions, usage or cost. */
export function executableAgent(hook: Executable): Agent {
  const command = { file: hook.path, args: [] }
  return {
    name: agentName(hook.name),
    sessions: false,
    choosesSession: false,
    cumulativeUsage: false,
    reportsCost: false,
    command() {
      hook.ready()
      return command
    },
    reader() {
      let text = ''
      return {
        read(piece) {
          text += piece
          return piece.split('\n').filter((line) => line.trim() !== '')
        },
        end(exit) {
          const bad = exit.signal !== null || exit.status !== 0
          const ended = exit.signal ? `was ended by ${exit.signal}` : `ended with status ${exit.status}`
          return {
            text,
            denials: [],
            ...(bad
              ? { failure: { kind: 'error', message: `${hook.name} ${ended}: ${exit.stderr.trim().slice(-500)}` } }
              : {}),
          }
        },
        finished: false,
      }
    },
    check: {
      version: () => ({ file: 'test', args: ['-x', hook.path] }),
      install: `chmod +x ${hook.name}`,
      loginHelp: 'It has no login of its own.',
      allow: `Change ${hook.name}.`,
    },
  }
}
