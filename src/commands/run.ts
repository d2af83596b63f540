// `oompa run`, which the earlier system calls `oompa swarm`, and `oompa loop`: they run `oompa_loompas.mjs` in this
// process, the repository's own copy if it has one. There is no second loop.

import { existsSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Command, flag, number, text } from '../cli/contract.js'
import { withoutPage } from '../config/flags.js'
import { runShapes } from '../config/load.js'
import { STATUS, type Status } from '../errors.js'
import { packageFolder } from '../files/package.js'
import { findRepository } from '../git/repository.js'

export const command: Command = {
  ...runShapes.run,
  options: {
    ...runShapes.run.options,
    worktrees: { type: 'string', describe: 'A loop in each of these named worktrees: alpha,beta', names: 'worktree' },
  },
  examples: [...runShapes.run.examples, ['oompa run --worktrees alpha,beta', 'a loop in each named worktree']],
  async run(args) {
    const names = text(args, 'worktrees')
    if (names === undefined) return runLoopFile()
    const { runInWorktrees } = await import('./run-worktrees.js')
    if (flag(args, 'dash')) {
      // One page for all of them.
      const { root } = await findRepository()
      const { openPageBeside } = await import('../dash/beside.js')
      await openPageBeside(root, { port: number(args, 'port'), open: flag(args, 'open') })
    }
    return runInWorktrees(names.split(','), withoutPage(withoutOption(process.argv.slice(3), '--worktrees')))
  },
}

/** The words of a call without an option and its value. Pure. */
function withoutOption(argv: readonly string[], option: string): string[] {
  return argv.filter((word, at) => word !== option && !word.startsWith(`${option}=`) && argv[at - 1] !== option)
}

/** `oompa loop N --workers claude:5 opencode:2`: the loop with a mixed set of workers. */
export const loop: Command = { ...runShapes.loop, run: () => runLoopFile() }

/** Imports the loop file, which reads `process.argv` itself; gives the status that it has set. */
export async function runLoopFile(): Promise<Status> {
  const { root } = await findRepository()
  const own = path.join(root, 'oompa_loompas.mjs')
  const file = existsSync(own) ? own : path.join(packageFolder, 'oompa_loompas.mjs')
  // A copy in a repository without Node modules finds us by this.
  process.env.OOMPA_PACKAGE = path.join(packageFolder, 'bin', 'oompa')
  await import(pathToFileURL(file).href)
  const status = process.exitCode
  return (typeof status === 'number' ? status : STATUS.done) as Status
}
