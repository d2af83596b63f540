// Brings the target up to its remote before work begins on it: what a colleague, or a swarm in another clone, has pushed is
// in the worktrees, and the tasks that they have completed are not claimed again.

import { OompaError } from '../errors.js'
import { isAncestor } from '../git/ancestry.js'
import { remoteOf } from '../git/upstream.js'
import { detectPushed } from './bypass.js'
import type { LandContext, MergeOptions } from './contract.js'
import { targetCommit } from './land.js'
import { landingSession } from './session.js'
import { openSync } from './sync.js'
import { openTools } from './tools.js'

/** Iterations begin one after the other; a fetch is good for so long. */
const FRESH_MS = 60_000

/**
 * Gives a function that fetches the target, and moves it forward where it has nothing of its own; whoever calls it at one
 * time waits for the same fetch. Never throws for what the remote does: the target stays as it is, and that is said.
 */
export function keepFresh(context: LandContext, into: string, options: MergeOptions): () => Promise<void> {
  let last = Number.NEGATIVE_INFINITY
  let going: Promise<void> | undefined
  return () => {
    if (!options.push || performance.now() - last < FRESH_MS) return going ?? Promise.resolve()
    going ??= bringUp(context, into, options).finally(() => {
      last = performance.now()
      going = undefined
    })
    return going
  }
}

async function bringUp(context: LandContext, into: string, options: MergeOptions): Promise<void> {
  const { root, emit } = context
  const remote = options.remote ?? (await remoteOf(root, into))
  const tools = openTools(root)
  try {
    const request = { into, options: { ...options, push: false }, tested: new Map() }
    const sync = await openSync(tools, context, request)
    const fetched = await sync.fetch()
    if (fetched.fetch === 'failed') {
      const text = `${remote} could not be reached: ${fetched.reason}. Work begins from ${into} as it is here.`
      emit({ type: 'note', level: 'warning', text })
      return
    }
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
