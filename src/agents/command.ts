// Any executable as an agent: the prompt on standard input, its final message is all of standard output.

import type { Agent, AgentSpec } from './contract.js'
import { textReader } from './text.js'

export const command: Agent = {
  name: 'command',
  sessions: false,
  choosesSession: false,
  cumulativeUsage: false,
  reportsCost: false,
  command: ({ spec }) => ({ file: program(spec), args: [] }),
  reader: () => textReader(false),
  check: {
    // There is no telling what it does with arguments: that it can be executed is all that is looked at.
    version: (spec) => ({ file: program(spec), args: [] }),
    install: 'Check the path after `command:`, and that the file is executable (chmod +x).',
    loginHelp: 'Run it by hand with a prompt on standard input.',
    allow: 'What it may do is its own affair.',
  },
}

/** The path after `command:`. A name without a slash is looked for on the PATH. */
function program(spec: AgentSpec): string {
  return spec.model ?? ''
}
