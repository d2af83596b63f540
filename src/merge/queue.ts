// The queue of one target, through which everything lands: candidates come in, are landed in groups, and each hears how it
// ended. What a person lands alone is a queue of one.

import { isErrno, type OompaError } from '../errors.js'
import type { LockOptions } from '../locks/index.js'
import type { Landing, Refusal } from '../words.js'
import { namesOf, sayLanded } from './candidate.js'
import type { Candidate, LandContext, LandResult, MergeOptions } from './contract.js'
import type { GroupResult } from './land-group.js'
import { afterFailure, batchSize, batchWords, isLinear, mayOffer, nextGroup, type QueueState } from './next-group.js'
import type { Offers } from './offers.js'
import { waitingRefusal } from './refusals.js'
import { type LandingSession, landingSession } from './session.js'
import { checkoutChanges } from './swap.js'
import { takenRefusal } from './taken.js'
import type { MoveWatch } from './target-moves.js'
import type { TestMemory } from './tested.js'
import type { LandingTools } from './tools.js'
import type { Withdrawn } from './withdraw.js'

/** How long one that is submitted waits. */
export interface Patience {
  /** For the person's checkout: until it is out of the way unless given, and 0 is not at all. */
  readonly waitMs?: number
  /** Called once if somebody else is landing. */
  readonly onLockWait?: LockOptions['onWait']
}

/** A change in the queue. */
interface Entry {
  readonly candidate: Candidate
  readonly worker?: string
  readonly context: LandContext
  readonly onLockWait?: Patience['onLockWait']
  /** When it waits for the person's checkout no longer, by the process's clock. */
  readonly until: number
  readonly resolve: (end: Landing | Refusal) => void
  readonly reject: (error: unknown) => void
  /** The reasons for which it has waited, so that each is said once. */
  readonly waitedFor: Set<string>
  /** Certain files are in its way, and may not be in that of the others. */
  apart?: boolean
}

const LOOK_AGAIN_MS = 500

export interface Queue {
  /** Lands it, or says why not; nothing has changed then. */
  submit(candidate: Candidate, context: LandContext, patience?: Patience): Promise<Landing | Refusal>
}

export interface QueueParts {
  readonly tools: LandingTools
  /** The target, without `refs/heads/`. */
  readonly into: string
  readonly options: MergeOptions
  /** Asked about each new value of the target. */
  readonly watch?: MoveWatch
}

