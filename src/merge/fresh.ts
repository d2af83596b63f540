// Brings the target up to its remote before work begins on it: what a colleague, or a swarm in another clone, has pushed is
// in the worktrees, and the tasks that they have completed are not claimed again.

import { OompaError } from '../errors.js'
import { isAncestor } from '../git/ancestry.js'
import { remoteOf } from '../git/upstream.js'
import { detectPushed } from './bypass.js'
import type { LandContext, MergeOptions } from './contract.js'
import { targetCommit } from './land.js'
import { inTouch } from './remote.js'
import { landingSession } from './session.js'
import { openSync } from './sync.js'
import { openTools } from './tools.js'

/** Many begin at one time, and one after the other: what was fetched or pushed by anybody is good for so long. */
const FRESH_MS = 5000
/** A remote that could not be reached is asked again after this: each time may cost what a name server takes to give up. */
const AWAY_MS = 15_000
/** How often it is said that it is still away. */
const SAY_AGAIN_MS = 5 * 60_000

/**
 * Gives a function that fetches the target, and moves it forward where it has nothing of its own; whoever calls it at one
 * time waits for the same fetch. Never throws for what the remote does: the target stays as it is, and that is said, with
 * since when.
 * @param options undefined where nothing is pushed, and nobody asks a remote
 */
export function keepFresh(given: LandContext, into: string, options: MergeOptions | undefined): () => Promise<void> {
  if (!options) return async () => {}
  const away = makeAway(given, into)
  const context = saidOnce(given)
  let going: Promise<void> | undefined
  return async () => {
    const remote = options.remote ?? (await remoteOf(context.root, into))
    const touched = inTouch(context.root, remote, into)
    if (performance.now() - touched < FRESH_MS) {
      away.reached(remote)
      return
    }
    if (!away.isDue()) return
    going ??= bringUp(context, into, { ...options, remote }, away).finally(() => {
      going = undefined
    })
    await going
  }
}

/** A checkout that is in the way would be named every few seconds. */
function saidOnce(context: LandContext): LandContext {
  const said = new Set<string>()
  return {
    ...context,
    emit(event) {
      const reason = event.type === 'landing.waiting' ? event.reason : undefined
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
  into: string,
  options: MergeOptions & { readonly remote: string },
  away: Away,
): Promise<void> {
  const { root } = context
  const { remote } = options
  const tools = openTools(root)
  try {
    const request = { into, options: { ...options, push: false }, tested: new Map() }
    const sync = await openSync(tools, context, request)
    const fetched = await sync.fetch()
    if (fetched.fetch === 'failed') {
      if (!context.remoteSignal?.aborted) away.failed(remote, fetched.reason)
      return
    }
    away.reached(remote)
    const ours = await targetCommit(tools, into)
    if (!fetched.commit || fetched.commit === ours || !(await isAncestor(root, ours, fetched.commit))) return
    // The queue stops for it, and says so.
    if (await detectPushed(root, into, remote, fetched.commit)) return
    // Who is landing now takes it in before the next landing.
    await landingSession(tools, context, request, (session) => sync.takeIn(session, fetched), { timeoutMs: 0 })
  } catch (error) {
    const busy = error instanceof OompaError && error.code === 'lock-timeout'
    // Whoever is being stopped begins nothing more, and finds that out by itself.
    if (!busy && !context.signal.aborted) throw error
  } finally {
    tools.close()
  }
}
