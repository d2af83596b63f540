// Pull requests that are open, while a swarm runs: what became of each is asked of the target's history, and the service
// says when to look. Until then the task of a request is held by it.

import { messageOf } from '../errors.js'
import { isAncestor, mergeBase } from '../git/ancestry.js'
import { commitTree } from '../git/commits.js'
import { deleteRef } from '../git/refs.js'
import { recordLanded } from '../merge/bypass.js'
import type { LandContext } from '../merge/contract.js'
import type { Fresh } from '../merge/fresh.js'
import { type Pull, readPulls, removePull, writePull } from '../merge/pull-records.js'
import { askPull, findPull, type PullRequestOptions, pushBranch } from '../merge/pull-requests.js'
import { landingSession } from '../merge/session.js'
import { settleStatus } from '../merge/settled.js'
import { type TestMemory, testStack } from '../merge/tested.js'
import { openTools } from '../merge/tools.js'
import { isDead } from '../processes/owner.js'
import { keepCommit, keptRef } from '../recovery/keep.js'
import type { Claim, TaskStore } from '../tasks/contract.js'
import { becameReady } from '../tasks/order.js'
import { isLanded } from '../worktrees/named.js'

export interface Pulls {
  /** Looks at each, not more often than every few seconds unless it has to be known now. */
  look(now?: boolean): Promise<void>
  /** Whether one is open: what waits for its task may still become ready. */
  anyOpen(): boolean
}

export interface PullsParts {
  readonly context: LandContext
  readonly into: string
  readonly options: PullRequestOptions
  readonly fresh: Fresh
  readonly store: TaskStore | undefined
  commitOf(name: string): Promise<string | undefined>
}

/** A call of the service's command line for each request: not more often than this. */
const ASK_MS = 10_000

export function watchPulls(parts: PullsParts): Pulls {
  const { context, into, options, fresh, commitOf } = parts
  const { root } = context
  // The target is looked at again when it has moved.
  const seen = new Map<string, string>()
  const memory = { tested: new Map(), told: new Set<string>() }
  let asked = Number.NEGATIVE_INFINITY
  let going: Promise<void> | undefined
  const open = () => readPulls(root).filter((pull) => pull.into === into)
  for (const pull of open()) for (const commit of [pull.commit, pull.head]) recordLanded(root, commit)

  const isMerged = async ({ branch, head }: Pull): Promise<boolean> => {
    const target = await commitOf(`refs/heads/${into}`)
    const state = `${head} ${target}`
    if (target === undefined || seen.get(branch) === state) return false
    if (await isLanded(root, head, target)) return true
    seen.set(branch, state)
    return false
  }
  /** @returns whether it is open, by the service's word */
  const lookAt = async (recorded: Pull, isDue: boolean): Promise<boolean> => {
    if (recorded.opening && (!isDue || !isDead(recorded.opening, ELSEWHERE))) return false
    const pull = recorded.opening ? await opened(parts, recorded) : recorded
    if (!pull) return false
    if (await isMerged(pull)) return merged(parts, pull)
    const said = isDue ? await askPull(context, options, pull.branch) : undefined
    if (said === 'MERGED' || said === 'CLOSED') {
      await fresh.now(performance.now())
      if (await isMerged(pull)) return merged(parts, pull)
      // What the service calls merged comes with a later fetch.
      if (said === 'CLOSED') return closed(parts, pull)
    }
    return said === 'OPEN'
  }
  const tried = async (pull: Pull, act: () => Promise<boolean>): Promise<boolean> => {
    try {
      return await act()
    } catch (error) {
      const text = `Looking at ${pull.url}: ${messageOf(error)}`
      if (!context.signal.aborted) context.emit({ type: 'note', level: 'warning', ...factsOf(pull), text })
      return false
    }
  }
  const each = async (now: boolean) => {
    const isDue = now || performance.now() - asked > ASK_MS
    if (isDue) asked = performance.now()
    const stale: Pull[] = []
    for (const pull of open()) if (await tried(pull, () => lookAt(pull, isDue))) stale.push(pull)
    // When the target has all that was merged meanwhile.
    for (const pull of stale) await tried(pull, () => bringUpToDate(parts, pull, memory))
  }
  return {
    async look(now = false) {
      if (now) await going
      going ??= each(now).finally(() => {
        going = undefined
      })
      await going
    },
    anyOpen: () => open().length > 0,
  }
}

const factsOf = ({ worker, iteration, task }: Pull) => ({ worker, iteration, ...(task ? { task } : {}) })

/** A proof folder belongs to one machine: whoever cannot be seen from here was in a container, and is gone with it. */
const ELSEWHERE = { lastMs: 0, leaseMs: 0 }

/** The request whose opening a crash has cut short, if it is there; if it is not, its task is pending again. */
async function opened(parts: PullsParts, recorded: Pull): Promise<Pull | undefined> {
  const { context, options } = parts
  const { opening: _, ...pull } = recorded
  const found = await findPull(context, options, pull.branch)
  if (found === undefined) return undefined
  if (found === 'none') {
    await giveBack(parts, pull, `Its pull request was not opened: swarm ${pull.swarm} had died.`)
    return undefined
  }
  const { branch, into, head } = pull
  writePull(context.root, { ...pull, ...found })
  context.emit({ type: 'pull.opened', ...found, branch, into, commit: head, ...factsOf(pull) })
  return { ...pull, ...found }
}

