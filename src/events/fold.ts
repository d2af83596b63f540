// Events in, state out: the one place that knows what an event means to whoever looks at a swarm.

import type { EventOf, OompaEvent } from './contract.js'
import { addCost, agent, iterationEnded, iterationStarted, remove, waitAtLimit } from './fold-worker.js'
import { enter, named, type SwarmState, type WorkerState, workerOf } from './state.js'
import { warningOf } from './warnings.js'

const MOST_WARNINGS = 100

/** The state of a swarm of which nothing is known yet. */
export function emptyState(swarm: string): SwarmState {
  return {
    swarm,
    resumed: 0,
    workers: new Map(),
    queue: [],
    landed: [],
    kept: [],
    approvals: [],
    pulls: new Map(),
    limits: new Map(),
    counts: { iterations: 0, outcomes: {}, landed: 0, refused: 0, rejected: 0 },
    warnings: [],
    unread: 0,
  }
}

/** Everything that `events` say of one swarm. */
export function fold(events: Iterable<OompaEvent>, swarm = ''): SwarmState {
  const state = emptyState(swarm)
  for (const event of events) apply(state, event)
  return state
}

/**
 * Adds one event to `state`, which it changes and gives back. An event that this version does not know, or whose
 * fields are not what it expects, is counted in `unread` and otherwise passed over: a log may be of another version.
 */
export function apply(state: SwarmState, event: OompaEvent): SwarmState {
  if (!state.swarm && typeof event.swarm === 'string') state.swarm = event.swarm
  if (typeof event.at === 'string') state.lastAt = event.at
  try {
    applyKnown(state, event)
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    state.unread++
  }
  const worker = typeof event.worker === 'string' ? state.workers.get(event.worker) : undefined
  if (worker) worker.seenAt = event.at
  return state
}

function applyKnown(state: SwarmState, event: OompaEvent): void {
  switch (event.type) {
    case 'swarm.started':
      started(state, event)
      return
    case 'swarm.stopping':
      state.stopping = event.reason
      return
    case 'swarm.stopped':
      state.stopping = undefined
      state.stopped = { at: event.at, reason: event.reason, status: event.status, early: event.early }
      state.queue.length = 0
      for (const worker of state.workers.values()) enter(worker, 'ended', event.at)
      return
    case 'worker.started':
      enter(workerOf(state, event), 'idle', event.at)
      return
    case 'worker.ended':
      enter(workerOf(state, event), 'ended', event.at)
      return
    case 'iteration.started':
      iterationStarted(workerOf(state, event), event)
      waitAtLimit(state, workerOf(state, event), event.at)
      return
    case 'iteration.ended':
      iterationEnded(state, workerOf(state, event), event)
      return
    case 'task.claimed':
      workerOf(state, event).task = event.task
      return
    case 'tasks.uncommitted':
      state.uncommitted = event.paths.map(String)
      return
    case 'tasks.left':
      state.tasksLeft = Number(event.pending) + Number(event.current)
      return
    case 'task.none':
      workerOf(state, event).noTask = { pending: event.pending, problems: event.problems }
      return
    case 'task.released':
      if (event.worker) workerOf(state, event).task = undefined
      return
    case 'agent.started':
    case 'agent.activity':
    case 'agent.ended':
      if (event.type === 'agent.ended') addCost(state, event)
      // The probe at start and a review from the shell belong to no worker.
      if (!event.worker) return
      agent(workerOf(state, event), event)
      waitAtLimit(state, workerOf(state, event), event.at)
      return
    case 'review.ended':
      if (event.verdict === 'rejected') state.counts.rejected++
      if (!event.worker) return
      enter(workerOf(state, event), 'preparing', event.at, `${event.verdict} in round ${event.round}`)
      return
    case 'limit.waiting':
      state.limits.set(event.agent, { until: event.until, reason: event.reason, kind: event.kind })
      for (const worker of state.workers.values()) waitAtLimit(state, worker, event.at)
      return
    case 'work.kept':
      state.kept.push({ ref: event.ref, reason: event.reason, worker: event.worker, iteration: event.iteration })
      return
    case 'landing.queued':
    case 'landing.testing':
    case 'landing.waiting':
    case 'landing.landed':
    case 'landing.refused':
      landing(state, event)
      return
    case 'landing.withdrawn': {
      const gone = state.landed.findIndex(({ task, commit }) =>
        event.task ? task === event.task : commit === event.commit,
      )
      if (gone < 0) return
      state.landed.splice(gone, 1)
      state.counts.landed--
      return
    }
    case 'pull.opened':
    case 'pull.merged':
    case 'pull.closed': {
      const now = event.type === 'pull.opened' ? 'open' : event.type === 'pull.merged' ? 'merged' : 'closed'
      state.pulls.set(event.branch, { url: event.url, state: now })
      return
    }
    case 'approval.waiting':
      state.approvals.push({ id: event.id, branch: event.branch, reasons: event.reasons, worker: event.worker })
      if (event.worker) enter(workerOf(state, event), 'waiting', event.at, `approval ${event.id}`)
      return
    case 'approval.approved':
    case 'approval.rejected':
      remove(state.approvals, (waiting) => waiting.id === event.id)
      return
    case 'swarm.recovered':
    case 'task.completed':
    case 'task.ready':
    case 'task.added':
    case 'task.ignored':
    case 'agent.message':
    case 'agent.fallback':
    case 'landing.pushed':
      return
    default: {
      if (event.type === 'budget.reached') state.limit = event.limit
      const words = warningOf(event)
      if (words === undefined && event.type !== 'note') state.unread++
      if (words === undefined) return
      state.warnings.push(event.worker ? `${event.worker}: ${words}` : words)
      if (state.warnings.length > MOST_WARNINGS) state.warnings.shift()
    }
  }
}

