// After a crash: which of a swarm's changes have landed, from git and the log alone. Landed is landed, once; what has
// not landed is queued again or kept.

import { existsSync } from 'node:fs'
import path from 'node:path'
import { isErrno } from '../errors.js'
import type { OompaEvent } from '../events/contract.js'
import { readLog } from '../events/log.js'
import { firstWith, isAncestor } from '../git/ancestry.js'
import { deleteRef } from '../git/refs.js'
import { resolveCommit } from '../git/repository.js'
import { landedBefore } from '../merge/landed.js'
import { openTools } from '../merge/tools.js'
import type { Claim, TaskStore } from '../tasks/contract.js'
import type { Recovering } from './contract.js'

/** A change that was on its way to the target, or just there, when its swarm died. */
export interface OpenLanding {
  readonly worker: string
  readonly iteration: number
  readonly branch: string
  /** The commit that was queued; what the branch is at unless the log has it. */
  readonly commit?: string
  readonly task?: string
  readonly into: string
  /** The log says that it has landed. */
  readonly said?: boolean
}

/** What git says of it. */
export interface RecoveredLanding extends OpenLanding {
  /** The commit of the target by which it landed; undefined if it has not. */
  readonly landed?: string
  /** What `merged-commit` says; undefined for a squash. */
  readonly mergedCommit?: string
}

/** Changes that were queued or landed, and whose iteration has no end in the log. Pure. */
export function openLandings(events: readonly OompaEvent[]): OpenLanding[] {
  const open = new Map<string, OpenLanding>()
  let into = ''
  for (const event of events) {
    if (event.type === 'swarm.started') into = event.into ?? into
    const key = `${event.worker}-${event.iteration}`
    if (event.type === 'landing.queued' && event.worker && event.iteration) {
      const { worker, iteration, branch, task, commit } = event
      open.set(key, { worker, iteration, branch, into, ...(task ? { task } : {}), ...(commit ? { commit } : {}) })
    }
    if (event.type === 'landing.landed' && event.worker && event.iteration) {
      const { worker, iteration, branch, task, mergedCommit } = event
      const commit = open.get(key)?.commit ?? mergedCommit
      const facts = { ...(task ? { task } : {}), ...(commit ? { commit } : {}) }
      open.set(key, { worker, iteration, branch, into: event.into, said: true, ...facts })
    }
    if (event.type === 'landing.refused' || event.type === 'iteration.ended') open.delete(key)
  }
  return [...open.values()]
}

/** Asks git about each of them: the log may be a line behind, the target never is. */
export async function recoverLandings(root: string, events: readonly OompaEvent[]): Promise<RecoveredLanding[]> {
  const found: RecoveredLanding[] = []
  const tools = openTools(root)
  try {
    for (const one of openLandings(events)) {
      const commit = one.commit ?? (await resolveCommit(root, `refs/heads/${one.branch}`))
      const target = await resolveCommit(root, `refs/heads/${one.into}`)
      if (!commit || !target) found.push(one)
      else if (await isAncestor(root, commit, target)) {
        found.push({ ...one, landed: await firstWith(root, commit, target), mergedCommit: commit })
      } else {
        const landed = await landedBefore(tools, one.into, commit)
        found.push(landed ? { ...one, landed } : one)
      }
    }
  } finally {
    tools.close()
  }
  return found
}

// After a crash, landed is landed: a change that reached the target before its swarm died completes its task, once, and
// its iteration is over.

/** Completes the tasks of changes that landed while the swarm `id` was killed, and says so. */
export async function completeLanded(swarm: Recovering, id: string, store: TaskStore | undefined): Promise<void> {
  const { repository, emit } = swarm
  for (const one of await recoverLandings(repository.root, readLog(repository.root, id))) {
    if (!one.landed) continue
    emit({
      type: 'note',
      text: `${one.branch} of swarm ${id} had landed on ${one.into} when it died.`,
      commit: one.landed,
    })
    const claim = (await store?.list())?.current.find((task) => task.id === one.task)?.claim
    if (store && claim?.holder.swarm === id) await completeClaim(swarm, store, claim, one.landed, one)
    if (id === swarm.id) await endIteration(swarm, one)
  }
}

/**
 * Completes a task whose change has landed, and whose holder did not come to say so.
 * @param landed the commit of the target by which it landed
 */
export async function completeClaim(
  swarm: Recovering,
  store: TaskStore,
  { task: { id: task }, fence }: Claim,
  landed: string,
  { worker: by, mergedCommit }: { readonly worker: string; readonly mergedCommit?: string },
): Promise<void> {
  const ours = await store.take?.(task, { worker: by, swarm: swarm.id, pid: process.pid }, fence).catch(gone)
  if (!ours) return
  const facts = { worker: by, task }
  await swarm.pay({
    claim: ours,
    facts,
    what: 'completed',
    async act(its) {
      await swarm.pushed(landed)
      await its.complete(ours, { by, at: new Date().toISOString(), mergedCommit })
    },
    done: () => swarm.emit({ type: 'task.completed', ...facts, commit: mergedCommit ?? landed, by }),
  })
}

/** Several find a dead holder at one time: whoever was first completes the task. */
function gone(error: unknown): undefined {
  if (!isErrno(error, 'not-yours', 'already-complete', 'unknown-task')) throw error
}

/** Writes the lines that the crash kept from the log, and lets go of the worktree. */
async function endIteration({ repository, pool, emit }: Recovering, one: RecoveredLanding): Promise<void> {
  const { worker, iteration, branch, into, task, landed: commit, mergedCommit } = one
  const facts = { worker, iteration, branch, ...(task ? { task } : {}) }
  if (!one.said) emit({ type: 'landing.landed', ...facts, into, commit, ...(mergedCommit ? { mergedCommit } : {}) })
  emit({ type: 'iteration.ended', ...facts, outcome: 'landed' })
  const full = path.join(repository.root, `.${worker}-i${iteration}`)
  const gone = !existsSync(full) || (await pool.release({ path: full })).gone
  // A commit that was made after it is on the branch still, which stays then.
  if (gone && one.commit && branch.startsWith('oompa/'))
    await deleteRef(repository.root, `refs/heads/${branch}`, one.commit)
}
