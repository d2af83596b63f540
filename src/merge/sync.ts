// The target and its remote around a landing: fetched before the lock, taken in under it, pushed after it. The network is
// waited for while others can land.

import { setTimeout as sleep } from 'node:timers/promises'
import { OompaError } from '../errors.js'
import { isAncestor } from '../git/ancestry.js'
import { treeChanges } from '../git/changes.js'
import { type NetworkOptions, REMOTE_TIMEOUT_MS } from '../git/network.js'
import { remoteOf } from '../git/upstream.js'
import { broughtBack } from './base.js'
import type { LandContext, MergeOptions } from './contract.js'
import { landAgain } from './reland.js'
import { type FetchAnswer, fetchTarget, pushTarget } from './remote.js'
import type { LandingSession, SessionRequest } from './session.js'
import { swapTarget } from './swap.js'
import { targetCommit } from './target.js'
import type { LandingTools } from './tools.js'
import { divergedError, withdrawTaken } from './withdraw.js'

/** How often a push that somebody else's was faster than is made again. */
const MOST_PUSHES = 5
/** A server that refuses is asked once more after this. */
const ONCE_MORE_MS = 1000

export interface Sync {
  fetch(): Promise<FetchAnswer>
  /**
   * Brings the target up to what was fetched: forward if it has nothing of its own, else by putting its landings on top
   * of that, or by a merge where it has more than landings; tested as any other.
   * A landing of ours whose task the remote has complete is taken back.
   * @returns false if that is not possible now, an error if it will not be by itself: it has been said
   * @throws OompaError `diverged` if what the remote has complete cannot be taken back here: nothing may land on it
   */
  takeIn(session: LandingSession, fetched: FetchAnswer): Promise<boolean | OompaError>
  /**
   * Pushes the target, whatever it is by then.
   * @param locked runs its argument under the landing lock
   * @returns an error that says so if the server goes on refusing it, or both have gone apart
   */
  push(locked: <T>(work: (session: LandingSession) => Promise<T>) => Promise<T>): Promise<OompaError | undefined>
}

