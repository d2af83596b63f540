// Lands a branch, and with it those that other processes ask for while this one holds the lock: one start of Node, one
// test and one push for all of them.

import type { Landing, Refusal } from '../words.js'
import type { Candidate, LandResult, MergeOptions } from './contract.js'
import { afterFailure, batchSize, nextGroup, type QueueState, type Waiting } from './plan.js'
import type { BranchRequest, Requests } from './requests.js'
import type { LandingSession } from './session.js'

/** A branch of ours (without a request) or of somebody who waits for it. */
interface Entry extends Waiting {
  readonly candidate: Candidate
  readonly request?: BranchRequest
}

export interface Together {
  /** How ours ended. */
  readonly ours: LandResult | undefined
  /** Tells those who wait for theirs, after the push. */
  tell(): void
}

export interface TogetherOptions {
  readonly options: MergeOptions
  readonly requests: Requests
  /** The branch as it is now, or how it ended without being landed. Throws if there is none. */
  find(branch: string): Promise<Candidate | Landing>
  landed(candidate: Candidate, landing: Landing, tests: number): void
}

/** Whoever started us waits for the others, too: no longer than this, after which they choose another. */
const LONGEST_MS = 1000

/** Lands `ours`, if there is anything of it to land, and what is asked for meanwhile. */
export async function landTogether(
  session: LandingSession,
  ours: Candidate | undefined,
  { options, requests, find, landed }: TogetherOptions,
): Promise<Together> {
  const told: (() => void)[] = []
  let state: QueueState<Entry> = { waiting: ours ? [{ candidate: ours }] : [], suspects: [] }
  let own: LandResult | undefined
  const until = performance.now() + LONGEST_MS

  const tell = () => {
    for (const one of told.splice(0)) one()
  }
  const end = ({ request }: Entry, answer: Landing | Refusal | Error | undefined) => {
    told.push(() => request?.answer(answer))
    // Where nothing is pushed, it is over with the move of the target.
    if (!options.push) tell()
  }

  for (let turn = 0; ; turn++) {
    // With a test, those who came in time for the first run of it.
    if (turn === 0 || (!options.test && performance.now() < until)) await takeIn()
    const { group, rest } = nextGroup(state, batchSize(options, state.waiting.length))
    if (group.length === 0) return { ours: own, tell }
    state = rest
    await land(group)
  }

  async function takeIn(): Promise<void> {
    for (const request of requests.take()) {
      try {
        const found = await find(request.branch)
        if ('branch' in found) state = { ...state, waiting: [...state.waiting, { candidate: found, request }] }
        else request.answer(found)
      } catch (error) {
        request.answer(error instanceof Error ? error : undefined)
      }
    }
  }

  async function land(group: readonly Entry[]): Promise<void> {
    const answer = await session.land(group.map((entry) => entry.candidate))
    const again = (candidates: readonly Candidate[]) => group.filter((entry) => candidates.includes(entry.candidate))
    state = { ...state, waiting: [...again(answer.later), ...state.waiting] }
    const apart: Entry[] = []
    for (const entry of group) {
      const result = answer.results.get(entry.candidate)
      if (!result) continue
      // A file that the person is editing is in the way of one of them, and nobody knows of which.
      if (result.result === 'waits' && group.length > 1 && result.paths.length > 0) apart.push(entry)
      else if (!entry.request) own = result
      else if (result.result === 'waits') end(entry, undefined)
      else if (result.result === 'refused') end(entry, result.refusal)
      else {
        landed(entry.candidate, result.landing, answer.tests)
        end(entry, result.landing)
      }
    }
    const failed = answer.failed ? again(answer.failed) : apart
    if (failed.length > 0) state = afterFailure(state, failed)
  }
}
