// What executable hooks are run with where no iteration gives it: a place to review in, and a runner of processes.

import { runFolder } from '../files/paths.js'
import { uniqueMarker } from '../processes/marks.js'
import { runCommand } from '../processes/run-command.js'
import type { Run, WithScratch } from './executable.js'
import { plainEnvironment } from './hook-environment.js'
import type { LoadOptions } from './load-hooks.js'
import { openPlace } from './review-place.js'

/** Runs `work` in a detached worktree at the change's commit, which is thrown away. */
export const withScratch: WithScratch = async (change, context, work) => {
  const opened = await openPlace(change, context)
  try {
    return { result: await work(opened.path), edits: await opened.edits() }
  } finally {
    await opened.remove()
  }
}

/** Runs executables that belong to no iteration, in the environment that agents get. */
export function ownRun(root: string, { swarm, settings }: LoadOptions): Run {
  return (command, options = {}) =>
    runCommand(command, {
      ...options,
      cwd: options.cwd ?? root,
      env: plainEnvironment(options.env ?? {}, settings),
      marker: uniqueMarker(swarm, 'hooks', 0),
      ...(swarm ? { recordFolder: runFolder(root, swarm) } : {}),
    })
}
