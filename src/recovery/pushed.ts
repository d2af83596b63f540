// Where the work of a claim is pushed while it goes on, so that it is not lost with its machine.

import { oneLine } from '../files/lines.js'
import { firstWith, isAncestor } from '../git/ancestry.js'
import { networkGit } from '../git/network.js'
import { gitText } from '../git/run.js'
import { remoteOf } from '../git/upstream.js'
import { changeRef, pushRef } from '../merge/remote.js'
import type { Claim, TaskStore } from '../tasks/contract.js'
import type { Recovering } from './contract.js'
import { keptWork } from './keep.js'
import { completeClaim } from './landings.js'

/**
 * A sentence for the notes of a task whose holder is gone: where its work is kept here, or where it is on the remote if
 * several machines share the tasks; undefined if nothing says.
 */
export async function workOfClaim(
  root: string,
  claim: Claim,
  store: Pick<TaskStore, 'engine'>,
): Promise<string | undefined> {
  return (await keptWork(root, claim)) ?? (store.engine ? pushedWork(root, claim) : undefined)
}

async function pushedWork(root: string, claim: Claim): Promise<string | undefined> {
  const work = await workOnRemote(root, claim)
  if (!work) return undefined
  const { remote, ref, commit } = work
  return commit === undefined
    ? `Nothing of its work was pushed: what there was is on its machine.`
    : `Its work is on ${remote}: git fetch ${remote} ${ref}`
}

/** Where the work of a claim is on the remote; without a commit where nothing was pushed, and undefined if nobody can say. */
async function workOnRemote(
  root: string,
  { task, holder }: Claim,
): Promise<{ readonly remote: string; readonly ref: string; readonly commit?: string } | undefined> {
  const { swarm, worker } = holder
  // The machine stands before the worker's name, where it is another one.
  const lane = worker.slice(worker.lastIndexOf('/') + 1)
  if (swarm === undefined || !/^[0-9a-f]{8}$/.test(swarm) || !/^[A-Za-z0-9_-]+$/.test(lane)) return undefined
  const ref = changeRef(swarm, lane, task.id)
  const remote = await remoteOf(root)
  const { status, stdout } = await networkGit(root, ['ls-remote', '--end-of-options', remote, ref], {})
  if (status !== 0) return undefined
  const [commit] = stdout.split('\t')
  return { remote, ref, ...(commit ? { commit } : {}) }
}

/**
 * Completes the task of a holder that is gone, if its work has landed: it died before it could say so, or another machine
 * has landed it in a batch.
 * @returns whether it has
 */
export async function completePushed(
  swarm: Recovering,
  claim: Claim,
  { store, into }: { readonly store: TaskStore; readonly into: string },
): Promise<boolean> {
  const { root } = swarm.repository
  const work = await workOnRemote(root, claim)
  const target = `refs/heads/${into}`
  if (work?.commit === undefined) return false
  await swarm.fresh.now(performance.now())
  if (!(await isLandedFor(root, work.commit, target, claim.task.id))) return false
  const landed = await firstWith(root, work.commit, target)
  await completeClaim(swarm, store, claim, landed, { worker: claim.holder.worker, mergedCommit: work.commit })
  await pushRef(root, work.remote, `:${work.ref}`, {})
  return true
}

/**
 * Whether a commit was landed for a task. That the target has it says nothing: an agent may have set its branch to what
 * others have landed.
 */
async function isLandedFor(root: string, commit: string, target: string, task: string): Promise<boolean> {
  if (!(await isAncestor(root, commit, target))) return false
  const format = '--format=%P%x00%(trailers:key=Oompa-Task,valueonly)%x01'
  const log = await gitText(root, ['log', '--ancestry-path', '--merges', format, `${commit}..${target}`])
  return log.split('\x01').some((line) => {
    const [parents = '', tasks = ''] = line.trim().split('\0')
    return parents.split(' ')[1] === commit && tasks.split('\n').includes(oneLine(task, 200))
  })
}
