// One run of an author: waits for its harness, keeps the caps, and writes down what happened.

import { randomUUID } from 'node:crypto'
import type { Agent, AgentSpec, Turn as AgentTurn, TurnResult } from '../agents/contract.js'
import { runAgent } from '../agents/run-agent.js'
import { formatSignal, readSignals, type Signal } from '../agents/signals.js'
import { formatAgentSpec } from '../agents/spec.js'
import { outputFile, runFolder } from '../files/paths.js'
import { ceilings } from '../git/ceilings.js'
import { uniqueMarker } from '../processes/marks.js'
import { processRecord } from '../processes/watchdog.js'
import type { Reservation } from './budget.js'
import { capOf, counted, endAt, whoseRun } from './capped.js'
import type { Reached } from './caps.js'
import type { Iteration } from './contract.js'
import { IterationEnding } from './ending.js'
import { chooseAgent } from './fallback.js'
import { environmentOf, oompaVariables, worktreePath } from './iteration-environment.js'
import { prepareNext } from './open.js'
import { waitUnlessOver } from './waiting.js'

export interface TurnRequest {
  readonly iteration: Iteration
  readonly attempt: number
  readonly prompt: string | Uint8Array
  /** In place of `prompt`, where the session that was to go on is gone. */
  readonly freshPrompt?: string | Uint8Array
  readonly cwd: string
  readonly form: 'text' | 'json'
  /** A session to go on with. */
  readonly resume?: string
  /** A new session's id, where the harness lets us choose. */
  readonly session?: string
  readonly env?: Readonly<Record<string, string>>
}

export interface Turn extends TurnResult {
  readonly status: number | null
  readonly signals: readonly Signal[]
}

/**
 * Runs the author once. A rate limit is waited out here, so that it costs no attempt.
 * @throws IterationEnding when the swarm is being stopped or a cap is reached.
 */
export async function takeTurn(request: TurnRequest): Promise<Turn> {
  const { iteration } = request
  const { lane } = iteration
  const { swarm } = lane
  const { settings, stopping, harnesses, emit } = swarm
  const facts = { worker: lane.name, iteration: iteration.number, task: iteration.claims[0]?.task.id }
  const runWatched: typeof runAgent = (asked) => swarm.watch.during(iteration, () => runAgent(asked))
  for (;;) {
    const spec = chooseAgent(iteration)
    const agent = swarm.findAgent(spec)
    const name = formatAgentSpec(spec)
    const place = await placeFor(iteration, spec)
    const over = new AbortController()
    let passed: Reached | undefined
    const { session, prompt: input } = sessionFor(request, agent)
    emit({
      type: 'agent.started',
      ...facts,
      agent: name,
      attempt: request.attempt,
      role: 'author',
      session: session?.id,
    })
    let callOff = () => {}
    const run = await runWatched({
      agent,
      turn: {
        spec,
        form: request.form,
        permissions: settings.permissions,
        ...(session ? { session } : {}),
        ...(swarm.keepsCap.has(spec.harness) ? { maxUsd: place.maxUsd } : {}),
      },
      prompt: input,
      freshPrompt: request.freshPrompt,
      cwd: request.cwd,
      root: swarm.repository.root,
      env: environmentOf(settings, {
        ...oompaVariables(iteration),
        ...ceilings(swarm.repository.root, request.cwd),
        ...request.env,
      }),
      marker: uniqueMarker(swarm.id, lane.name, iteration.number),
      logFile: outputFile(swarm.repository.root, swarm.id, lane.name, iteration.number),
      logBytes: settings.logs.mostBytes,
      recordFile: processRecord(runFolder(swarm.repository.root, swarm.id)),
      limits: settings.limits,
      signal: AbortSignal.any([stopping.agents, over.signal]),
      // Not before: the agent is waited for, the next worktree is not.
      onStart: () => {
        callOff()
        callOff = prepareNext(iteration)
      },
      onNotice: (text) => emit({ type: 'note', ...facts, text }),
      onActivity: (text) => emit({ type: 'agent.activity', ...facts, text }),
      onUsed: (used) => {
        passed ??= place.streamed(used)
        if (passed) over.abort()
      },
      onOutput: swarm.level === 1 ? (text) => swarm.output(lane.name, text) : undefined,
    })
      .catch((error: unknown) => {
        place.release()
        throw error
      })
      .finally(() => callOff())
    const asked = run.restarted ? (request.freshPrompt ?? request.prompt) : input
    const prompt = typeof asked === 'string' ? asked : Buffer.from(asked).toString('utf8')
    lane.conversation.write(worktreePath(iteration), 'user', prompt)
    lane.conversation.write(worktreePath(iteration), 'assistant', run.text)
    const bill = place.spend(run)
    place.release()
    const signals = readSignals(run.text, prompt)
    emit({
      type: 'agent.ended',
      ...facts,
      agent: name,
      role: 'author',
      attempt: request.attempt,
      status: run.status,
      durationMs: run.durationMs,
      session: run.session,
      usage: run.usage,
      ...bill,
      denials: run.denials.length ? run.denials : undefined,
      failure: run.failure && (passed?.why ?? run.failure.message),
      signals: signals.length ? signals.map(formatSignal) : undefined,
    })
    if (run.denials.length)
      emit({
        type: 'note',
        level: 'warning',
        ...facts,
        text: `Tools were denied: ${run.denials.join(', ')}. ${agent.check.allow}`,
      })
    const kind = run.failure?.kind
    const cap = kind === 'budget' ? capOf(iteration) : kind === 'interrupted' ? passed : undefined
    if (cap) endAt(iteration, cap)
    if (run.failure && (kind === 'interrupted' || kind === 'budget'))
      throw new IterationEnding('interrupted', stopping.why ?? run.failure.message)
    if (run.failure && harnesses.limited(spec, run.failure, settings.fallback.length > 0)) continue
    if (!run.failure || run.failure.kind === 'exit') harnesses.working(spec)
    if (run.session) iteration.sessionOf = spec.harness
    return { ...run, signals }
  }
}

/** The session to go on with, or to begin, and what to say in it: an agent does not know the session of another. */
function sessionFor(
  { iteration, resume, session, prompt, freshPrompt = prompt }: TurnRequest,
  agent: Agent,
): { session?: AgentTurn['session']; prompt: string | Uint8Array } {
  if (resume !== undefined && iteration.sessionOf === agent.name)
    return { session: { id: resume, resume: true }, prompt }
  const isWanted = (resume ?? session) !== undefined && agent.choosesSession
  return { ...(isWanted ? { session: { id: session ?? randomUUID(), resume: false } } : {}), prompt: freshPrompt }
}

/**
 * Waits until the author's harness may be called and its run fits under the caps.
 * @throws IterationEnding when the swarm is being stopped or a cap is reached, while it waits as well
 */
async function placeFor(iteration: Iteration, spec: AgentSpec): Promise<Reservation> {
  const { swarm } = iteration.lane
  const { stopping, harnesses, budget } = swarm
  let place: Reservation | undefined
  const waited = await waitUnlessOver(swarm, async (signal) => {
    await harnesses.ready(spec, signal)
    place = await budget.reserve({ spec, ...whoseRun(iteration) }, signal)
  })
  const cap = capOf(iteration)
  if (waited && place && !stopping.agents.aborted && !cap) return counted(iteration, place)
  place?.release()
  if (cap) endAt(iteration, cap)
  throw new IterationEnding('interrupted', stopping.why ?? budget.reached()?.why ?? 'interrupted')
}
