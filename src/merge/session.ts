// One stretch of landing under the lock: mend what a crash left, take in the remote, land groups, push once.

import type { OompaError } from '../errors.js'
import type { LandingTurn } from '../hooks/contract.js'
import { type HeldLock, LANDING_LOCK, type LockOptions, withLock } from '../locks/index.js'
import type { Candidate, LandContext, MergeOptions, Strategy } from './contract.js'
import { hasIntents } from './journal.js'
import { type GroupResult, type LandRequest, landGroup } from './land-group.js'
import type { FetchAnswer } from './remote.js'
import type { TestMemory } from './tested.js'
import type { LandingTools } from './tools.js'
import type { Withdrawn } from './withdraw.js'

export interface SessionRequest {
  readonly into: string
  readonly options: MergeOptions
  readonly tested: TestMemory
  /** As in `LandRequest`. */
  check?(now: string): Promise<void>
  /** Called with what was fetched of the remote's branch before it is taken in; throws to stop. */
  checkFetched?(remote: string, commit: string): Promise<void>
  /** Called when the server goes on refusing what is pushed, or both have gone apart. What has landed has landed. */
  pushRefused?(error: OompaError): void
  /** What those in whose turn we wait are told of what we have to land. */
  offers?(): Promise<readonly object[]>
  /** Whether the target, as it is now, has all that there was to be landed: others have landed it. */
  isOver?(): Promise<boolean>
  /** Called with landings that were taken out of the target, because somebody else has completed their tasks. */
  withdrawn?(landings: readonly Withdrawn[]): void
}

export interface LandHow extends Pick<LandRequest, 'waited' | 'stand'> {
  readonly strategy?: Strategy
}

export interface LandingSession {
  readonly lock: HeldLock
  /** Lands a group, by the options' strategy unless another is given. */
  land(candidates: readonly Candidate[], how?: LandHow): Promise<GroupResult>
  /** What those who wait behind this turn offer, as they say it. */
  offered(): Promise<readonly unknown[]>
}

/**
 * Runs `work` as the only one that lands in this repository; pushes at the end if the options say so, in its turn among
 * those that land on the same target elsewhere.
 */
export async function landingSession<T>(
  tools: LandingTools,
  context: LandContext,
  request: SessionRequest,
  work: (session: LandingSession) => Promise<T>,
  lockOptions: Omit<LockOptions, 'signal'> = {},
): Promise<T> {
  let offered: LandingTurn['offered'] = async () => []
  const locked = <R>(act: (session: LandingSession) => Promise<R>): Promise<R> =>
    withLock(
      tools.root,
      LANDING_LOCK,
      async (lock) => {
        if (hasIntents(tools.root)) await recover(tools, context)
        const land: LandingSession['land'] = (candidates, { strategy = request.options.strategy, ...how } = {}) => {
          const options = { ...request.options, strategy }
          return landGroup(tools, context, { ...request, ...how, options, candidates, lock })
        }
        return act({ lock, land, offered: () => offered() })
      },
      { ...lockOptions, signal: context.signal },
    )
  if (!request.options.push) return locked(work)
  const { openSync } = await import('./sync.js')
  const sync = await openSync(tools, context, request)
  const land = async (fetched: FetchAnswer): Promise<T> => {
    let taken = false as boolean | OompaError
    const result = await locked(async (session) => {
      taken = await sync.takeIn(session, fetched)
      return work(session)
    })
    const refused = taken === true ? await sync.push(locked) : taken || undefined
    if (refused) request.pushRefused?.(refused)
    return result
  }
  const fetched = await sync.fetch()
  // What was fetched may say that somebody else lands there, too.
  const lane = fetched.fetch === 'done' ? await context.lane?.() : undefined
  if (!lane) return land(fetched)
  const { signal } = context
  const { offers, isOver } = request
  const isLanded = async () => {
    const now = await sync.fetch()
    return locked(async (session) => (await sync.takeIn(session, now)) === true && isOver!())
  }
  return lane(
    async (turn) => {
      offered = turn.offered
      return land(turn.hasWaited ? await sync.fetch() : fetched)
    },
    { signal, offers, ...(isOver ? { isOver: isLanded } : {}) },
  )
}

async function recover(tools: LandingTools, context: LandContext): Promise<void> {
  const { recoverMoves } = await import('./recover.js')
  for (const { checkout, done } of await recoverMoves(tools.root)) {
    const text = `A landing that had crashed while it moved ${checkout} was ${done}.`
    context.emit({ type: 'note', text, level: 'warning' })
  }
}