/** The target has it: its task is complete, by the status that came with it or by us. */
async function merged({ context, into, store }: PullsParts, pull: Pull): Promise<false> {
  const { root, emit } = context
  const { url, branch, head, commit, task } = pull
  await store?.tracked?.recover(into)
  const claim = await claimOf(store, pull)
  if (claim) await store?.complete(claim, { by: pull.worker, at: new Date().toISOString(), mergedCommit: commit })
  emit({ type: 'pull.merged', url, branch, into, commit: head, ...factsOf(pull) })
  await forget(root, pull)
  if (task === undefined) return false
  emit({ type: 'task.completed', ...factsOf(pull), commit, by: pull.worker })
  const listing = await store?.list().catch(() => undefined)
  const complete = new Set(listing?.complete.map(({ id }) => id))
  for (const { id } of becameReady(listing?.pending ?? [], task, (one) => complete.has(one))) {
    emit({ type: 'task.ready', task: id })
  }
  return false
}

/** Nobody wants it as it is. */
async function closed(parts: PullsParts, pull: Pull): Promise<false> {
  const { url, branch } = pull
  parts.context.emit({ type: 'pull.closed', url, branch, ...factsOf(pull) })
  await giveBack(parts, pull, `Its pull request was closed: ${url}`)
  return false
}

/** Its task is pending again, and its notes say why, and where the work is. */
async function giveBack({ context, store }: PullsParts, pull: Pull, why: string): Promise<void> {
  const { root, emit } = context
  const kept = await keepCommit(root, keptOf(pull), pull.commit)
  const reason = `${why}\nIts work is kept at ${kept}.`
  const claim = await claimOf(store, pull)
  if (claim) await store?.release(claim, reason)
  if (claim) emit({ type: 'task.released', ...factsOf(pull), reason, kept })
  removePull(root, pull)
}

const keptOf = ({ swarm, worker, iteration }: Pull) => keptRef(swarm, worker, iteration)

async function forget(root: string, pull: Pull): Promise<void> {
  removePull(root, pull)
  await deleteRef(root, keptOf(pull), pull.commit)
}

/** The claim under which its change was made, if that is still what holds the task. */
async function claimOf(store: TaskStore | undefined, { task, worker, swarm }: Pull): Promise<Claim | undefined> {
  if (!store || task === undefined) return undefined
  const claim = (await store.list()).current.find(({ id }) => id === task)?.claim
  return claim?.holder.worker === worker && claim.holder.swarm === swarm ? claim : undefined
}

interface Memory {
  readonly tested: TestMemory
  /** What a person has been told already. */
  readonly told: Set<string>
}

/**
 * A request that has not what the target has by now is merged with it, and pushed, so that it is tested again. Where
 * that conflicts, or the test fails, a person is told, once for each value of the target.
 */
async function bringUpToDate(parts: PullsParts, pull: Pull, { tested, told }: Memory): Promise<boolean> {
  const { context, into, options, commitOf } = parts
  const { root, emit } = context
  const { branch, head, url, remote } = pull
  const target = await commitOf(`refs/heads/${into}`)
  if (target === undefined || (await isAncestor(root, target, head))) return true
  const key = `${head} ${target}`
  if (told.has(key)) return false
  const say = (what: string) => {
    told.add(key)
    emit({ type: 'note', level: 'warning', ...factsOf(pull), text: `${url} is behind ${into}, and ${what}` })
    return false
  }
  const tools = openTools(root)
  try {
    const base = (await mergeBase(root, head, target)) ?? ''
    const history = await context.history?.()
    const settled = await settleStatus(tools, await tools.merger.merge(head, target), history, {
      base,
      ours: head,
      theirs: target,
    })
    if (!settled.clean) return say(`conflicts with it in ${settled.paths.join(', ')}: merge it by hand, or close it.`)
    const message = `Merge branch '${into}' into ${branch}\n`
    const commit = await commitTree(root, { tree: settled.tree, parents: [head, target], message })
    const whole = { commit, tree: settled.tree }
    const given = { into, options: { test: options.test }, tested }
    const candidates = [{ branch, commit: head, worker: pull.worker, iteration: pull.iteration }]
    const { verdict } = options.test
      ? await landingSession(tools, context, given, ({ lock }) =>
          testStack(context, { ...given, lock, from: target, whole, candidates }),
        )
      : { verdict: 'passed' as const }
    if (verdict !== 'passed') return say(`\`${options.test}\` fails on both together: merge it by hand, or close it.`)
    const why = await pushBranch(context, options, { commit, branch, remote, force: false })
    if (why !== undefined) return say(`could not be brought up to date: ${why}`)
    recordLanded(root, commit)
    writePull(root, { ...pull, head: commit })
    emit({ type: 'note', ...factsOf(pull), text: `${url} was brought up to date with ${into}.` })
    return true
  } finally {
    tools.close()
  }
}
