// A claim that a command wants to end: found by its id, its owner verified.

import { OompaError, STATUS } from '../../errors.js'
import type { Claim } from '../../tasks/contract.js'
import { notYours, unknownTask } from '../../tasks/errors.js'
import type { Opened } from './open.js'

export type Standing =
  | { readonly state: 'held'; readonly claim: Claim }
  | { readonly state: 'complete'; readonly by?: string }

/**
 * The claim of a task, if the one who asks holds it. A file moved by hand is nobody's: whoever ends it takes it first.
 * @throws OompaError `not-yours`, `not-claimed` (status 4), `unknown-task` (status 2)
 */
export async function heldBy(opened: Opened, id: string, force: boolean): Promise<Standing> {
  const { store, worker, swarm } = opened
  const { pending, current, complete } = await store.list()
  const held = current.find((task) => task.id === id)
  if (!held) {
    const done = complete.find((task) => task.id === id)
    if (done) {
      const by = done.extra['completed-by']
      return { state: 'complete', ...(typeof by === 'string' ? { by } : {}) }
    }
    if (!pending.some((task) => task.id === id)) throw unknownTask(id)
    throw new OompaError({
      code: 'not-claimed',
      message: `Task \`${id}\` is pending: nobody has claimed it.`,
      mend: `oompa tasks claim ${id}`,
      status: STATUS.refused,
    })
  }
  const { claim } = held
  const isOurs = claim?.holder.worker === worker && (!swarm || !claim.holder.swarm || claim.holder.swarm === swarm)
  if (claim && isOurs) return { state: 'held', claim }
  if (claim && !force) throw notYours(id, `${claim.holder.worker} has held it since ${claim.since}`)
  if (store.take) {
    const ours = await store.take(id, { worker, ...(swarm ? { swarm } : {}), pid: process.pid }, claim?.fence)
    return { state: 'held', claim: ours }
  }
  if (claim) return { state: 'held', claim }
  throw notYours(id, 'it was claimed without a record')
}
