// Runs commands for `oompa merge` outside a swarm: with the person's environment, and an end to all that they start.

import { withoutRepository } from '../git/environment.js'
import type { CommandRunner } from '../merge/contract.js'
import { runCommand } from '../processes/command.js'
import { uniqueMarker } from '../processes/marks.js'

/** A runner of commands in `root`. */
export function commandRunner(root: string): CommandRunner {
  return (command, options = {}) =>
    runCommand(command, {
      ...options,
      cwd: options.cwd ?? root,
      env: { ...withoutRepository(), ...options.env },
      input: options.input ?? '',
      marker: uniqueMarker(),
    })
}
