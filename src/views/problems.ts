// What of a swarm needs a person, the most urgent first, each with the command that helps. Pure; nothing is escaped.

import type { RunState } from '../events/runs.js'
import type { SwarmState, WorkerState } from '../events/state.js'
import { age, between, timeOfDay } from './format.js'
import { nextCommands } from './next.js'

export interface Problem {
  readonly kind: 'approval' | 'login' | 'missing' | 'crashed' | 'edit' | 'limit' | 'stuck' | 'stopped' | 'warning'
  readonly text: string
  /** What to type; of an approval, what to look with. */
  readonly command?: string
  readonly worker?: string
  /** Since when, ISO 8601. */
  readonly since?: string
  /** Id of the approval. */
  readonly approval?: string
}

/** Agents say something every few seconds; a test of theirs may take longer. */
const SILENT_MS = 10 * 60_000
const MOST_WARNINGS = 5

/** The problems of a swarm at `now`, in milliseconds since 1970. */
export function problemsOf(state: SwarmState, run: RunState, now: number): Problem[] {
  const workers = run === 'running' ? [...state.workers.values()] : []
  return [
    ...state.approvals.map(
      ({ id, reasons, worker }): Problem => ({
        kind: 'approval',
        approval: id,
        worker,
        text: `${id} waits for you: ${reasons.join('; ')}`,
        command: `oompa approve ${id}`,
      }),
    ),
    ...ended(state, run),
    ...(run === 'running' ? limits(state, now) : []),
    ...workers
      .filter(waitsForAPerson)
      .map((worker): Problem => ({ kind: 'edit', worker: worker.worker, since: worker.since, text: worker.doing })),
    ...workers
      .filter((worker) => isSilent(worker, now))
      .map(
        (worker): Problem => ({
          kind: 'stuck',
          worker: worker.worker,
          since: worker.seenAt,
          text: `${worker.worker} has said nothing for ${age(between(worker.seenAt, now))}`,
          command: `oompa logs ${worker.worker} -f --swarm ${state.swarm}`,
        }),
      ),
    ...state.warnings.slice(-MOST_WARNINGS).map((text): Problem => ({ kind: 'warning', text })),
  ]
}

function limits(state: SwarmState, now: number): Problem[] {
  return [...state.limits].flatMap(([agent, { until, reason, kind }]): Problem[] => {
    // The entry stays when the limit is over: nothing says so but the time.
    if (!(Date.parse(until) > now)) return []
    if (kind) return [{ kind, text: `${agent}: ${reason}`, command: 'oompa check' }]
    return [{ kind: 'limit', text: `${agent} is at its limit until ${timeOfDay(until)}: ${reason}` }]
  })
}

/** A swarm that crashed, or ended before its work did: what goes on with it, if anything can. */
function ended(state: SwarmState, run: RunState): Problem[] {
  const { stopped } = state
  if (run === 'running' || (run === 'stopped' && (!stopped || stopped.status === 0))) return []
  const resume = nextCommands(state, run).find(({ command }) => command.startsWith('oompa resume'))
  const command = resume ? { command: resume.command } : {}
  if (run === 'crashed') return [{ kind: 'crashed', text: 'The swarm crashed: its process is gone.', ...command }]
  const text = `It ended with status ${stopped?.status}: ${stopped?.reason}`
  return [{ kind: 'stopped', text, since: stopped?.at, ...command }]
}

/** Its landing waits for an uncommitted edit, say; one that waits for an approval stands among those. */
function waitsForAPerson({ phase, doing }: WorkerState): boolean {
  return phase === 'waiting' && doing !== '' && !doing.startsWith('approval ')
}

function isSilent({ phase, seenAt, since }: WorkerState, now: number): boolean {
  const works = phase === 'working' || phase === 'reviewing' || phase === 'planning'
  return works && between(seenAt ?? since, now) > SILENT_MS
}
