// The history of swarms as a person asks for it: what each came to, what it cost, how long ago, why it ended. Pure.

import type { Run } from '../events/runs.js'
import type { SwarmState } from '../events/state.js'
import { columnLines } from './columns.js'
import { age, between, costOf } from './format.js'

const HEADER = ['swarm', 'ago', 'came to', 'cost', 'why it ended']
/** Wider reasons for an iteration's end leave no room for the swarm's. */
const MOST_OUTCOMES = 3

/** A header and a line for each swarm, no wider than the screen. */
export function historyLines(
  swarms: readonly { readonly run: Run; readonly state: SwarmState }[],
  now: number,
  columns: number,
): string[] {
  return columnLines(
    HEADER,
    swarms.map(({ run, state }) => [run.swarm, ago(run, state, now), cameTo(state), costOf(state), why(run, state)]),
    columns,
  )
}

/** Since its end, or for one that runs since its start. */
function ago(run: Run, state: SwarmState, now: number): string {
  const since = run.state === 'running' ? run.startedAt : (run.stoppedAt ?? state.lastAt)
  return since === undefined ? '–' : age(between(since, now))
}

function cameTo({ counts }: SwarmState): string {
  const outcomes = Object.entries(counts.outcomes).sort(([, a], [, b]) => b - a)
  if (outcomes.length === 0) return 'nothing yet'
  const shown = outcomes.slice(0, MOST_OUTCOMES).map(([outcome, number]) => `${number} ${outcome}`)
  return [...shown, ...(outcomes.length > MOST_OUTCOMES ? ['…'] : [])].join(', ')
}

function why(run: Run, state: SwarmState): string {
  if (run.state === 'crashed') return `crashed: oompa resume ${run.swarm}`
  if (run.state === 'running') return state.stopping === undefined ? 'is running' : 'is stopping'
  return state.stopped?.reason ?? '–'
}