function started(state: SwarmState, event: EventOf<'swarm.started'>): void {
  if (state.startedAt !== undefined) state.resumed++
  state.startedAt ??= event.at
  state.stopped = undefined
  state.stopping = undefined
  state.budgetUsd = event.budgetUsd
  state.limit = undefined
  state.uncommitted = undefined
  state.pid = event.pid
  state.processStart = event.processStart
  state.host = event.host
  state.level = event.level
  state.into = event.into
  state.version = event.version
  state.queue.length = 0
  // Approvals outlive the process that asked for them; what its workers were doing does not.
  for (const worker of state.workers.values()) enter(worker, 'idle', event.at)
  for (const { worker: name, agent: author, iterations, parked } of event.workers) {
    const worker = named(state, name)
    if (parked) enter(worker, 'ended', event.at, 'not wanted yet')
    worker.agent = author
    worker.iterations = iterations
  }
}

function landing(state: SwarmState, event: Extract<OompaEvent, { type: `landing.${string}`; branch: string }>): void {
  const worker = event.worker ? workerOf(state, event) : undefined
  const { at, branch } = event
  switch (event.type) {
    case 'landing.queued':
      remove(state.queue, (entry) => entry.branch === branch)
      state.queue.push({ branch, worker: event.worker, iteration: event.iteration, at })
      if (worker) enter(worker, 'queued', at)
      return
    case 'landing.testing':
      if (worker) enter(worker, 'testing', at, event.command)
      return
    case 'landing.waiting':
      if (worker) enter(worker, 'waiting', at, event.reason)
      return
    case 'landing.landed': {
      const { commit, into, iteration, task } = event
      remove(state.queue, (entry) => entry.branch === branch)
      const startedAt = worker && beginOf(worker, iteration)
      const facts = { worker: event.worker, iteration, task: task ?? worker?.task, startedAt }
      state.landed.push({ commit, branch, into, at, ...facts })
      state.counts.landed++
      if (worker) worker.landedCommit = commit
      if (worker) enter(worker, 'preparing', at, 'landed')
      return
    }
    case 'landing.refused':
      remove(state.queue, (entry) => entry.branch === branch)
      state.counts.refused++
      if (worker) worker.kept = event.kept ?? worker.kept
      if (worker) enter(worker, 'preparing', at, `refused: ${event.reason}`)
  }
}

/** When an iteration began: the current one, or, of a change that waited for a person, one that has ended. */
function beginOf(worker: WorkerState, iteration: number | undefined): string | undefined {
  if (iteration === undefined || (worker.startedAt !== undefined && worker.iteration === iteration))
    return worker.startedAt
  return worker.ended.findLast((one) => one.iteration === iteration)?.startedAt
}
