// Where the work of a claim is whose worker died: its branch, as the event log tells it, kept at a ref.

import { readLog } from '../events/log.js'
import { isAncestor } from '../git/ancestry.js'
import { resolveCommit } from '../git/repository.js'
import { git } from '../git/run.js'
import type { Claim } from './contract.js'

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
