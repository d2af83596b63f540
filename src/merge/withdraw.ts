// Two clones have landed the same task, and the other was pushed first: our landing is taken out of the target before
// anything else lands on it. What else is there and was not pushed stays: a person's commits, and landings of other tasks.

import { OompaError } from '../errors.js'
import { isAncestor } from '../git/ancestry.js'
import { treeChanges } from '../git/changes.js'
import { held } from '../git/collect.js'
import { type CommitFacts, commitTree, readCommit } from '../git/commits.js'
import { pointRef } from '../git/refs.js'
import { gitText } from '../git/run-git.js'
import type { HeldLock } from '../locks/index.js'
import type { StatusHistory } from '../words.js'
import { loggedLandings } from './base.js'
import { recordWithdrawn } from './bypass.js'
import type { Candidate, LandContext, MergeOptions } from './contract.js'
import { settleStatus } from './settled.js'
import { swapTarget } from './swap.js'
import type { TestMemory } from './tested.js'
import type { LandingTools } from './tools.js'

export interface Divergence {
  readonly into: string
  readonly remote: string
  /** The target, and what was fetched of its remote. */
  readonly ours: string
  readonly theirs: string
}

export interface WithdrawRequest {
  readonly options: MergeOptions
  readonly tested: TestMemory
  readonly lock: HeldLock
}

/** A landing that was taken back. */
export interface Withdrawn {
  readonly commit: string
  readonly task?: string
  readonly worker?: string
  /** The ref where its work is. */
  readonly kept: string
}

/** A commit along the first parent that the remote has not. */
interface Unpushed extends CommitFacts {
  readonly oid: string
  /** What it completes and the remote has complete, too. */
  readonly completes: readonly string[]
  /** It goes: it completes that, or is the work of a landing that does. */
  readonly taken: boolean
}

/**
 * Takes back the landings whose tasks the remote has complete. Whatever is not theirs comes on top of the remote's
 * value, tested as any landing; the old value stays reachable.
 * @returns none if there are no such landings; a sentence if a checkout is in the way, and it has to be tried again
 * @throws OompaError `diverged` if it cannot be done
 */
export async function withdrawTaken(
  tools: LandingTools,
  context: LandContext,
  which: Divergence,
  request: WithdrawRequest,
): Promise<readonly Withdrawn[] | string> {
  const history = await context.history?.()
  if (!history) return []
  const unpushed = await unpushedOf(tools, history, which)
  const first = unpushed.findIndex((one) => one.taken)
  if (first < 0) return []
  const { root } = tools
  const { into, ours, remote } = which
  const kept = await keep(root, context.env.OOMPA_SWARM, ours)
  const make = async () => {
    const commit = await rebuilt(tools, history, which, {
      below: unpushed.slice(0, first),
      above: unpushed.slice(first),
    })
    return { commit, made: commit }
  }
  const { made: to, release } = await held(root, { name: 'landing', from: ours }, make, context.signal)
  try {
    await mustPass(tools, context, which, { ...request, to })
    const changes = () => treeChanges(root, ours, to)
    const message = `oompa: take back what ${remote}/${into} has already`
    recordWithdrawn(root, ours)
    const answer = await swapTarget({ root, into, from: ours, to, edits: [], changes, message })
    if (answer === 'moved') return `${into} moved`
    if (answer !== 'swapped') return answer.reason
  } finally {
    await release()
  }
  const gone = unpushed.filter((one) => one.completes.length > 0)
  return gone.map((one) => say(context, which, one, kept))
}

async function unpushedOf(tools: LandingTools, history: StatusHistory, which: Divergence): Promise<Unpushed[]> {
  const done = await history.completeIn(which.theirs)
  const list = async (...args: string[]) =>
    (await gitText(tools.root, ['rev-list', '--first-parent', '--reverse', ...args])).split('\n').filter(Boolean)
  const read = async (oid: string) => readCommit((await tools.objects.contents(oid)) ?? Buffer.alloc(0))
  const found: Unpushed[] = []
  for (const oid of await list(which.ours, `^${which.theirs}`)) {
    const facts = await read(oid)
    const [before, tip] = facts.parents
    // Changes that were tested together stand below one commit: each is looked at by itself.
    const members = tip && isBatch(facts) ? await list(tip, `^${before}`) : [oid]
    for (const member of members) {
      const one = await read(member)
      const [parent] = one.parents
      const was = parent ? await history.completeIn(parent) : new Set<string>()
      const completes = [...(await history.completeIn(member))].filter((task) => done.has(task) && !was.has(task))
      // A merge of the remote brings what the remote has: nothing of ours is taken back with it.
      const isTheirs = one.parents[1] !== undefined && (await isAncestor(tools.root, one.parents[1], which.theirs))
      found.push({
        ...one,
        oid: member,
        completes: isTheirs ? [] : completes,
        taken: !isTheirs && completes.length > 0,
      })
    }
  }
  return withWork(tools.root, which.into, found, list)
}

/**
 * With `rebase` a landing is several commits: its work, and one that completes the task. They go together, as far back
 * as that landing went, or another task's.
 */
