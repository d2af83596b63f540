// Runs commands for `oompa merge` outside a swarm: with the person's environment, and an end to all that they start.

import { ceilings } from '../git/ceilings.js'
import { withoutRepository } from '../git/git-environment.js'
import { uniqueMarker } from '../processes/marks.js'
import { runCommand } from '../processes/run-command.js'
import type { HookContext } from './contract.js'

/** A runner of commands in `root`. */
export function commandRunner(root: string): HookContext['run'] {
  return (command, { cwd = root, ...options } = {}) =>
    runCommand(command, {
      ...options,
      cwd,
      env: { ...withoutRepository(), ...ceilings(root, cwd), ...options.env },
      input: options.input ?? '',
      marker: uniqueMarker(),
    })
}
