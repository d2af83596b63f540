// `oompa lock`: runs a command while holding a lock of this repository, as `flock` does, and passes its status on.

import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { type Args, type Command, number } from '../cli/contract.js'
import { type Status, usageError } from '../errors.js'
import { plainRepository } from '../git/folders.js'
import { LANDING_LOCK, withLock } from '../locks/index.js'

export const command: Command = {
  summary: `Run a command while holding a lock (\`${LANDING_LOCK}\`, under which branches land, unless named).`,
  positionals: [{ name: 'name', describe: `The lock; ${LANDING_LOCK} unless given` }],
  options: {
    timeout: { type: 'number', describe: 'Give up after so many seconds (status 4)' },
  },
  examples: [
    ['oompa lock -- git push', 'push while nobody lands'],
    ['oompa lock deploy -- ./deploy.sh', 'one deployment at a time'],
    ['oompa lock -- oompa merge feature', 'a landing inside the lock takes it without waiting'],
  ],
  run,
}

async function run(args: Args): Promise<Status> {
  const [file, ...rest] = args.rest
  if (file === undefined) throw usageError('oompa lock: what to run is missing.', 'oompa lock -- git push')
  const { root } = plainRepository(process.cwd()) ?? (await askGit())
  const seconds = number(args, 'timeout')
  const status = await withLock(root, args.positionals[0] ?? LANDING_LOCK, (lock) => pass(file, rest, lock.env), {
    ...(seconds === undefined ? {} : { timeoutMs: seconds * 1000 }),
  })
  // The command's own status, whatever it is, is ours.
  return status as Status
}

const askGit = async () => (await import('../git/repository.js')).findRepository()

const PASSED_ON: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT']

/** Runs the command with our terminal; signals sent to us are passed on, and the lock is held until it ends. */
function pass(file: string, args: readonly string[], env: Readonly<Record<string, string>>): Promise<number> {
  return new Promise((resolve) => {
    const child = spawn(file, args, { stdio: 'inherit', env: { ...process.env, ...env } })
    // From a terminal the whole foreground group has had SIGINT already: twice would be once too often.
    const relay = (signal: NodeJS.Signals) => {
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal)
    }
    for (const signal of PASSED_ON) process.on(signal, relay)
    const done = (status: number) => {
      for (const signal of PASSED_ON) process.off(signal, relay)
      resolve(status)
    }
    child.on('error', (error: NodeJS.ErrnoException) => {
      console.error(
        `oompa: cannot run ${file}: ${error.code === 'ENOENT' ? 'there is no such command' : error.message}`,
      )
      done(error.code === 'ENOENT' ? 127 : 126)
    })
    child.on('exit', (status, signal) => done(signal ? 128 + constants.signals[signal] : (status ?? 1)))
  })
}
