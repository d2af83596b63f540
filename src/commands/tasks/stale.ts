// Claims without a sign of life: `oompa tasks stale` lists them, and it and `oompa requeue` put them back to pending.

import { type Command, flag } from '../../cli/contract.js'
import { STATUS } from '../../errors.js'
import { hasLanded, workOfClaim } from '../../recovery/pushed.js'
import type { TaskStore } from '../../tasks/contract.js'
import { type RequeueOptions, requeueStale, staleClaims } from '../../tasks/requeue.js'
import { json, openTasks, who } from './open-store.js'
import { claimFacts, plain, printJson } from './print.js'

/** `oompa tasks stale`: ours go back to pending; what is nobody’s is only listed. */
export const stale: Command = {
  summary:
    'Lists claims without a sign of life, and puts them back to pending; tasks in current without a claim record are only listed.',
  options: { ...who, list: { type: 'boolean', describe: 'Only list, put nothing back' }, json },
  examples: [
    ['oompa tasks stale', 'lists them, and puts back those whose worker is gone'],
    ['oompa tasks stale --list', 'changes nothing'],
    ['oompa requeue parser', 'puts back one that has no claim record'],
  ],
  async run(args) {
    const { root, store, worker } = await openTasks(args)
    const stale = await staleClaims(store)
    const { requeued, left } = flag(args, 'list')
      ? { requeued: [], left: [] }
      : await requeueStale(store, putBack(root, store, worker))
    const isBack = (id: string) => requeued.some((one) => one.id === id)
    if (flag(args, 'json')) {
      printJson(
        stale.map(({ claim, ...one }) => ({
          ...one,
          ...(claim ? { claim: claimFacts(claim) } : {}),
          requeued: isBack(one.id),
        })),
      )
      return STATUS.done
    }
    if (stale.length === 0) console.log('No stale claims.')
    for (const one of stale) {
      const holder = one.claim ? `held by ${plain(one.claim.holder.worker)}` : 'nobody’s'
      const kept = left.find(({ id }) => id === one.id)?.reason
      const what = isBack(one.id) ? 'back to pending' : (kept ?? `left (oompa requeue ${plain(one.id)} puts it back)`)
      console.log(`${plain(one.id)}: ${plain(one.summary)}\n  ${holder}; ${one.reason}; ${what}`)
    }
    return STATUS.done
  },
}

/** `oompa requeue`: every stale claim, or the ones that are named. */
export const requeue: Command = {
  summary: 'Puts claims whose worker is gone back to pending. 3: there is none; 4: one that was named is held.',
  positionals: [
    { name: 'ids', describe: 'only these tasks, even if they have no claim record', array: true, names: 'current' },
  ],
  options: { ...who, json },
  examples: [
    ['oompa requeue', 'every stale claim'],
    ['oompa requeue parser', 'this one'],
  ],
  async run(args) {
    const { root, store, worker } = await openTasks(args)
    const ids = args.positionals.length ? args.positionals : undefined
    const { requeued, left } = await requeueStale(store, { ids, ...putBack(root, store, worker) })
    if (flag(args, 'json')) printJson({ requeued: requeued.map((one) => one.id), left })
    else {
      for (const one of requeued) console.log(`Requeued ${plain(one.id)}: ${one.reason}.`)
      if (requeued.length + left.length === 0) {
        const bare = ids ? [] : (await store.list()).current.filter((task) => task.bare !== undefined)
        console.log('No stale claims.')
        if (bare.length > 0) {
          const names = bare.map(({ id }) => plain(id)).join(' ')
          console.log(`In current without a claim record; if nobody works on them: oompa requeue ${names}`)
        }
      }
    }
    for (const one of left) console.error(`oompa: not requeued ${plain(one.id)}: ${plain(one.reason)}`)
    if (left.some((one) => one.unknown)) return STATUS.usage
    if (left.length) return STATUS.refused
    return requeued.length ? STATUS.done : STATUS.nothing
  },
}

/** With where the work of each is; what has landed stays, to be completed. */
function putBack(root: string, store: TaskStore, by: string): RequeueOptions {
  return {
    by,
    keep: (claim) => hasLanded(root, claim, store),
    note: (claim) => workOfClaim(root, claim, store),
  }
}
