// One author run from level 2 on: the prompt, and the further turns that its signals ask for, in one session.

import { randomUUID } from 'node:crypto'
import type { Signal } from '../agents/signals.js'
import { readStatus } from '../git/read-status.js'
import {
  composePrompt,
  contextValues,
  feedbackPrompt,
  followUpPrompt,
  furtherInput,
  nudgePrompt,
  type PromptQueue,
  resumePrompt,
  retold,
  tokensIn,
} from '../prompts/index.js'
import { answerClaims } from '../tasks/answer.js'
import type { TaskStore } from '../tasks/contract.js'
import { ticketOf } from '../tasks/ticket.js'
import type { Task, Worktree } from '../words.js'
import type { Attempt, Iteration, Swarm } from './contract.js'
import { IterationEnding } from './ending.js'
import { hold } from './hold.js'
import { type Turn, type TurnRequest, takeTurn } from './turn.js'

/** Further turns that an agent may ask for by `CLAIM(…)` in one attempt: enough for any plan, an end for a loop. */
const MOST_CLAIMS = 10

/**
 * Runs the author of an attempt to the end of its turn.
 * @throws IterationEnding when it failed, was interrupted, or said twice that it needs a follow-up
 */
export async function converse(worktree: Worktree, attempt: Attempt): Promise<Turn> {
  const { iteration } = attempt
  const { lane } = iteration
  const { maxResumes } = lane.settings
  let turn = await firstTurn(worktree, attempt)
  let resumes = 0
  let claims = 0
  let followedUp = false
  // What an agent without a session has to be told again in each turn.
  let lasting: string | undefined
  for (;;) {
    const signal = decisive(turn.signals)
    let next: string | undefined
    if (signal?.kind === 'done') {
      lane.finish('__DONE__')
      return turn
    }
    if (signal?.kind === 'ready') return turn
    if (signal?.kind === 'claim') {
      next = claims++ < MOST_CLAIMS ? await answer(iteration, signal.ids) : undefined
      if (next !== undefined) lasting = next
    } else if (signal?.kind === 'followup') {
      if (followedUp) throw new IterationEnding('kept', 'the agent needs a follow-up: its work is not finished')
      followedUp = true
      next = followUpPrompt(iteration.claims.map((claim) => claim.task))
    } else if (maxResumes !== undefined && resumes < maxResumes && iteration.session) {
      resumes++
      next = resumes === maxResumes ? nudgePrompt() : resumePrompt()
    }
    // Without a signal the change is ready (docs/contract.md, 17).
    if (next === undefined) return turn
    turn = await furtherTurn(worktree, attempt, next)
    if (lasting !== undefined) iteration.told.push(lasting)
    lasting = undefined
  }
}

/** The signal that decides what comes next, where a message has several: an end before a question. */
function decisive(signals: readonly Signal[]): Signal | undefined {
  for (const kind of ['done', 'ready', 'claim', 'followup'] as const) {
    const found = signals.filter((signal) => signal.kind === kind)
    if (found.length === 0) continue
    const [first] = found
    if (first!.kind !== 'claim') return first
    return { ...first!, ids: found.flatMap((signal) => (signal.kind === 'claim' ? signal.ids : [])) }
  }
  return undefined
}

async function firstTurn(worktree: Worktree, attempt: Attempt): Promise<Turn> {
  const { iteration, previous, number } = attempt
  if (!previous) return newSession(worktree, attempt)
  const { swarm, settings } = iteration.lane
  const last = number >= swarm.rounds(settings)
  const turn = await furtherTurn(worktree, attempt, feedbackPrompt(previous, { last, into: swarm.into }))
  iteration.told.push(feedbackPrompt(previous, { into: swarm.into }))
  return turn
}

/** The whole prompt, for a new session. */
async function newSession(worktree: Worktree, attempt: Attempt, addition?: string): Promise<Turn> {
  const { iteration } = attempt
  const agent = iteration.lane.swarm.findAgent(iteration.lane.agent)
  const prompt = await firstPrompt(iteration, worktree, addition)
  return run(worktree, attempt, { prompt, session: agent.choosesSession ? randomUUID() : undefined })
}

