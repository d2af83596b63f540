// Ends an iteration: nothing that its agent made is lost, its claims go back, its worktree is returned.

import { messageOf } from '../errors.js'
import { isAncestor } from '../git/ancestry.js'
import { deleteRef } from '../git/refs.js'
import { keepBranch, keepCommit, keepWorktree, keptRef } from '../recovery/keep.js'
import type { Worktree } from '../words.js'
import { putLitterAside, rememberLitter } from './change.js'
import type { Iteration } from './contract.js'
import { adoptClaims } from './hold.js'
import { factsOfClaim, pay } from './owed.js'

/** Called once for each iteration, whatever happened in it. */
export async function closeIteration(iteration: Iteration): Promise<void> {
  const { lane, worktree } = iteration
  const { swarm } = lane
  const { emit, budget, level } = swarm
  const facts = { worker: lane.name, iteration: iteration.number, task: iteration.claims[0]?.task.id }
  iteration.outcome ??= 'done'
  let commits: number | undefined
  // A full disk, say, may keep any of these from working: the others are done all the same, and the claims go back.
  const tried = async (act: () => Promise<void>): Promise<boolean> => {
    try {
      await act()
      return true
    } catch (error) {
      const text = messageOf(error)
      // What ended the iteration has been said.
      if (!iteration.reason?.startsWith(text)) {
        emit({ type: 'note', level: 'warning', ...facts, text: `Ending ${iteration.name}: ${text}` })
      }
      return false
    }
  }
  const { named } = swarm
  const own = level > 1 && !swarm.settings.here && !named ? worktree : undefined
  let safe = true
  if (iteration.outcome === 'landed') {
    for (const { ref, commit } of iteration.before) {
      await tried(() => deleteRef(swarm.repository.root, ref, commit).then(() => {}))
    }
  }
  if (own && iteration.outcome !== 'landed') {
    safe = await tried(async () => {
      commits = await keepWork(iteration, own)
    })
  }
  if (named && level > 1 && worktree)
    await tried(async () => (await import('./named-loop.js')).closeNamed(iteration, named))
  // What somebody else's work has taken the place of is not to come with the next change.
  const isOver = iteration.outcome === 'landed' || iteration.givenUp
  lane.left = isOver ? `refs/heads/${swarm.into}` : (iteration.kept ?? `refs/heads/${iteration.branch}`)
  await tried(() => releaseClaims(iteration))
  if (own && safe) await tried(() => giveBack(iteration, own))
  emit({
    type: 'iteration.ended',
    ...facts,
    outcome: iteration.outcome,
    reason: iteration.reason,
    branch: swarm.settings.here ? undefined : iteration.branch,
    commits,
    kept: iteration.kept,
  })
  // For the forecast alone: nobody waits for it, for a server that is away least of all.
  if (swarm.store) void tried(async () => (await import('./tasks-left.js')).countTasks(swarm))
  noteProgress(iteration)
  const progress = iteration.outcome === 'landed' || iteration.outcome === 'waiting' || iteration.completed > 0
  const isElsewhere = iteration.added.length > 0 || iteration.outdone === true
  budget.iterationEnded(lane.name, progress || isElsewhere || level === 1)
}

/** For those who wait for a task: what may have changed by this iteration, and whether planning was in vain. */
function noteProgress({ lane, outcome, completed, added, planning }: Iteration): void {
  const { crew } = lane.swarm
  if (outcome === 'landed' || completed > 0) crew.progress++
  if (added.length > 0) crew.fruitless = undefined
  if (!planning && !lane.settings.planner) return
  if (planning) crew.planner = undefined
  if (added.length === 0 && outcome !== 'landed') crew.fruitless = crew.progress
}

