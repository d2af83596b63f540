// An agent of one's own from any executable, for `hooks/agent.ts`.

import path from 'node:path'
import { usageError } from '../errors.js'
import { command as builtIn } from './command.js'
import type { Agent } from './contract.js'
import { textReader } from './text.js'

/**
 * An agent that runs an executable with the prompt on standard input; all of its standard output is its final message.
 * @param file a path relative to the repository's root, or a name on the PATH.
 * @param options.name what it is called in `--agent NAME`; the file's name without its extension unless given.
 * @param options.args argv after the program.
 * @throws OompaError with status 2 for a name that could not be written in `--agent`.
 */
export function command(file: string, options: { name?: string; args?: readonly string[] } = {}): Agent {
  const name = options.name ?? path.parse(file).name
  if (!/^[A-Za-z0-9][A-Za-z0-9_-]*$/.test(name)) {
    throw usageError(`\`${name}\` cannot be the name of an agent.`, 'Name it: command(file, { name: "my-agent" })')
  }
  return {
    ...builtIn,
    name,
    command: () => ({ file, args: options.args ?? [] }),
    reader: () => textReader(false),
    check: {
      ...builtIn.check,
      version: () => ({ file, args: [] }),
      install: `Check the path \`${file}\` in hooks/agent.ts, and that the file is executable (chmod +x).`,
    },
  }
}
