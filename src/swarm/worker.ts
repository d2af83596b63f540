// One parallel lane: gives its iterations in turn, and sees that each of them ends.

import { setTimeout as sleep } from 'node:timers/promises'
import type { Settings, WorkerSettings } from '../config/contract.js'
import { messageOf, OompaError, STATUS } from '../errors.js'
import type { PromptText } from '../prompts/index.js'
import { closeIteration } from './close.js'
import type { Iteration, Swarm, Worker } from './contract.js'
import { IterationEnding } from './ending.js'
import { makeIteration } from './iteration.js'
import { waitUnlessOver } from './waiting.js'

export interface WorkerPlan {
  readonly name: string
  readonly settings: WorkerSettings
  readonly prompt: PromptText
  readonly portBase: number
  /** The number of its first iteration; more than 1 after a resume. */
  readonly first: number
}

export function makeWorker(swarm: Swarm, plan: WorkerPlan): Worker {
  const { name, settings } = plan
  const last = settings.iterations
  let next = plan.first
  let current: Iteration | undefined
  let over: string | undefined
  let failures: Failures = { all: 0, quick: 0 }
  let began = 0
  let ran = false

  const worker: Worker = {
    name,
    settings,
    portBase: plan.portBase,
    agent: settings.agent,
    prompt: plan.prompt,
    conversation: swarm.persister.conversation(`[oompa:${swarm.id}:${name}] `),
    swarm,
    get finished() {
      return over !== undefined
    },
    finish(why) {
      over ??= why
      if (!current) swarm.crew.set(name, 'over')
    },
    async fail(error) {
      const iteration = current
      if (!iteration) {
        // Nothing is going on: the loop's own code is broken, and would be broken the next time too.
        worker.finish(messageOf(error))
        swarm.emit({ type: 'note', level: 'warning', worker: name, text: messageOf(error) })
        return
      }
      if (error instanceof IterationEnding) {
        iteration.outcome ??= error.outcome
        iteration.reason ??= error.message
        if (error.finish) worker.finish(error.message)
        if (error.again) next = iteration.number
        await end(error.again)
        return
      } else {
        const interrupted = swarm.stopping.agents.aborted
        iteration.outcome = interrupted ? 'interrupted' : 'failed'
        iteration.reason = messageOf(error)
        if (isChanged(error)) {
          // Its agent, or somebody else, does what no agent of ours does: the next would do it again.
          iteration.reason += ` To go on with it: ${error.mend}`
          worker.finish(error.message)
        }
        if (process.env.OOMPA_DEBUG === '1' && error instanceof Error) console.error(error.stack)
      }
      await end()
    },
    close: () => end(),
    [Symbol.asyncIterator]() {
      return {
        async next() {
          await end()
          const iteration = await begin()
          return iteration ? { done: false, value: iteration } : { done: true, value: undefined }
        },
        // A `break`, or something thrown: `fail` or the next `next` ends the iteration, with the reason.
        async return() {
          return { done: true, value: undefined }
        },
      }
    },
  }
  if (plan.first <= last) swarm.crew.set(name, 'ahead')
  return worker

  async function begin(): Promise<Iteration | undefined> {
    const { stopping, budget, emit } = swarm
    if (next > last) worker.finish('all iterations done')
    if (over !== undefined || stopping.why !== undefined) return undefined
    if (swarm.scaling && !(await swarm.scaling.turn(worker))) return undefined
    if (worker.finished) return undefined
    await pause()
    const cap = budget.reached()
    if (cap && stopping.why === undefined) {
      emit({ type: 'budget.reached', limit: cap.limit, value: cap.value })
      stopping.gently(cap.why, STATUS.limit)
    }
    if (stopping.why !== undefined) return undefined
    const own = budget.reachedBy({ worker: name })
    if (own) {
      emit({ type: 'budget.reached', worker: name, limit: own.limit, value: own.value })
      worker.finish(own.why)
      return undefined
    }
    const number = next++
    ran = true
    began = performance.now()
    current = makeIteration(worker, number)
    // From here on: what it will do may bring a task.
    swarm.current.set(name, current)
    swarm.crew.set(name, 'working')
    // In the person's checkout there is neither.
    const place = swarm.settings.here ? {} : { worktree: current.name, branch: current.branch }
    emit({ type: 'iteration.started', worker: name, iteration: number, ...place })
    return current
  }

  /** Between iterations: `wait_between`, and a failed agent backs off. A cap that is reached meanwhile ends it. */
  async function pause(): Promise<void> {
    const backOffMs = backOff(swarm.level, failures, swarm.settings.backoff)
    const waitMs = Math.max(ran ? settings.waitBetweenMs : 0, backOffMs)
    if (waitMs === 0 || swarm.budget.reached()) return
    if (backOffMs > 0) {
      const text = `failed ${failures.all} in a row; waiting ${Math.round(waitMs / 1000)} s`
      swarm.emit({ type: 'note', worker: name, text })
    }
    await waitUnlessOver(swarm, (signal) => sleep(waitMs, undefined, { signal }))
  }

  async function end(notBegun = false): Promise<void> {
    const iteration = current
    if (!iteration) return
    current = undefined
    await closeIteration(iteration)
    swarm.current.delete(name)
    if (!notBegun) swarm.outcomes.push({ outcome: iteration.outcome ?? 'done', hadTask: iteration.hadTask })
    failures = countFailure(failures, iteration.outcome === 'failed', performance.now() - began)
    const { settings: all, level } = swarm
    if (level > 1 && all.backoff.failures > 0 && failures.all >= all.backoff.failures) {
      worker.finish(`failed ${failures.all} times in a row: ${iteration.reason ?? 'no reason given'}`)
    }
    swarm.crew.set(name, over !== undefined || next > last || swarm.stopping.why !== undefined ? 'over' : 'ahead')
  }
}

/** Whether a worktree is not the one that we made any more. */
function isChanged(error: unknown): error is OompaError {
  return error instanceof OompaError && error.code === 'worktree-changed'
}

// How long a worker pauses after its agent has failed: from level 2 on after each failure, at level 1 once it only burns
// iterations.

/** A failure within this time has done nothing: the CLI is gone, its login or its shim is broken. */
const QUICK_MS = 10_000

interface Failures {
  /** In a row. */
  readonly all: number
  /** Of the last ones in a row, those that failed within `QUICK_MS`. */
  readonly quick: number
}

/** Milliseconds; 0 where it goes on at once. Pure. */
export function backOff(level: number, { all, quick }: Failures, backoff: Settings['backoff']): number {
  const { firstMs, maxMs, brake } = backoff
  const after = level > 1 ? all : brake > 0 ? quick - brake + 1 : 0
  return after > 0 ? Math.min(firstMs * 2 ** (after - 1), maxMs) : 0
}

/** The failures in a row after one more iteration. Pure. */
export function countFailure(before: Failures, failed: boolean, durationMs: number): Failures {
  if (!failed) return { all: 0, quick: 0 }
  return { all: before.all + 1, quick: durationMs < QUICK_MS ? before.quick + 1 : 0 }
}