/** Commits what is unsaved and keeps it under `refs/oompa/kept/`; gives the number of commits kept. */
async function keepWork(iteration: Iteration, worktree: Worktree): Promise<number> {
  const { swarm } = iteration.lane
  const options = {
    ref: keptRef(swarm.id, iteration.worker, iteration.number),
    base: swarm.into ? `refs/heads/${swarm.into}` : worktree.base,
    built: worktree.base,
    message: `Unfinished work of ${iteration.worker}, iteration ${iteration.number}`,
  }
  try {
    const { refs, commits, left } = await keepWorktree(swarm.repository.root, worktree, options)
    rememberLitter(iteration, left)
    sayKept(iteration, refs)
    return commits
  } catch (error) {
    // What it had committed needs no worktree.
    sayKept(iteration, await keepBranch(swarm.repository.root, worktree.branch, options))
    throw error
  }
}

function sayKept(iteration: Iteration, refs: readonly string[]): void {
  const { swarm } = iteration.lane
  iteration.kept ??= refs[0]
  for (const ref of refs) {
    swarm.emit({
      type: 'work.kept',
      worker: iteration.worker,
      iteration: iteration.number,
      task: iteration.claims[0]?.task.id,
      ref,
      base: iteration.onto,
      reason: iteration.reason ?? iteration.refusal?.feedback ?? iteration.outcome ?? 'it did not land',
    })
  }
}

/**
 * Claims that no landing completed go back to pending, with the reason and where the work is. Those that the agent made
 * from a shell are among them, however the iteration ended: else its worker's next one would complete them.
 */
async function releaseClaims(iteration: Iteration): Promise<void> {
  const { swarm } = iteration.lane
  if (!swarm.store || iteration.outcome === 'waiting') return
  // A store that cannot be read now is asked for the rest by the next start: those claims have no living holder then.
  const listing = iteration.start && (await swarm.store.list().catch(() => undefined))
  if (listing) adoptClaims(iteration, listing)
  const { kept } = iteration
  for (const claim of iteration.claims.splice(0)) {
    const reason = [
      iteration.notes ?? iteration.reason ?? iteration.refusal?.feedback ?? `the iteration ended: ${iteration.outcome}`,
      ...(kept ? [`Its work is kept at ${kept}.`] : swarm.named ? [`Its work is on ${swarm.named.branch}.`] : []),
    ].join('\n')
    const facts = factsOfClaim(iteration, claim)
    await pay(swarm, {
      claim,
      facts,
      what: 'given back',
      act: (store) => store.release(claim, reason),
      done: () => swarm.emit({ type: 'task.released', ...facts, reason, kept }),
    })
  }
}

async function giveBack(iteration: Iteration, worktree: Worktree): Promise<void> {
  const { swarm } = iteration.lane
  if (swarm.settings.keepWorktrees) return
  putLitterAside(iteration, worktree)
  const returned = await swarm.pool.release(worktree)
  if (!returned.gone) {
    swarm.emit({
      type: 'note',
      level: 'warning',
      worker: iteration.worker,
      iteration: iteration.number,
      text: `${worktree.name} stays: ${returned.why}`,
    })
    return
  }
  for (const text of returned.said ?? []) {
    swarm.emit({ type: 'note', worker: iteration.worker, iteration: iteration.number, text })
  }
  if (returned.commit) await forgetBranch(iteration, worktree.branch, returned.commit)
}

/** What the worktree was on has landed, is empty, or is kept: then its branch is of no use. */
async function forgetBranch(iteration: Iteration, branch: string, commit: string): Promise<void> {
  const { swarm } = iteration.lane
  const { root } = swarm.repository
  // Made after what landed, by something that the agent left running: nobody has looked at it.
  if (iteration.outcome === 'landed' && commit !== iteration.commit) {
    iteration.kept = await keepCommit(root, keptRef(swarm.id, iteration.worker, iteration.number), commit)
    const reason = 'it was committed after the landing'
    swarm.emit({
      type: 'work.kept',
      worker: iteration.worker,
      iteration: iteration.number,
      ref: iteration.kept,
      reason,
    })
  }
  const ref = `refs/heads/${branch}`
  const tip = await swarm.commitOf(ref)
  if (tip && (await isAncestor(root, tip, commit))) await deleteRef(root, ref, tip)
}