export async function openSync(tools: LandingTools, context: LandContext, request: SessionRequest): Promise<Sync> {
  const { into, options } = request
  const { emit } = context
  const remote = options.remote ?? (await remoteOf(tools.root, into))
  const network = networkOf(context, options, remote)
  const { signal } = network
  const unpushed = (reason: string, refused?: true) =>
    emit({ type: 'landing.unpushed', remote, into, reason, ...(refused ? { refused } : {}) })

  const sync: Sync = {
    async fetch() {
      const fetched = await fetchTarget(tools, remote, into, network)
      context.signal.throwIfAborted()
      return fetched
    },

    async takeIn({ land, lock }, fetched) {
      if (fetched.fetch === 'failed') {
        unpushed(`the remote could not be reached: ${fetched.reason}`)
        return false
      }
      const theirs = fetched.commit
      if (!theirs) return true
      const ours = await targetCommit(tools, into)
      if (theirs === ours || (await isAncestor(tools.root, theirs, ours))) return true
      await request.checkFetched?.(remote, theirs)
      if (await isAncestor(tools.root, ours, theirs)) {
        const message = `oompa: forward to ${remote}/${into}`
        const changes = () => treeChanges(tools.root, ours, theirs)
        const answer = await swapTarget({ root: tools.root, into, from: ours, to: theirs, edits: [], changes, message })
        if (answer === 'swapped') return true
        const why = answer === 'moved' ? `${into} moved` : answer.reason
        emit({ type: 'landing.waiting', branch: `${remote}/${into}`, reason: why })
        return false
      }
      const back = await broughtBack(tools.root, { into, remote, ours, theirs })
      if (back) {
        const why = backWords(remote, into, back)
        unpushed(why)
        return divergedError({ into, remote }, why)
      }
      const withdrawn = await withdrawTaken(tools, context, { into, remote, ours, theirs }, { ...request, lock })
      if (typeof withdrawn === 'string') {
        emit({ type: 'landing.waiting', branch: `${remote}/${into}`, reason: withdrawn })
        return false
      }
      if (withdrawn.length > 0) {
        request.withdrawn?.(withdrawn)
        return true
      }
      const again = await landAgain(tools, context, { into, remote, ours, theirs }, { ...request, lock })
      if (again === 'swapped') return true
      if (again !== undefined) {
        const why = again === 'moved' ? `${into} moved` : again.reason
        emit({ type: 'landing.waiting', branch: `${remote}/${into}`, reason: why })
        return false
      }
      const statusHistory = await context.history?.()
      const theirBranch = { branch: `${remote}/${into}`, commit: theirs, isHistory: true, statusHistory }
      const { results } = await land([theirBranch], { strategy: 'merge' })
      const [answer] = results.values()
      if (answer?.result === 'landed') return true
      if (answer?.result === 'refused') {
        const why = answer.refusal.feedback.split('\n')[0]!
        unpushed(why)
        return divergedError({ into, remote }, why.replace(/[.:]$/, ''))
      }
      unpushed(answer?.reason ?? 'unknown')
      return false
    },

    async push(locked) {
      let refusals = 0
      for (let tries = 1; tries <= MOST_PUSHES; tries++) {
        if (signal.aborted) {
          unpushed('interrupted')
          return undefined
        }
        const answer = await pushTarget(tools, remote, into, network)
        if (answer.push === 'nothing') return undefined
        if (answer.push === 'done') {
          emit({ type: 'landing.pushed', remote, into, commit: answer.commit })
          return undefined
        }
        if (answer.push === 'failed') {
          unpushed(answer.reason)
          return undefined
        }
        if (answer.push === 'refused') {
          if (++refusals > 1) {
            unpushed(answer.reason, true)
            return refusal(remote, into, answer.reason)
          }
          await sleep(ONCE_MORE_MS, undefined, { signal }).catch(() => {})
          continue
        }
        const fetched = await fetchTarget(tools, remote, into, network)
        if (signal.aborted) continue
        const taken = await locked((session) => sync.takeIn(session, fetched)).catch((error: unknown) => {
          if (error instanceof OompaError && error.code === 'diverged') return error
          throw error
        })
        if (taken !== true) return taken || undefined
      }
      unpushed(`somebody else pushed first ${MOST_PUSHES} times`)
      return undefined
    },
  }
  return sync
}

/** How the remote is asked. What lands without a remote goes on without one when it is interrupted. */
export function networkOf(
  context: LandContext,
  options: MergeOptions,
  remote: string,
): NetworkOptions & { signal: AbortSignal } {
  return {
    signal: context.remoteSignal ?? context.signal,
    timeoutMs: options.remoteTimeoutMs ?? context.remoteTimeoutMs ?? REMOTE_TIMEOUT_MS,
    swarm: context.env.OOMPA_SWARM,
    waiting: (words) => context.emit({ type: 'note', text: `Waiting for ${remote}: ${words}.` }),
  }
}

/** What landed here stays; nothing more is put on top of what nobody else gets to see. */
function refusal(remote: string, into: string, reason: string): OompaError {
  return new OompaError({
    code: 'push-refused',
    message: `${remote} refuses what is pushed to ${into}, so landing has stopped. It says:\n${reason}`,
    mend: `git log ${remote}/${into}..${into}, and when that is mended: git push ${remote} ${into}`,
  })
}

function backWords(remote: string, into: string, { from, commit }: { from: string; commit: string }): string {
  const which = commit.slice(0, 12)
  return from === 'branch'
    ? `${which} was taken out of ${into}, and ${remote}/${into} still has it: a merge would bring it back (git push --force-with-lease ${remote} ${into} takes it out there, git merge ${remote}/${into} takes it in again)`
    : `${which} was taken out of ${remote}/${into}, and ${into} still has it: a push would bring it back (git rebase --onto ${remote}/${into} ${which} ${into} takes it out here, git merge ${remote}/${into} keeps it)`
}
