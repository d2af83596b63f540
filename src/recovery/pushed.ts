// Where the work of a claim is pushed while it goes on, so that it is not lost with its machine.

import { networkGit } from '../git/network.js'
import { remoteOf } from '../git/upstream.js'
import { changeRef } from '../merge/remote.js'
import type { Claim, TaskStore } from '../tasks/contract.js'
import { keptWork } from './keep.js'

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

async function pushedWork(root: string, { task, holder }: Claim): Promise<string | undefined> {
  const { swarm, worker } = holder
  // The machine stands before the worker's name, where it is another one.
  const lane = worker.slice(worker.lastIndexOf('/') + 1)
  if (swarm === undefined || !/^[0-9a-f]{8}$/.test(swarm) || !/^[A-Za-z0-9_-]+$/.test(lane)) return undefined
  const ref = changeRef(swarm, lane, task.id)
  const remote = await remoteOf(root)
  const { status, stdout } = await networkGit(root, ['ls-remote', '--end-of-options', remote, ref], {})
  if (status !== 0) return undefined
  return stdout.trim() === ''
    ? `Nothing of its work was pushed: what there was is on its machine.`
    : `Its work is on ${remote}: git fetch ${remote} ${ref}`
}