async function withWork(
  root: string,
  into: string,
  unpushed: readonly Unpushed[],
  list: (...args: string[]) => Promise<string[]>,
): Promise<Unpushed[]> {
  const marked = [...unpushed]
  const landings = loggedLandings(root, into)
  for (const [at, { parents, taken, message, oid }] of unpushed.entries()) {
    if (!taken || parents.length > 1) continue
    let landed: readonly string[] = []
    for (const { from, to } of landings) {
      const commits = await list(to, `^${from}`)
      if (commits.includes(oid)) landed = commits
      if (landed.length > 0) break
    }
    for (let before = at - 1; before >= 0; before--) {
      const one = unpushed[before]!
      const task = trailer(one.message, 'Oompa-Task')
      const isItsOwn = task === undefined ? landed.includes(one.oid) : task === trailer(message, 'Oompa-Task')
      if (one.parents.length > 1 || !isItsOwn) break
      marked[before] = { ...one, taken: true }
    }
  }
  return marked
}

const trailer = (message: string, name: string): string | undefined =>
  new RegExp(`^${name}: (.*)$`, 'm').exec(message)?.[1]

const isBatch = ({ message }: CommitFacts): boolean => /^Merge \d+ changes into /.test(message)

/** The target as it would be had what was taken never landed. */
async function rebuilt(
  tools: LandingTools,
  history: StatusHistory,
  which: Divergence,
  { below, above }: { readonly below: readonly Unpushed[]; readonly above: readonly Unpushed[] },
): Promise<string> {
  const { theirs, into, remote } = which
  let tip = theirs
  const last = below.at(-1)
  // What was there before stays as it is: the remote's history is merged into it.
  if (last) {
    const tree = await mergedTree(tools, history, which, { parent: undefined, commit: last.oid, onto: theirs })
    const message = `Merge branch '${remote}/${into}'`
    tip = await commitTree(tools.root, { tree, parents: [last.oid, theirs], message })
  }
  const gone = above[0]!.oid
  for (const one of above) {
    const [parent, side] = one.parents
    if (one.taken || parent === undefined) continue
    if (side !== undefined && (await isAncestor(tools.root, side, theirs))) continue
    const tree = await mergedTree(tools, history, which, { parent, commit: one.oid, onto: tip })
    // Whoever was built on what is taken back would bring its history along.
    const parents = side === undefined || (await isAncestor(tools.root, gone, side)) ? [tip] : [tip, side]
    tip = await commitTree(tools.root, { tree, parents, message: one.message, author: one.author })
  }
  return tip
}

/** Merges a commit, or only what it did to its parent, onto another one. */
export async function mergedTree(
  tools: LandingTools,
  history: StatusHistory | undefined,
  which: Divergence,
  { parent, commit, onto }: { readonly parent?: string; readonly commit: string; readonly onto: string },
): Promise<string> {
  const tree = (await tools.objects.info(`${onto}^{tree}`))?.oid ?? ''
  const message = 'The target, as if it grew from here'
  const side = parent ? await commitTree(tools.root, { tree, parents: [parent], message, isHelper: true }) : onto
  const base = parent ?? (await gitText(tools.root, ['merge-base', onto, commit])).trim()
  const merge = await tools.merger.merge(side, commit)
  const settled = await settleStatus(tools, merge, history, { base, ours: commit, theirs: onto })
  if (settled.clean) return settled.tree
  const paths = settled.paths.join(', ')
  throw divergedError(which, `${commit.slice(0, 12)} does not merge into ${onto.slice(0, 12)} (${paths})`)
}

/** What comes out was the value of no remote: it is tested as any landing. */
export async function mustPass(
  tools: LandingTools,
  context: LandContext,
  which: Divergence,
  { options, tested, lock, to }: WithdrawRequest & { readonly to: string },
): Promise<void> {
  if (!options.test || to === which.theirs) return
  const { testStack } = await import('./tested.js')
  const { into, remote, theirs } = which
  const tree = (await tools.objects.info(`${to}^{tree}`))?.oid ?? ''
  const candidates: Candidate[] = [{ branch: `${remote}/${into}`, commit: theirs, isHistory: true }]
  const whole = { commit: to, tree }
  const { verdict } = await testStack(context, { options, tested, lock, into, from: theirs, whole, candidates })
  if (verdict !== 'passed') {
    throw divergedError(which, typeof verdict === 'string' ? verdict : (verdict.feedback.split('\n')[0] ?? ''))
  }
}

/** Names the target's old value: all that is taken back is reachable from there. */
async function keep(root: string, swarm: string | undefined, commit: string): Promise<string> {
  const ref = `refs/oompa/kept/${swarm ?? 'withdrawn'}/withdrawn-${commit.slice(0, 8)}`
  await pointRef(root, ref, commit, 'oompa: keep what is taken back')
  return ref
}

function say(context: LandContext, { into, remote }: Divergence, gone: Unpushed, kept: string): Withdrawn {
  const [task, worker] = ['Oompa-Task', 'Oompa-Worker'].map((name) => trailer(gone.message, name))
  const named = task ?? gone.completes.join(', ')
  context.emit({
    type: 'landing.withdrawn',
    into,
    commit: gone.oid,
    kept,
    reason: `${remote}/${into} has ${named} complete already`,
    ...(task ? { task } : {}),
    ...(worker ? { worker } : {}),
  })
  return { commit: gone.oid, kept, ...(task ? { task } : {}), ...(worker ? { worker } : {}) }
}

/** The target and its remote have gone apart, and only a person can put them together. */
export function divergedError({ into, remote }: Pick<Divergence, 'into' | 'remote'>, why: string): OompaError {
  return new OompaError({
    code: 'diverged',
    message: `${into} and ${remote}/${into} have gone apart, so landing has stopped: ${why}.`,
    mend: `git checkout ${into} && git merge ${remote}/${into}, resolve and commit, git push ${remote} ${into}, and start again`,
  })
}
