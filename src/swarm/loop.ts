// The words of `oompa_loompas.mjs`: each is one stage, and does nothing where its hook is missing.

import { reportError } from '../errors.js'
import type { Worker } from './contract.js'
import { startSwarm } from './start.js'

export { attempts } from './attempts.js'
export { claim } from './claim.js'
export { land } from './land.js'
export { openWorktree } from './open.js'
export { propose } from './propose.js'
export { review } from './review.js'

/**
 * Runs `body` for each worker at the same time, with the flags, environment and `oompa.json` that this process was
 * started with. Prints what goes on, and sets the exit status of the process.
 */
export async function swarm(body: (worker: Worker) => Promise<void>): Promise<void> {
  try {
    const started = await startSwarm(process.argv.slice(2))
    if ('status' in started) {
      process.exitCode = started.status
      return
    }
    await Promise.all(started.workers.map((worker) => runWorker(worker, body)))
    process.exitCode = await started.end()
  } catch (error) {
    process.exitCode = reportError(error)
  }
}

/** What an iteration throws ends that iteration, with the reason; the worker goes on with the next. */
async function runWorker(worker: Worker, body: (worker: Worker) => Promise<void>): Promise<void> {
  do {
    try {
      await body(worker)
      worker.finish('the loop ended')
    } catch (error) {
      await worker.fail(error)
    }
  } while (!worker.finished)
  await worker.close()
}
