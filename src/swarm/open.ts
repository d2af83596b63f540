// The second stage: the iteration's worktree, prepared while the agent before it was at work.

import { existsSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { messageOf, OompaError } from '../errors.js'
import { showBytes } from '../files/bytes.js'
import { kindOf } from '../files/kind.js'
import { isAncestor, mergeBase } from '../git/ancestry.js'
import { branchOf } from '../git/folders.js'
import { requireOurs } from '../git/ours.js'
import { readStatus } from '../git/read-status.js'
import { currentBranch, headCommit } from '../git/repository.js'
import { git } from '../git/run-git.js'
import type { OpenWorktree } from '../hooks/contract.js'
import { keepEarlierWork } from '../recovery/earlier.js'
import type { Worktree } from '../words.js'
import { carryUncommitted } from '../worktrees/carry.js'
import { occupantOf } from '../worktrees/occupied.js'
import type { Iteration, Swarm } from './contract.js'
import { IterationEnding } from './ending.js'
import { contextOf, makeIteration } from './iteration.js'
import { setUpWorktree } from './set-up-worktree.js'

/** `git worktree add .w1-i1`, done right: gives the worktree in which the iteration works, and `$` in it. */
export async function openWorktree(iteration: Iteration): Promise<OpenWorktree> {
  const worktree = await opened(iteration)
  return { ...worktree, $: contextOf(iteration, worktree).$({ cwd: worktree.path }) }
}

async function opened(iteration: Iteration): Promise<Worktree> {
  const { lane } = iteration
  const { swarm } = lane
  if (swarm.settings.here) {
    iteration.worktree = await mainCheckout(swarm)
    return iteration.worktree
  }
  await freshFor(iteration)
  if (swarm.named) {
    const { openNamed } = await import('./named-loop.js')
    iteration.worktree = await openNamed(iteration, swarm.named)
    return iteration.worktree
  }
  const ahead = swarm.ahead.get(iteration.name)
  swarm.ahead.delete(iteration.name)
  let worktree: Worktree
  try {
    const prepared = await ahead
    worktree = prepared ? await freshened(iteration, prepared) : await open(iteration)
    // Others were at work beside it since it was prepared.
    requireOurs(worktree.path)
  } catch (error) {
    swarm.emit({
      type: 'worktree.failed',
      worker: lane.name,
      iteration: iteration.number,
      worktree: iteration.name,
      reason: messageOf(error),
    })
    throw error
  }
  iteration.worktree = worktree
  iteration.onto = await targetUnder(iteration, worktree.base)
  return worktree
}

const LOOK_AGAIN_MS = 2000

/** Brings the target up to the remote; what its task builds on is waited for, for as long as `limits.lease`. */
async function freshFor(iteration: Iteration): Promise<void> {
  const { fresh, stopping, settings } = iteration.lane.swarm
  const until = builtOnOthers(iteration)
  const givenUp = performance.now() + settings.limits.leaseMs
  while (!(await fresh.now(until)) && until !== undefined) {
    if (stopping.ending.aborted || performance.now() > givenUp) {
      const why = stopping.why ?? 'what its task builds on could not be brought here from the remote'
      throw new IterationEnding('interrupted', why)
    }
    await sleep(LOOK_AGAIN_MS, undefined, { signal: stopping.ending }).catch(() => {})
  }
}

/**
 * Until when a worktree needs what was pushed: what its task builds on may have been done on another machine, a moment
 * before it was claimed. Tasks that travel with the work are not ready before it is here.
 */
function builtOnOthers({ claims, lane: { swarm } }: Iteration): number | undefined {
  const { store } = swarm
  if (!store || store.tracked) return undefined
  return claims.some(({ task }) => task.dependsOn.length > 0) ? performance.now() : undefined
}

/** The value of the target that a worktree began at; with `continue` it began at the iteration before. */
async function targetUnder(iteration: Iteration, base: string): Promise<string | undefined> {
  const { into, settings, repository } = iteration.lane.swarm
  if (into === undefined || !settings.continue || iteration.number === 1) return into && base
  return mergeBase(repository.root, base, `refs/heads/${into}`)
}

/**
 * From level 2 on an agent is given this long to end before the next worktree is made: the one that it leaves is a
 * checkout already, and a few milliseconds make it the next one's.
 */
const AHEAD_AFTER_MS = 10_000

/**
 * Makes the next iteration's worktree while the agent is at work; what fails is tried again, and said, when it is opened.
 * @returns what calls it off, where it has not begun
 */
export function prepareNext(iteration: Iteration): () => void {
  const timer = setTimeout(prepare, iteration.lane.swarm.level === 1 ? 0 : AHEAD_AFTER_MS, iteration)
  return () => clearTimeout(timer)
}

function prepare(iteration: Iteration): void {
  const { lane } = iteration
  const { swarm } = lane
  if (swarm.settings.here || swarm.named || swarm.settings.continue || iteration.number >= lane.settings.iterations)
    return
  const next = makeIteration(lane, iteration.number + 1)
  if (swarm.ahead.has(next.name) || existsSync(path.join(swarm.repository.root, next.name))) return
  swarm.ahead.set(
    next.name,
    open(next, true).catch(() => undefined),
  )
}

async function mainCheckout(swarm: Swarm): Promise<Worktree> {
  const root = swarm.repository.root
  const [branch, base] = await Promise.all([currentBranch(root), headCommit(root)])
  return { name: '.', path: root, branch: branch ?? 'HEAD', base: base ?? '' }
}

async function open(iteration: Iteration, ahead = false): Promise<Worktree> {
  const { swarm } = iteration.lane
  const { root } = swarm.repository
  const full = path.join(root, iteration.name)
  const base = await baseOf(iteration)
  const isThere = foundThere(swarm, iteration.name)
  let worktree: Worktree
  if (swarm.level > 1) worktree = await openAnew(iteration, full, base, isThere, ahead)
  else if (isThere)
    worktree = await broughtUpToDate(iteration, { name: iteration.name, path: full, branch: iteration.branch, base })
  else
    worktree = await swarm.pool.acquire({
      name: iteration.name,
      branch: iteration.branch,
      base: await ownTip(swarm, iteration.branch, base),
      ahead,
    })
  await takeOver(iteration, worktree)
  return setUp(iteration, worktree)
}

/** With `continue`: what the same worker's last iteration left uncommitted, if its worktree is still there. */
async function takeOver(iteration: Iteration, worktree: Worktree): Promise<void> {
  const { lane, number } = iteration
  const { settings, repository, emit } = lane.swarm
  const before = `.${lane.name}-i${number - 1}`
  const from = path.join(repository.root, before)
  if (!settings.continue || number === 1 || kindOf(from) !== 'folder') return
  requireOurs(from)
  const stays = await carryUncommitted(from, worktree.path)
  if (stays.length === 0) return
  const text = `Stays in ${before}, and is not carried over: ${stays.map(showBytes).join(', ')}.`
  emit({ type: 'note', level: 'warning', worker: lane.name, iteration: number, text })
}

/**
 * Whether an earlier run has left the worktree.
 * @throws OompaError `in-the-way` for anything else that stands there
 */
function foundThere(swarm: Swarm, name: string): boolean {
  const { root } = swarm.repository
  const full = path.join(root, name)
  if (kindOf(full) === undefined || swarm.pool.discardHalfMade(name)) return false
  const occupant = occupantOf(root, name)
  if (occupant) throw occupant
  return readdirSync(full).length > 0
}

/** From level 2 on a name that is taken is emptied first: its work is kept under a ref (docs/contract.md, 6). */
async function openAnew(
  iteration: Iteration,
  full: string,
  base: string,
  isThere: boolean,
  ahead: boolean,
): Promise<Worktree> {
  const { swarm } = iteration.lane
  const worktree = { name: iteration.name, path: full, branch: iteration.branch, base }
  await keepEarlierWork(iteration, isThere ? worktree : undefined, base)
  if (!isThere) return swarm.pool.acquire({ name: iteration.name, branch: iteration.branch, base, ahead })
  const moved = await git(full, ['checkout', '--force', '--quiet', '-B', iteration.branch, base])
  if (moved.status === 0) return worktree
  throw new OompaError({
    code: 'worktree-failed',
    message: `Cannot use the worktree ${iteration.name} again: ${moved.stderr.trim()}`,
    mend: 'oompa cleanup --dry-run',
  })
}

/** Where an iteration starts: HEAD at level 1, the target from level 2 on, or the iteration before with `continue`. */
async function baseOf(iteration: Iteration): Promise<string> {
  const { swarm, name, left } = iteration.lane
  if (swarm.settings.continue && iteration.number > 1) {
    const before = await swarm.commitOf(left ?? `refs/heads/oompa/${name}-i${iteration.number - 1}`)
    if (before) return before
  }
  const start = swarm.into ? `refs/heads/${swarm.into}` : 'HEAD'
  const base = await swarm.commitOf(start)
  if (base) return base
  throw new OompaError({ code: 'no-commit', message: `${start} names no commit.`, mend: 'git log --all --oneline' })
}

/** The tip of a branch that an earlier run left with commits of its own; otherwise the base. */
async function ownTip(swarm: Swarm, branch: string, base: string): Promise<string> {
  const tip = await swarm.commitOf(`refs/heads/${branch}`)
  return tip && tip !== base && !(await isAncestor(swarm.repository.root, tip, base)) ? tip : base
}

/** A worktree that was made ahead and has been nobody's since: moved on only if its base has. */
async function freshened(iteration: Iteration, prepared: Worktree): Promise<Worktree> {
  const { pool, commitOf } = iteration.lane.swarm
  const [base, tip] = await Promise.all([baseOf(iteration), commitOf(`refs/heads/${prepared.branch}`)])
  if (base === prepared.base) return prepared
  const untouched = tip === prepared.base && branchOf(prepared.path) === prepared.branch
  const fresh = untouched ? await pool.refresh(prepared, base).catch(() => undefined) : undefined
  return fresh ? setUp(iteration, fresh) : broughtUpToDate(iteration, prepared)
}

/** Moves a worktree that has nothing of its own yet to the newest base; any other is left as it is. */
async function broughtUpToDate(iteration: Iteration, worktree: Worktree): Promise<Worktree> {
  const { pool, repository } = iteration.lane.swarm
  const [base, { commit, branch, entries }] = await Promise.all([baseOf(iteration), readStatus(worktree.path)])
  if (!commit || commit === base) return { ...worktree, base }
  const empty = branch === worktree.branch && entries.length === 0 && (await isAncestor(repository.root, commit, base))
  return empty ? setUp(iteration, await pool.refresh(worktree, base)) : worktree
}

async function setUp(iteration: Iteration, worktree: Worktree): Promise<Worktree> {
  const { hooks, repository } = iteration.lane.swarm
  await setUpWorktree(worktree, contextOf(iteration, worktree), { hooks, root: repository.root })
  return worktree
}
