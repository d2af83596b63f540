// The third stage: the agent works, and what it made becomes a change.

import { requireOurs } from '../git/ours.js'
import { level1Input } from '../prompts/index.js'
import type { Change, Task, Worktree } from '../words.js'
import { countsRuns } from './caps.js'
import type { Attempt, Iteration } from './contract.js'
import { IterationEnding } from './ending.js'
import { emptyChange } from './iteration.js'
import { takeTurn } from './turn.js'

/**
 * `{ echo "Worktree: $wt"; cat prompts/worker.md; } | claude -p -`: runs the author, and gives what it made.
 * @throws IterationEnding when the agent failed, or the swarm is being stopped; OompaError `worktree-changed`
 */
export async function propose(worktree: Worktree, _task: Task | undefined, attempt: Attempt): Promise<Change> {
  const { iteration } = attempt
  if (iteration.lane.swarm.level === 1) return alone(worktree, iteration)
  const [{ converse }, { changeOf }, { noteStart }] = await Promise.all([
    import('./converse.js'),
    import('./change.js'),
    import('./hold.js'),
  ])
  await noteStart(iteration)
  const said = await converse(worktree, attempt)
  if (!iteration.lane.swarm.settings.here) requireOurs(worktree.path)
  return changeOf(worktree, attempt, said)
}

/** Level 1: the bash script's turn to the byte; what the agent does with it is its own business. */
async function alone(worktree: Worktree, iteration: Iteration): Promise<Change> {
  const { lane } = iteration
  const { swarm } = lane
  const turn = await takeTurn({
    iteration,
    attempt: 1,
    // Plain Ralph has no worktree to name.
    prompt: swarm.settings.here || swarm.named ? lane.prompt.bytes : level1Input(iteration.name, lane.prompt.bytes),
    cwd: swarm.named?.path ?? swarm.repository.root,
    form: countsRuns(swarm.settings.budget) ? 'json' : 'text',
  })
  if (turn.signals.some((signal) => signal.kind === 'done')) lane.finish('__DONE__')
  if (!swarm.settings.here) requireOurs(worktree.path)
  // A turn that is complete by its stream is done, whatever its CLI ended with; as text there is only the status.
  if (turn.failure && turn.failure.kind !== 'exit') throw new IterationEnding('failed', turn.failure.message)
  return emptyChange(iteration, worktree)
}