export function openQueue({ tools, into, options, watch }: QueueParts): Queue {
  const { root } = tools
  const tested: TestMemory = new Map()
  const workers = new Set<string>()
  let state: QueueState<Entry> = { waiting: [], suspects: [] }
  /** Those for which the person's checkout is in the way. */
  let parked: Entry[] = []
  let running = false
  /** What is told after the push: a swarm that has heard of its last landing may end. */
  let untold: { readonly entry: Entry; answer: Landing | Refusal }[] = []
  let lookedAt = 0
  /** Why nothing lands any more: a worker moved the target past us, or the remote refuses it. */
  let stopped: OompaError | undefined
  let said = 0
  /** What is landed together with other machines; opened by the first landing that waits for a turn. */
  let offers: Offers | undefined

  /** @param others how many changes of other machines could land with ours */
  function batch(context: LandContext, others: number): number {
    const many = context.workers ?? workers.size
    if (others > 0) return batchSize(options, many, others)
    const size = batchSize(options, many)
    const isOurChoice = options.batch === undefined && options.test && !isLinear(options)
    // One at a time is what anybody expects.
    if (isOurChoice && size !== said && (size > 1 || said > 0)) {
      context.emit({ type: 'note', text: batchWords(size, many) })
      said = size
    }
    return size
  }

  function submit(candidate: Candidate, context: LandContext, patience: Patience = {}): Promise<Landing | Refusal> {
    const { worker, branch, commit } = candidate
    if (worker) workers.add(worker)
    if (stopped) return Promise.reject(stopped)
    return new Promise((resolve, reject) => {
      const entry: Entry = {
        candidate,
        worker,
        context,
        onLockWait: patience.onLockWait,
        until: performance.now() + (patience.waitMs ?? Number.POSITIVE_INFINITY),
        waitedFor: new Set(),
        resolve,
        reject,
      }
      state = { ...state, waiting: [...state.waiting, entry] }
      const position = state.waiting.length + state.suspects.flat().length
      context.emit({ type: 'landing.queued', branch, commit, position, ...namesOf(candidate) })
      if (!running) void run(context)
    })
  }

  async function run(context: LandContext): Promise<void> {
    running = true
    try {
      while (state.waiting.length > 0 || state.suspects.length > 0 || parked.length > 0) {
        dropAborted()
        if (parked.length > 0 && performance.now() - lookedAt > LOOK_AGAIN_MS) lookAgain()
        if (state.waiting.length === 0 && state.suspects.length === 0) {
          if (parked.length === 0) break
          const soonest = Math.min(...parked.map((entry) => entry.until)) - performance.now()
          await checkoutChanges(root, Math.max(0, Math.min(LOOK_AGAIN_MS, soonest)), parked[0]!.context.signal)
          lookAgain()
          continue
        }
        const first = (state.suspects[0] ?? state.waiting)[0]!
        const request = {
          into,
          options,
          tested,
          check: watch && ((now: string) => watch.check(now, context.emit)),
          checkFetched: watch && ((remote: string, commit: string) => watch.checkFetched(remote, commit, context.emit)),
          pushRefused: (error: OompaError) => {
            stopped = error
          },
          withdrawn: takeBack,
          ...(mayOffer(options) ? { offers: () => offer(first.context), isOver } : {}),
        }
        const { onLockWait: onWait } = first
        await landingSession(tools, first.context, request, (session) => drain(session, context), { onWait })
        tellAll()
        if (stopped) throw stopped
      }
    } catch (error) {
      tellAll()
      if (isLast(error)) stopped = error
      // Nothing of this queue can land, and each author has to hear it.
      for (const entry of [...state.suspects.flat(), ...state.waiting, ...parked]) entry.reject(error)
      state = { waiting: [], suspects: [] }
      parked = []
    } finally {
      running = false
    }
  }

  function tellAll(): void {
    for (const { entry, answer } of untold) entry.resolve(answer)
    untold = []
  }

  /** Of those that have not heard yet that they landed: their task was somebody else's. */
  function takeBack(landings: readonly Withdrawn[]): void {
    for (const one of untold) {
      const gone = landings.find(({ task }) => task !== undefined && task === one.entry.candidate.task?.id)
      if (gone)
        one.answer = takenRefusal(`Task ${gone.task} was completed and pushed by somebody else first.`, gone.task)
    }
  }

  function lookAgain(): void {
    lookedAt = performance.now()
    state = { ...state, waiting: [...parked, ...state.waiting] }
    parked = []
  }

  /** Lands groups until nothing is left to be landed; with a test, gives others a turn after each. */
  async function drain(session: LandingSession, context: LandContext): Promise<void> {
    do {
      await endLanded()
      // Of a group that has failed it is found out whose fault that is; where landings write the status of tasks, nobody
      // offers any.
      const isShared = mayOffer(options) && state.suspects.length === 0 && !state.waiting[0]?.candidate.status
      const told = isShared ? await session.offered() : []
      const size = batch(context, told.length)
      const { group, rest } = nextGroup(state, size)
      if (group.length === 0) return
      state = rest
      try {
        const waited = group.some((entry) => entry.waitedFor.size > 0)
        if (told.length > 0) offers ??= await open(group[0]!.context)
        const others = (await offers?.take(told, size - group.length)) ?? []
        const candidates = [...group.map((entry) => entry.candidate), ...others]
        const stand = async () => offers!.stand(others, await session.offered())
        const answer = await session.land(candidates, { waited, ...(others.length > 0 ? { stand } : {}) })
        state = settle(group, answer, group.length + others.length)
        const hasLanded = ({ candidate }: Entry) => answer.results.get(candidate)?.result === 'landed'
        await offers?.forget(group.filter(hasLanded).map((entry) => entry.candidate))
      } catch (error) {
        for (const entry of group) entry.reject(error)
        if (isLast(error)) throw error
      }
      dropAborted()
    } while (options.push || !options.test)
  }

  /** What other machines are told while they land and we wait. */
  async function offer(context: LandContext): Promise<readonly object[]> {
    offers ??= await open(context)
    // Of those that failed together nobody knows yet which one is bad.
    return offers.tell(state.waiting.map((entry) => entry.candidate))
  }

  async function open(context: LandContext): Promise<Offers> {
    const { openOffers } = await import('./offers.js')
    return openOffers(context, into, options)
  }

  /** Whether nothing is left to be landed when what another machine has landed for us is told. */
  async function isOver(): Promise<boolean> {
    await endLanded()
    return state.waiting.length + state.suspects.length + parked.length === 0
  }

  /** What another machine has landed for us. */
  async function endLanded(): Promise<void> {
    const all = [...state.suspects.flat(), ...state.waiting]
    const landed = await offers?.landed(all.map((entry) => entry.candidate))
    if (!landed || landed.size === 0) return
    for (const entry of all) {
      const landing = landed.get(entry.candidate)
      if (!landing) continue
      sayLanded(entry.context.emit, entry.candidate, landing, 0)
      // It has been pushed already.
      entry.resolve(landing)
    }
    keepOnly((entry) => !landed.has(entry.candidate))
    await offers?.forget([...landed.keys()])
  }

  /** @param together how many were landed together, with those of other machines, which their machines tell */
  function settle(group: readonly Entry[], answer: GroupResult, together: number): QueueState<Entry> {
    const byCandidate = new Map(group.map((entry) => [entry.candidate, entry]))
    for (const [candidate, result] of answer.results) {
      const entry = byCandidate.get(candidate)
      if (entry) end(entry, result, answer.tests, together === 1)
    }
    const entries = (candidates: readonly Candidate[]) => candidates.flatMap((one) => byCandidate.get(one) ?? [])
    const later = entries(answer.later)
    const next = { ...state, waiting: [...later, ...state.waiting] }
    // One whose files the person is editing keeps those that came with it waiting no longer than it takes to tell.
    const apart = parked.filter((entry) => together > 1 && entry.apart && byCandidate.has(entry.candidate))
    parked = parked.filter((entry) => !apart.includes(entry))
    const failed = answer.failed ? entries(answer.failed) : apart
    return failed.length > 0 ? afterFailure(next, failed) : next
  }

  function end(entry: Entry, answer: LandResult, tests: number, alone: boolean): void {
    if (answer.result === 'waits') {
      parked.push(entry)
      entry.apart = answer.paths.length > 0
      if (performance.now() >= entry.until) {
        parked.pop()
        entry.resolve(waitingRefusal(entry.candidate.branch, answer.reason, answer.paths))
        return
      }
      if (!alone && entry.apart) return
      if (entry.waitedFor.has(answer.reason)) return
      entry.waitedFor.add(answer.reason)
      const { branch } = entry.candidate
      entry.context.emit({ type: 'landing.waiting', branch, reason: answer.reason, ...namesOf(entry.candidate) })
      return
    }
    if (answer.result === 'landed') sayLanded(entry.context.emit, entry.candidate, answer.landing, tests)
    const result = answer.result === 'landed' ? answer.landing : answer.refusal
    if (options.push) untold.push({ entry, answer: result })
    else entry.resolve(result)
  }

  function dropAborted(): void {
    const live = (entry: Entry) => {
      if (entry.context.signal.aborted) entry.reject(entry.context.signal.reason)
      return !entry.context.signal.aborted
    }
    parked = parked.filter(live)
    keepOnly(live)
  }

  function keepOnly(wanted: (entry: Entry) => boolean): void {
    state = {
      waiting: state.waiting.filter(wanted),
      suspects: state.suspects.map((group) => group.filter(wanted)).filter((group) => group.length > 0),
    }
  }

  return { submit }
}

/** Nothing lands after it: somebody moved the target past us, or it has gone apart from its remote. */
function isLast(error: unknown): error is OompaError {
  return isErrno(error, 'bypassed', 'moved', 'diverged')
}
