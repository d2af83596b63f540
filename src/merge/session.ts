// One stretch of landing under the lock: mend what a crash left, take in the remote, land groups, push once.

import { treeChanges } from '../git/tree-diff.js'
import type { Candidate, LandContext, MergeOptions, Strategy } from './contract.js'
import { hasIntents } from './journal.js'
import { type GroupResult, landGroup, targetCommit } from './land.js'
import { type HeldLock, LANDING_LOCK, type LockOptions, withLock } from './lock.js'
import { swapTarget } from './swap.js'
import type { TestMemory } from './tested.js'
import type { LandingTools } from './tools.js'

export interface SessionRequest {
  readonly into: string
  readonly options: MergeOptions
  readonly tested: TestMemory
  /** As in `LandRequest`. */
  check?(now: string): Promise<void>
}

export interface LandingSession {
  readonly lock: HeldLock
  /** Lands a group, by the options' strategy unless another is given. */
  land(candidates: readonly Candidate[], how?: { strategy?: Strategy; waited?: boolean }): Promise<GroupResult>
}

/** How often a push that somebody else's was faster than is made again. */
const MOST_PUSHES = 5

/** Runs `work` as the only one that lands in this repository; pushes at the end if the options say so. */
export function landingSession<T>(
  tools: LandingTools,
  context: LandContext,
  request: SessionRequest,
  work: (session: LandingSession) => Promise<T>,
  lockOptions: Omit<LockOptions, 'signal'> = {},
): Promise<T> {
  return withLock(
    tools.root,
    LANDING_LOCK,
    async (lock) => {
      if (hasIntents(tools.root)) await recover(tools, context)
      const land: LandingSession['land'] = (candidates, { strategy = request.options.strategy, waited } = {}) => {
        const options = { ...request.options, strategy }
        return landGroup(tools, context, { ...request, options, candidates, waited, lock })
      }
      if (!request.options.push) return work({ lock, land })
      const remote = request.options.remote ?? 'origin'
      const reachable = await takeIn(tools, context, request, remote, land)
      const result = await work({ lock, land })
      if (reachable) await pushAll(tools, context, request, remote, land)
      return result
    },
    { ...lockOptions, signal: context.signal },
  )
}

async function recover(tools: LandingTools, context: LandContext): Promise<void> {
  const { recoverMoves } = await import('./recover.js')
  for (const { checkout, done } of await recoverMoves(tools.root)) {
    const text = `A landing that had crashed while it moved ${checkout} was ${done}.`
    context.emit({ type: 'note', text, level: 'warning' })
  }
}

/** Brings the target up to its remote: forward if it has nothing of its own, else by a merge, tested as any other. */
async function takeIn(
  tools: LandingTools,
  context: LandContext,
  request: SessionRequest,
  remote: string,
  land: LandingSession['land'],
): Promise<boolean> {
  const { into } = request
  const [{ fetchTarget }, { isAncestor }, { broughtBack }] = await Promise.all([
    import('./remote.js'),
    import('../git/ancestry.js'),
    import('./base.js'),
  ])
  const fetched = await fetchTarget(tools, remote, into)
  if (fetched.failed !== undefined) {
    unpushed(context, request, remote, `the remote could not be reached: ${fetched.failed}`)
    return false
  }
  if (!fetched.commit) return true
  const ours = await targetCommit(tools, into)
  if (fetched.commit === ours || (await isAncestor(tools.root, fetched.commit, ours))) return true
  if (await isAncestor(tools.root, ours, fetched.commit)) {
    const message = `oompa: forward to ${remote}/${into}`
    const to = fetched.commit
    const changes = () => treeChanges(tools.objects, ours, to)
    const answer = await swapTarget({ root: tools.root, into, from: ours, to, edits: [], changes, message })
    if (answer === 'swapped') return true
    const why = answer === 'moved' ? `${into} moved` : answer.reason
    context.emit({ type: 'landing.waiting', branch: `${remote}/${into}`, reason: why })
    return false
  }
  const back = await broughtBack(tools.root, { into, remote, ours, theirs: fetched.commit })
  if (back) {
    unpushed(context, request, remote, backWords(remote, into, back))
    return false
  }
  const { results } = await land([{ branch: `${remote}/${into}`, commit: fetched.commit, isHistory: true }], {
    strategy: 'merge',
  })
  const [answer] = results.values()
  if (answer?.result === 'landed') return true
  const why = answer?.result === 'refused' ? answer.refusal.feedback.split('\n')[0]! : (answer?.reason ?? 'unknown')
  unpushed(context, request, remote, why)
  return false
}

function backWords(remote: string, into: string, { from, commit }: { from: string; commit: string }): string {
  const which = commit.slice(0, 12)
  return from === 'branch'
    ? `${which} was taken out of ${into}, and ${remote}/${into} still has it: a merge would bring it back (git push --force-with-lease ${remote} ${into} takes it out there, git merge ${remote}/${into} takes it in again)`
    : `${which} was taken out of ${remote}/${into}, and ${into} still has it: a push would bring it back (git rebase --onto ${remote}/${into} ${which} ${into} takes it out here, git merge ${remote}/${into} keeps it)`
}

async function pushAll(
  tools: LandingTools,
  context: LandContext,
  request: SessionRequest,
  remote: string,
  land: LandingSession['land'],
): Promise<void> {
  const { into } = request
  for (let tries = 1; tries <= MOST_PUSHES; tries++) {
    const { pushTarget } = await import('./remote.js')
    const answer = await pushTarget(tools, remote, into)
    if (answer.push === 'nothing') return
    if (answer.push === 'done') {
      context.emit({ type: 'landing.pushed', remote, into, commit: await targetCommit(tools, into) })
      return
    }
    if (answer.push === 'failed') return unpushed(context, request, remote, answer.reason)
    if (!(await takeIn(tools, context, request, remote, land))) return
  }
  unpushed(context, request, remote, `somebody else pushed first ${MOST_PUSHES} times`)
}

function unpushed(context: LandContext, request: SessionRequest, remote: string, reason: string): void {
  context.emit({ type: 'landing.unpushed', remote, into: request.into, reason })
}
