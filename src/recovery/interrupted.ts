// Keeps what interrupted iterations had made, and puts their tasks back.

import path from 'node:path'
import { messageOf } from '../errors.js'
import { branchStart } from '../merge/base.js'
import { readPulls } from '../merge/pull-records.js'
import { waitingApprovals } from '../review/held-changes.js'
import type { TaskStore } from '../tasks/contract.js'
import { existingTasks } from '../tasks/existing.js'
import { requeueStale, staleClaims } from '../tasks/requeue.js'
import type { Recovering } from './contract.js'
import { keepWorktree, keptRef } from './keep.js'
import { completePushed, workOfClaim } from './pushed.js'

/**
 * Commits the unsaved work of each iteration to its branch and keeps it under `refs/oompa/kept/`. At level 1 the
 * worktree simply stays, with everything in it.
 * @returns the refs
 */
export async function keepInterrupted(
  swarm: Recovering,
  id: string,
  iterations: readonly { readonly worker: string; readonly iteration: number }[],
): Promise<string[]> {
  if (swarm.level === 1) return []
  const { root } = swarm.repository
  const kept: string[] = []
  for (const { worker, iteration } of iterations) {
    const facts = { worker, iteration }
    const name = `.${worker}-i${iteration}`
    if (swarm.pool.discardHalfMade(name)) continue
    const worktree = { path: path.join(root, name), branch: `oompa/${worker}-i${iteration}` }
    try {
      const base = branchStart(root, worktree.branch)
      const { refs, left } = await keepWorktree(root, worktree, {
        ref: keptRef(id, worker, iteration),
        base: `refs/heads/${swarm.into}`,
        message: `Interrupted work of ${worker}, iteration ${iteration}`,
      })
      for (const ref of refs) {
        swarm.emit({ type: 'work.kept', ...facts, ref, base, reason: `swarm ${id} was interrupted` })
      }
      // The prompt of its second run names it.
      if (id === swarm.id && refs[0]) swarm.resumed?.kept.set(`${worker}-${iteration}`, refs[0])
      for (const { path: file, reason } of left) {
        swarm.emit({ type: 'note', level: 'warning', ...facts, text: `${name}/${file} is not committed: ${reason}` })
      }
      kept.push(...refs)
    } catch (error) {
      // One worktree that git cannot read must not keep the others, and the claims, from being put in order.
      swarm.emit({ type: 'note', level: 'warning', ...facts, text: `${name} stays as it is: ${messageOf(error)}` })
    }
  }
  return kept
}

/** The tasks of a target. */
export interface TargetTasks {
  readonly store?: TaskStore
  readonly into?: string
}

export interface Released {
  readonly released: number
  readonly completed: number
}

const NONE: Released = { released: 0, completed: 0 }

/**
 * Puts back every claim whose holder is gone, whoever it was; what the target has complete is complete.
 * @param whose the swarm's own target's, unless given
 * @param dead a swarm that has died, whose agents have been ended
 * @returns how many claims went back, and how many tasks were complete, because their work had landed
 */
export async function releaseStale(swarm: Recovering, whose: TargetTasks = swarm, dead?: string): Promise<Released> {
  const { repository, settings, hooks } = swarm
  const { into } = whose
  // A swarm that claims nothing (level 1) still puts back what a crashed one had claimed.
  const store = whose.store ?? (await existingTasks(repository.root, settings, hooks))
  if (!store) return NONE
  if (into) await store.tracked?.recover(into)
  // A task whose change waits for a person, or in a pull request, is nobody's to do again.
  const approvals = await waitingApprovals(repository.root)
  const waiting = new Set([...approvals, ...readPulls(repository.root)].map(({ task }) => task))
  const look = async () =>
    (await staleClaims(store, dead)).filter(({ id, claim }) => claim !== undefined && !waiting.has(id))
  if ((await look()).length === 0) return NONE
  const all = async () => release(swarm, { store, into, dead }, await look())
  // Where the status of tasks travels with the work, what has landed is complete.
  return store.tracked ? all() : inTurn(swarm, all)
}

/**
 * Runs it while nobody else lands on the target: what a machine that died had pushed, or offered to others, may be about to
 * land, and would be done again. Whoever died is passed over after its ticket's lease.
 */
async function inTurn({ lane, stopping }: Recovering, work: () => Promise<Released>): Promise<Released> {
  const turn = await lane?.()
  if (!turn) return work()
  const { ending: signal } = stopping
  try {
    return await turn(work, { signal })
  } catch (error) {
    if (signal.aborted && error === signal.reason) return NONE
    throw error
  }
}

interface ClaimsOf {
  readonly store: TaskStore
  readonly into?: string
  readonly dead?: string
}

/** Completes what has landed of these, and puts back the others. */
async function release(
  swarm: Recovering,
  { store, into, dead }: ClaimsOf,
  gone: Awaited<ReturnType<typeof staleClaims>>,
): Promise<Released> {
  const { root } = swarm.repository
  const stale: typeof gone = []
  for (const one of gone) {
    const isComplete = into && (await completePushed(swarm, one.claim!, { store, into }))
    if (!isComplete) stale.push(one)
  }
  const completed = gone.length - stale.length
  if (stale.length === 0) return { released: 0, completed }
  const { requeued } = await requeueStale(store, {
    ids: stale.map(({ id }) => id),
    by: `oompa-${swarm.id}`,
    dead,
    note: (claim) => workOfClaim(root, claim, store),
  })
  for (const { id, reason, claim } of requeued) {
    swarm.emit({ type: 'task.released', task: id, worker: claim?.holder.worker, reason })
  }
  return { released: requeued.length, completed }
}
