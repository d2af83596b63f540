// Writes the history of a store that keeps none, so that `oompa tasks audit` tells of any store's tasks.

import type { TaskStore } from './contract.js'
import { addedBy, record } from './history.js'

/** The same store, with everything that is done to it in the history. Ours write it themselves. */
export function recorded(store: TaskStore, root: string): TaskStore {
  if (store.tracked) return store
  return {
    name: store.name,
    list: () => store.list(),
    async claim(request) {
      const answer = await store.claim(request)
      if (answer.answer === 'claimed') {
        const { task, holder } = answer.claim
        record(root, { type: 'claimed', task: task.id, by: holder.worker, swarm: holder.swarm })
      }
      return answer
    },
    async complete(claim, completion) {
      await store.complete(claim, completion)
      const { mergedCommit: commit } = completion
      record(root, { type: 'completed', task: claim.task.id, by: completion.by, swarm: claim.holder.swarm, commit })
    },
    async release(claim, reason) {
      await store.release(claim, reason)
      const { worker: by, swarm } = claim.holder
      record(root, { type: 'released', task: claim.task.id, by, swarm, reason })
    },
    async add(task) {
      const added = await store.add(task)
      record(root, { type: 'added', task: added.id, ...addedBy(false, task.by) })
      return added
    },
    ...(store.renew ? { renew: (claims) => store.renew!(claims) } : {}),
    ...(store.watch ? { watch: (changed) => store.watch!(changed) } : {}),
    ...(store.take
      ? {
          async take(id, claimer, expected) {
            const claim = await store.take!(id, claimer, expected)
            record(root, { type: 'taken', task: id, by: claimer.worker, swarm: claimer.swarm })
            return claim
          },
        }
      : {}),
    ...(store.reopen
      ? {
          async reopen(id, reason, by) {
            const reopened = await store.reopen!(id, reason, by)
            if (reopened) record(root, { type: 'reopened', task: id, by, reason })
            return reopened
          },
        }
      : {}),
    ...(store.path === undefined ? {} : { path: store.path }),
    ...(store.engine ? { engine: store.engine } : {}),
  }
}
