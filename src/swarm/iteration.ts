// Makes iterations, and what their hooks get to see.

import { inspect } from 'node:util'
import type { AgentSpec } from '../agents/contract.js'
import { agentOf, agentsWith } from '../agents/index.js'
import { OompaError } from '../errors.js'
import { outputFile } from '../files/paths.js'
import type { HookContext } from '../hooks/contract.js'
import type { Change, Worktree } from '../words.js'
import type { Reservation } from './budget.js'
import { capOf, counted, whoseRun } from './capped.js'
import { hookContext } from './context.js'
import type { Iteration, Swarm, Worker } from './contract.js'
import { oompaVariables } from './iteration-environment.js'
import { setUpWorktree } from './set-up-worktree.js'
import { waitUnlessOver } from './waiting.js'

export function makeIteration(lane: Worker, number: number): Iteration {
  const name = `${lane.name}-i${number}`
  const { named } = lane.swarm
  return {
    swarm: lane.swarm.id,
    worker: lane.name,
    number,
    lane,
    name: named?.name ?? `.${name}`,
    branch: named?.branch ?? `oompa/${name}`,
    claims: [],
    hadTask: false,
    planning: false,
    added: [],
    litter: new Set(),
    before: [],
    conflicted: [],
    held: [],
    bills: [],
    completed: 0,
    moved: new Set(),
    told: [],
  }
}

/** The context of this iteration's hooks. */
export function contextOf(iteration: Iteration, worktree?: Worktree): HookContext {
  const { swarm } = iteration.lane
  const context: HookContext = hookContext({
    root: swarm.repository.root,
    swarm: swarm.id,
    worker: iteration.worker,
    iteration: iteration.number,
    task: iteration.claims[0]?.task,
    tasks: swarm.tasks,
    signal: swarm.stopping.agents,
    variables: oompaVariables(worktree ? { ...iteration, worktree } : iteration),
    settings: swarm.settings,
    findAgent: swarm.findAgent,
    emit: (event) => swarm.emit({ worker: iteration.worker, iteration: iteration.number, ...event }),
    logFile: outputFile(swarm.repository.root, swarm.id, iteration.worker, iteration.number),
    harnesses: { ...swarm.harnesses, ready: (spec) => readyUnlessOver(swarm, spec) },
    begin: (spec, signal) => placeOfAsked(iteration, spec, signal),
    keepsCap: swarm.keepsCap,
    workers: swarm.workers.length,
    protection: swarm.protection,
    testCommands: swarm.testCommands(),
    prepare: (gate) => setUpWorktree(gate, context, { hooks: swarm.hooks, root: swarm.repository.root }),
    history: async () => swarm.store?.tracked?.history(),
    lane: swarm.lane,
    guard: () => swarm.guard(iteration),
    watched: (run) => swarm.watch.during(iteration, run),
  })
  return context
}

/**
 * A place under the caps for an agent that a hook asks. Its work has been paid for, so it is waited for others to end,
 * also when the swarm is being ended gently.
 * @throws when a cap is reached: `reviewProposal` ends the iteration with it
 */
async function placeOfAsked(iteration: Iteration, spec: AgentSpec, signal: AbortSignal): Promise<Reservation> {
  const place = await iteration.lane.swarm.budget.reserve({ spec, ...whoseRun(iteration) }, signal)
  const cap = capOf(iteration)
  if (!cap) return counted(iteration, place)
  place.release()
  throw new Error(cap.why)
}

/** Whoever asks the swarm to end need not wait for the limit of a reviewer, either. */
async function readyUnlessOver(swarm: Swarm, spec: AgentSpec): Promise<void> {
  if (await waitUnlessOver(swarm, (signal) => swarm.harnesses.ready(spec, signal))) return
  throw new Error(swarm.stopping.why ?? swarm.budget.reached()?.why ?? 'the swarm is being ended')
}

/** Finds an agent by its harness: those of `hooks/agent.*` add to ours, or take their place. */
export function agentFinder(hooks: Pick<Swarm['hooks'], 'agents'>): Swarm['findAgent'] {
  const known = agentsWith(hooks.agents)
  return (spec) => agentOf(spec, known)
}

const ORIGIN = Symbol('iteration')

/** Whose a change is: it stands in the change, so that a copy of it in a loop of one's own is as good. */
class Origin {
  readonly #iteration: Iteration

  constructor(iteration: Iteration) {
    this.#iteration = iteration
  }

  static of(change: Change & { readonly [ORIGIN]?: unknown }): Iteration | undefined {
    const origin = change[ORIGIN]
    return origin instanceof Origin ? origin.#iteration : undefined
  }

  /** What `console.log(change)` shows of it. */
  [inspect.custom](): string {
    return `${this.#iteration.worker}-${this.#iteration.number}`
  }
}

/** The iteration that a change came from. */
export function iterationOf(change: Change): Iteration {
  const iteration = Origin.of(change)
  if (iteration) return iteration
  throw new OompaError({
    code: 'foreign-change',
    message: 'This change does not come from `propose`.',
    mend: 'Pass on what `propose` gave, or a copy of it: { ...change }.',
  })
}

/**
 * A change without content: at level 1 agents see to their work themselves, and in the person's checkout nothing is
 * landed for them.
 */
export function emptyChange(
  iteration: Iteration,
  worktree: Worktree,
  facts: Pick<Change, 'attempt' | 'message'> = { attempt: 1 },
): Change {
  const task = iteration.claims[0]?.task
  return changeFrom(iteration, {
    swarm: iteration.swarm,
    worker: iteration.worker,
    number: iteration.number,
    ...facts,
    ...(task ? { task } : {}),
    worktree,
    branch: worktree.branch,
    commit: worktree.base,
    base: worktree.base,
    into: '',
    files: [],
  })
}

/** The change with its iteration, for the stages that get nothing but the change. */
export function changeFrom(iteration: Iteration, change: Change): Change {
  return Object.assign(change, { [ORIGIN]: new Origin(iteration) })
}