/** Further words in the session there is; the whole prompt again where there is none, or it cannot go on. */
async function furtherTurn(worktree: Worktree, attempt: Attempt, words: string): Promise<Turn> {
  const { iteration } = attempt
  const { swarm, agent: spec } = iteration.lane
  const all = retold(iteration.told, words)
  if (!swarm.findAgent(spec).sessions || !iteration.session) return newSession(worktree, attempt, all)
  return run(worktree, attempt, {
    prompt: furtherInput(turnFacts(iteration), words),
    freshPrompt: await firstPrompt(iteration, worktree, all),
    resume: iteration.session,
  })
}

async function run(
  worktree: Worktree,
  attempt: Attempt,
  input: Pick<TurnRequest, 'prompt' | 'freshPrompt' | 'resume' | 'session'>,
): Promise<Turn> {
  const { iteration } = attempt
  const { swarm } = iteration.lane
  const turn = await takeTurn({
    iteration,
    attempt: attempt.number,
    cwd: worktree.path,
    form: 'json',
    env: swarm.settings.here ? undefined : await swarm.guard(iteration),
    ...input,
  })
  iteration.session = turn.session ?? iteration.session
  if (!turn.failure) return turn
  if (turn.failure.kind !== 'exit' || !(await hasChange(worktree))) {
    throw new IterationEnding('failed', turn.failure.message)
  }
  // Something in the background failed (telemetry, a server's shut-down) after the work was done: tests will judge it.
  swarm.emit({
    type: 'note',
    level: 'warning',
    worker: iteration.worker,
    iteration: iteration.number,
    text: `${swarm.findAgent(iteration.lane.agent).name} ${turn.failure.message}. Its turn is complete, and goes on with what it left.`,
  })
  return turn
}

/** Whether there is anything over what the worktree began with: a commit, or work that is not committed. */
async function hasChange({ path, base }: Worktree): Promise<boolean> {
  const { commit, entries } = await readStatus(path)
  return entries.length > 0 || (commit !== undefined && commit !== base)
}

/** Answers `CLAIM(id, …)`; what was claimed belongs to the iteration from now on. */
async function answer(iteration: Iteration, ids: readonly string[]): Promise<string> {
  const { swarm, name } = iteration.lane
  if (!swarm.store) return 'There are no tasks to claim here: go on with what you were told to do.'
  const answered = await answerClaims(swarm.store, ids, { worker: name, swarm: swarm.id, pid: process.pid })
  for (const claim of answered.claims) hold(iteration, claim, 'CLAIM')
  return answered.text
}

// The prompts of an iteration from level 2 on, from what the swarm knows now.

/** What every further turn of an iteration needs to know. */
function turnFacts(iteration: Iteration) {
  const { lane } = iteration
  const { swarm } = lane
  return {
    swarm: swarm.id,
    worker: lane.name,
    into: swarm.hooks.merge ? swarm.into : undefined,
    planner: lane.settings.planner,
    ...(swarm.settings.here ? { here: true } : {}),
  }
}

/** The whole prompt, for a new session; `addition` is what a session that knew the rest would be told. */
async function firstPrompt(iteration: Iteration, worktree: Worktree, addition?: string): Promise<string> {
  const { lane } = iteration
  const { swarm } = lane
  const prompts = lane.prompt.text ?? lane.prompt.bytes.toString('utf8')
  const [queue, context] = await Promise.all([
    queueOf(swarm),
    contextValues(swarm.repository.root, worktree.path, tokensIn(prompts)),
  ])
  return composePrompt({
    ...turnFacts(iteration),
    iteration: iteration.number,
    ...(swarm.settings.here ? { here: true } : { branch: worktree.branch }),
    task: iteration.claims[0]?.task,
    ...(isNode(swarm.store, iteration.claims[0]?.task)
      ? { ticket: ticketOf(iteration.claims[0]?.task, worktree.path) }
      : {}),
    claiming: swarm.claims ? 'loop' : swarm.settings.configuredWorkers ? 'signal' : 'agent',
    store: swarm.store,
    queue,
    canPlan: lane.settings.canPlan,
    planning: iteration.planning,
    prompts,
    context,
    addition,
    kept: swarm.resumed?.kept.get(`${lane.name}-${iteration.number}`),
  })
}

/** Whether a task is a node of a graph. */
function isNode(store: TaskStore | undefined, task: Task | undefined): boolean {
  const own = store?.shards?.get(task?.store ?? '') ?? store
  return own?.name === 'graph'
}

async function queueOf({ store }: Swarm): Promise<PromptQueue | undefined> {
  if (!store) return undefined
  const { pending, current, complete } = await store.list()
  return {
    counts: { pending: pending.length, current: current.length, complete: complete.length },
    pending,
    current,
  }
}
