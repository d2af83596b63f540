// Brings the target up to its remote before work begins on it: what a colleague, or a swarm in another clone, has pushed is
// in the worktrees, and the tasks that they have completed are not claimed again.

import { OompaError } from '../errors.js'
import { isAncestor } from '../git/ancestry.js'
import { remoteOf } from '../git/upstream.js'
import { detectPushed } from './bypass.js'
import type { LandContext, MergeOptions } from './contract.js'
import { inTouch, lastPushedByOthers } from './remote.js'
import { type LandingSession, landingSession } from './session.js'
import { openSync } from './sync.js'
import { targetCommit } from './target.js'
import { openTools } from './tools.js'

/** Many begin at one time, and one after the other: what was fetched or pushed by anybody is good for so long. */
const FRESH_MS = 5000
/** A remote that could not be reached is asked again after this: each time may cost what a name server takes to give up. */
const AWAY_MS = 15_000
/** Who needs what was pushed waits so long for those who are landing: a test of theirs may be under way. */
const LANDING_MS = 10 * 60_000
/** How often it is said that it is still away. */
const SAY_AGAIN_MS = 5 * 60_000

/** Whoever has pushed within this time is taken to be at work still. */
export const OTHERS_MS = 10 * 60_000

export interface Fresh {
  /**
   * Fetches the target, and brings it up to what was fetched; false if the remote cannot be reached.
   * @param until with all that was pushed until this time of `performance.now()`, however short ago that was
   */
  now(until?: number): Promise<boolean>
  /** Whether somebody else has pushed to it lately: what waits for a task that nobody here takes may still come. */
  others(): Promise<boolean>
}

/**
 * Gives what fetches the target, and brings it up to that; whoever calls it at one
 * time waits for the same fetch. Never throws for what the remote does: the target stays as it is, and that is said, with
 * since when. Given a time (of `performance.now()`), it asks for what was pushed until then, however short ago that was,
 * and waits for whoever is landing.
 * @param options undefined where nothing is pushed, and nobody asks a remote
 */
export function keepFresh(given: LandContext, into: string, options: MergeOptions | undefined): Fresh {
  if (!options) return { now: async () => true, others: async () => false }
  const away = makeAway(given, into)
  const context = saidOnce(given)
  let going: Promise<boolean> | undefined
  /** When the last fetch for somebody who named a time began that reached the remote: one that failed brought nothing. */
  let began = Number.NEGATIVE_INFINITY
  const remoteName = async () => options.remote ?? remoteOf(context.root, into)
  const others = async () => performance.now() - lastPushedByOthers(context.root, await remoteName(), into) < OTHERS_MS
  const now = async (until?: number) => {
    const remote = await remoteName()
    // One that is under way may have asked before that was pushed.
    if (until !== undefined && began < until) await going
    const isFresh =
      until === undefined
        ? performance.now() - inTouch(context.root, remote, into) < FRESH_MS
        : began >= until && !going
    if (isFresh) {
      away.reached(remote)
      return true
    }
    if (!away.isDue()) return false
    if (!going) {
      const asked = performance.now()
      const timeoutMs = until === undefined ? 0 : LANDING_MS
      going = bringUp(context, { into, away, timeoutMs }, { ...options, remote })
        .then((isReached) => {
          if (isReached && until !== undefined) began = asked
          return isReached
        })
        .finally(() => {
          going = undefined
        })
    }
    return going
  }
  return { now, others }
}

/** A checkout that is in the way would be named every few seconds, and so would what keeps both from coming together. */
function saidOnce(context: LandContext): LandContext {
  const said = new Set<string>()
  return {
    ...context,
    emit(event) {
      const isRepeated = event.type === 'landing.waiting' || event.type === 'landing.unpushed'
      const reason = isRepeated ? event.reason : undefined
      if (reason !== undefined && said.has(reason)) return
      if (reason !== undefined) said.add(reason)
      context.emit(event)
    },
  }
}

/** What is said of a remote that cannot be reached: at once, now and then, and when it is there again. */
interface Away {
  isDue(): boolean
  failed(remote: string, reason: string): void
  reached(remote: string): void
}

function makeAway({ emit }: LandContext, into: string): Away {
  let since: Date | undefined
  let asked = Number.NEGATIVE_INFINITY
  let said = Number.NEGATIVE_INFINITY
  return {
    isDue: () => since === undefined || performance.now() - asked > AWAY_MS,
    failed(remote, reason) {
      const first = since === undefined
      since ??= new Date()
      asked = performance.now()
      if (asked - said < SAY_AGAIN_MS) return
      said = asked
      const how = first ? 'could not be reached' : 'is still away'
      const text = `${remote} ${how} (since ${clock(since)}): ${reason}. Work begins from ${into} as it is here.`
      emit({ type: 'note', level: 'warning', text })
    },
    reached(remote) {
      if (since !== undefined)
        emit({ type: 'note', text: `${remote} is there again; it was away since ${clock(since)}.` })
      since = undefined
      said = Number.NEGATIVE_INFINITY
    },
  }
}

/** The time of day, here. */
const clock = (at: Date): string => at.toTimeString().slice(0, 8)

async function bringUp(
  context: LandContext,
  { into, away, timeoutMs }: { readonly into: string; readonly away: Away; readonly timeoutMs: number },
  options: MergeOptions & { readonly remote: string },
): Promise<boolean> {
  const { root } = context
  const { remote } = options
  const tools = openTools(root)
  try {
    const request = { into, options: { ...options, push: false }, tested: new Map() }
    const sync = await openSync(tools, context, request)
    const fetched = await sync.fetch()
    if (fetched.fetch === 'failed') {
      if (!context.remoteSignal?.aborted) away.failed(remote, fetched.reason)
      return false
    }
    away.reached(remote)
    const { commit } = fetched
    const isAhead = async () =>
      commit !== undefined && !(await isAncestor(root, commit, await targetCommit(tools, into)))
    // What has landed here and is about to be pushed has all that the remote has, when that is done.
    if (commit === undefined || (timeoutMs === 0 && !(await isAhead()))) return true
    // The queue stops for it, and says so.
    if (await detectPushed(root, into, remote, commit)) return true
    // Who is landing now takes it in before the next landing.
    const forward = async (session: LandingSession) => !(await isAhead()) || sync.takeIn(session, fetched)
    const taken = await landingSession(tools, context, request, forward, { timeoutMs })
    // A checkout is in the way, which has been said: who needs what was pushed has to ask again.
    if (taken === false && timeoutMs > 0) return false
  } catch (error) {
    // Where both have gone apart, the next landing stops, and says so.
    const known = error instanceof OompaError && ['lock-timeout', 'diverged'].includes(error.code)
    // Whoever is being stopped begins nothing more, and finds that out by itself.
    if (!known && !context.signal.aborted) throw error
    if (timeoutMs > 0 && error instanceof OompaError && error.code === 'lock-timeout') return false
  } finally {
    tools.close()
  }
  return true
}
