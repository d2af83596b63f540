// An executable as an agent with a name of its own, for `hooks/agent.*`: `command('./my-agent')`.

import path from 'node:path'
import { usageError } from '../errors.js'
import type { Agent } from './contract.js'
import { textReader } from './text.js'

export interface ProgramOptions {
  /** What it is called in `--agent` and `oompa.json`; the program's name without an ending unless given. */
  readonly name?: string
  /** Put before nothing else: the prompt is on standard input. */
  readonly args?: readonly string[]
}

/**
 * An agent that is one program: the prompt on standard input, the final message is all of standard output.
 * @param program a name on the PATH, or a path below the root (or absolute)
 * @throws OompaError with status 2 if the name could not be written as `--agent NAME`
 */
export function command(program: string, options: ProgramOptions = {}): Agent & { prepare(root: string): void } {
  const name = options.name ?? path.basename(program).replace(/\.[^.]*$/, '')
  if (!/^[A-Za-z0-9][A-Za-z0-9_.-]*$/.test(name)) {
    throw usageError(`\`${name}\` cannot be the name of an agent.`, "Write command('./my-agent', { name: 'mine' })")
  }
  let file = program
  const run = (args: readonly string[]) => ({ file, args })
  return {
    name,
    sessions: false,
    choosesSession: false,
    cumulativeUsage: false,
    reportsCost: false,
    command: () => run(options.args ?? []),
    reader: () => textReader(false),
    check: {
      // There is no telling what it does with arguments: that it can be executed is all that is looked at.
      version: () => run([]),
      install: `Check that ${program} is there and executable (chmod +x).`,
      loginHelp: 'Run it by hand with a prompt on standard input.',
      allow: 'What it may do is its own affair.',
    },
    // Agents work in worktrees, where an agent could change the program: the main checkout's is meant.
    prepare(root) {
      if (program.includes('/')) file = path.resolve(root, program)
    },
  }
}
