// The words of `oompa_loompas.mjs`: each is one stage, and does nothing where its hook is missing. What level 1 does not
// use is loaded only when it is called.

import path from 'node:path'
import { reportError } from '../errors.js'
import { runFolder } from '../files/paths.js'
import { uniqueMarker } from '../processes/marks.js'
import { inShell, shellIn } from '../processes/zx.js'
import type { Change, Refusal, Task } from '../words.js'
import type { Attempt, Iteration, Worker } from './contract.js'
import { iterationOf } from './iteration.js'
import { startSwarm } from './start.js'

export { $ } from '../processes/zx.js'
export { openWorktree } from './open.js'
export { propose } from './propose.js'

/**
 * Runs `body` for each worker at the same time, with the flags, environment and `oompa.json` that this process was
 * started with. Prints what goes on, and sets the exit status of the process.
 */
export async function swarm(body: (worker: Worker) => Promise<void>): Promise<void> {
  try {
    const started = await startSwarm(givenWords(process.argv))
    if ('status' in started) {
      process.exitCode = started.status
      return
    }
    if (started.planner) await runWorker(started.planner, body)
    await Promise.all(started.workers.map((worker) => runWorker(worker, body)))
    process.exitCode = await started.end()
  } catch (error) {
    ;(await import('../views/tell.js')).foldConsole()
    process.exitCode = reportError(error)
  }
}

/** What the loop was started with; `zx ./oompa_loompas.mjs 5` has zx's own words in front, and the name of the file. */
function givenWords([, program = '', ...words]: readonly string[]): string[] {
  if (!/^(zx|cli\.c?js)$/.test(path.basename(program))) return words
  return words.slice(words.findIndex((word) => /\.[cm]?[jt]s$/.test(word)) + 1)
}

/** In a worker's turn the loop's own `$` is the swarm's: it ends with it, and leaves the terminal to the view. */
function inSwarm(worker: Worker, body: (worker: Worker) => Promise<void>): Promise<void> {
  const { id, repository, stopping } = worker.swarm
  const shell = shellIn({
    cwd: process.cwd(),
    env: () => process.env,
    marker: () => uniqueMarker(id, worker.name),
    recordFolder: runFolder(repository.root, id),
    signal: stopping.agents,
  })
  return inShell(shell, () => body(worker))
}

/** What an iteration throws ends that iteration, with the reason; the worker goes on with the next. */
async function runWorker(worker: Worker, body: (worker: Worker) => Promise<void>): Promise<void> {
  do {
    try {
      await inSwarm(worker, body)
      worker.finish('the loop ended')
    } catch (error) {
      await worker.fail(error)
    }
  } while (!worker.finished)
  await worker.close()
}

/**
 * Claims the next ready task, and waits for one; undefined where agents claim by themselves (no `hooks/tasks`). A
 * worker that may not plan begins only when there is one. Ends the worker where there is nothing left to do.
 */
export async function claim(iteration: Iteration): Promise<Task | undefined> {
  const { swarm, settings } = iteration.lane
  if (!swarm.store || settings.planner || (!swarm.claims && settings.canPlan)) return undefined
  return (await import('./claim.js')).claimTask(iteration, swarm.store)
}

/** Has every reviewer read the change; undefined if all agree, or there is none. */
export async function review(change: Change): Promise<Refusal | undefined> {
  if (iterationOf(change).lane.swarm.level === 1) return undefined
  return (await import('./review-change.js')).reviewProposal(change)
}

/** Lands a change by `hooks/approve` and `hooks/merge`; undefined if it landed, or there was nothing to land. */
export async function land(change: Change): Promise<Refusal | undefined> {
  if (iterationOf(change).lane.swarm.level === 1) return undefined
  return (await import('./land.js')).landProposal(change)
}

// The one bounded loop of an iteration: a refusal goes back to the author, at most as often as there are rounds.

/** Gives the attempts of an iteration: one at level 1, three from level 2 on (docs/contract.md, 7). */
export function* attempts(iteration: Iteration): Generator<Attempt, void> {
  const { swarm } = iteration.lane
  const most = swarm.level === 1 ? 1 : swarm.rounds(iteration.lane.settings)
  let previous: Attempt['previous']
  for (let number = 1; number <= most; number++) {
    const attempt: Attempt = { number, iteration, previous }
    yield attempt
    previous = attempt.feedback
    iteration.refusal = previous
    if (!previous || previous.final) break
  }
  if (previous) iteration.outcome ??= 'refused'
}
