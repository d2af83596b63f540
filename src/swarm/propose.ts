// The third stage: the agent works, and what it made becomes a change.

import type { Task, Worktree } from '../words.js'
import { level1Input } from '../prompts/level1.js'
import { changeOf, type ProposedChange } from './change.js'
import type { Attempt, Iteration } from './contract.js'
import { converse } from './converse.js'
import { IterationEnding } from './ending.js'
import { prepareNext } from './open.js'
import { takeTurn } from './turn.js'

/**
 * `{ echo "Worktree: $wt"; cat prompts/worker.md; } | claude -p -`: runs the author, and gives what it made.
 * @throws IterationEnding when the agent failed, or the swarm is being stopped
 */
export async function propose(worktree: Worktree, _task: Task | undefined, attempt: Attempt): Promise<ProposedChange> {
  const { iteration } = attempt
  prepareNext(iteration)
  if (iteration.lane.swarm.level === 1) return alone(worktree, iteration)
  const said = await converse(worktree, attempt)
  return changeOf(worktree, attempt, said)
}

/** Level 1: the bash script's turn to the byte; what the agent does with it is its own business. */
async function alone(worktree: Worktree, iteration: Iteration): Promise<ProposedChange> {
  const { lane } = iteration
  const { swarm } = lane
  const prompts = lane.settings.prompts.map((file) => swarm.prompts.get(file) ?? Buffer.alloc(0))
  const turn = await takeTurn({
    iteration,
    attempt: 1,
    prompt: level1Input(iteration.name, prompts),
    cwd: swarm.repository.root,
    form: swarm.settings.budgetUsd === undefined ? 'text' : 'json',
  })
  if (turn.signals.some((signal) => signal.kind === 'done')) lane.finish('__DONE__')
  if (turn.failure) throw new IterationEnding('failed', turn.failure.message)
  return { nothing: true, iteration, worktree }
}
