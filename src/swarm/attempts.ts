// The one bounded loop of an iteration: a refusal goes back to the author, at most as often as there are rounds.

import type { Attempt, Iteration } from './contract.js'

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
