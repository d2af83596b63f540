// Keeps what did not land under refs of its own, and never over something else that is kept there.

import { readLog } from '../events/log.js'
import { isAncestor } from '../git/ancestry.js'
import { hiddenCommits } from '../git/hidden.js'
import { clearFlags } from '../git/index-flags.js'
import { requireOurs } from '../git/ours.js'
import { resolveCommit } from '../git/repository.js'
import { git, gitText } from '../git/run-git.js'
import { commitsOver } from '../git/worktree-list.js'
import { commitLeftovers, type Leftovers } from '../merge/commit.js'
import type { Claim } from '../tasks/contract.js'
import type { Worktree } from '../words.js'

/** The ref under which work that did not land stays reachable. */
export function keptRef(swarm: string, worker: string, iteration: number): string {
  return `refs/oompa/kept/${swarm}/${worker}-${iteration}`
}

/**
 * Names `commit` at `ref`. Where other work is kept there already (an interrupted iteration that was run again), the
 * commit's id makes the name a new one.
 * @returns the ref that names it now
 */
export async function keepCommit(root: string, ref: string, commit: string): Promise<string> {
  const known = await resolveCommit(root, ref)
  if (known === commit) return ref
  const free = known === undefined || (await isAncestor(root, known, commit)) ? ref : `${ref}-${commit.slice(0, 8)}`
  const name = (which: string) => [
    'update-ref',
    '--no-deref',
    '-m',
    'oompa: keep work that did not land',
    which,
    commit,
  ]
  if ((await git(root, name(free))).status === 0) return free
  // Its lock was left by somebody who was killed, say: work is kept under another name before it is lost.
  const other = `${ref}-${commit.slice(0, 8)}`
  await gitText(root, name(other))
  return other
}

export interface KeepOptions {
  readonly ref: string
  /** What is reachable from here needs no keeping: the target, or where the work began. */
  readonly base: string
  /** What the work was built on, where the person may have taken that out of the target: it is not its own. */
  readonly built?: string
  /** Of the commit that takes up what is not committed. */
  readonly message: string
}

export interface Kept {
  /** Empty if there was nothing of its own. */
  readonly refs: readonly string[]
  /** Commits over the base. */
  readonly commits: number
  /** What must not be committed, and stays where it is. */
  readonly left: Leftovers['left']
}

/**
 * Commits what is unsaved in a worktree that no agent works in any more, and keeps its HEAD and its branch. A merge or a
 * rebase that its author did not bring to an end is kept as it stands, markers and all, with the commits of its list.
 */
export async function keepWorktree(
  root: string,
  worktree: Pick<Worktree, 'path' | 'branch'>,
  options: KeepOptions,
): Promise<Kept> {
  // Before they are committed over: what is in progress names commits that nothing else does.
  const hidden = await hiddenCommits(root, requireOurs(worktree.path).own)
  // What an agent told git not to look at is looked at.
  await clearFlags(worktree.path)
  const leftovers = await commitLeftovers(worktree, { message: options.message })
  if (leftovers.unresolved.length > 0) {
    const message = `${options.message}, with conflict markers`
    await gitText(worktree.path, ['add', '--sparse', '--update', ':/'])
    await gitText(worktree.path, ['commit', '--no-verify', '--quiet', '-F', '-'], { input: message })
  }
  const tips = new Set<string>()
  for (const tip of [
    await resolveCommit(worktree.path, 'HEAD'),
    await resolveCommit(root, `refs/heads/${worktree.branch}`),
    ...hidden,
  ]) {
    const isOwn = tip && !(await isAncestor(root, tip, options.base))
    if (isOwn && !(options.built && (await isAncestor(root, tip, options.built)))) tips.add(tip)
  }
  const refs: string[] = []
  let commits = 0
  for (const tip of tips) {
    refs.push(await keepCommit(root, options.ref, tip))
    commits = Math.max(commits, await commitsOver(root, options.base, tip))
  }
  return { refs: [...new Set(refs)], commits, left: leftovers.left }
}

/** Keeps what a branch has over the base, in no worktree; gives the refs. */
export async function keepBranch(
  root: string,
  branch: string,
  options: Pick<KeepOptions, 'ref' | 'base'>,
): Promise<readonly string[]> {
  const tip = await resolveCommit(root, `refs/heads/${branch}`)
  if (!tip || (await isAncestor(root, tip, options.base))) return []
  return [await keepCommit(root, options.ref, tip)]
}

// Where the work of a claim is whose worker died: its branch, as the event log tells it, kept at a ref.

/** A sentence for the task's notes that names the kept work of a claim, or undefined if there is none. */
export async function keptWork(root: string, claim: Claim): Promise<string | undefined> {
  const { swarm, worker } = claim.holder
  if (swarm === undefined || !/^[0-9a-f]{8}$/.test(swarm) || !/^[A-Za-z0-9_-]+$/.test(worker)) return undefined
  const events = readLog(root, swarm).filter((event) => event.worker === worker)
  const iteration = events.findLast((event) => event.type === 'task.claimed' && event.task === claim.task.id)?.iteration
  const started = events.findLast((event) => event.type === 'iteration.started' && event.iteration === iteration)
  if (iteration === undefined || started?.type !== 'iteration.started' || !started.branch) return undefined
  const ref = `refs/oompa/kept/${swarm}/${worker}-${iteration}`
  if (await resolveCommit(root, ref)) return `Its work is at ${ref}.`
  const tip = await resolveCommit(root, `refs/heads/${started.branch}`)
  // A branch that has nothing of its own is no work.
  if (!tip || tip === started.base || (await isAncestor(root, tip, 'HEAD'))) return undefined
  const { status } = await git(root, [
    'update-ref',
    '--no-deref',
    '-m',
    'kept by oompa requeue',
    ref,
    tip,
    '0'.repeat(40),
  ])
  return `Its work is at ${status === 0 ? ref : started.branch}.`
}
