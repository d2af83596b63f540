// `oompa tasks stale`: claims without a sign of life. Ours go back to pending; what is nobody's is only listed.

import { type Command, flag } from '../../cli/contract.js'
import { STATUS } from '../../errors.js'
import { keptWork } from '../../recovery/keep.js'
import { requeueStale, staleClaims } from '../../tasks/requeue.js'
import { json, openTasks, who } from './open.js'
import { claimFacts, plain, printJson } from './print.js'

export const command: Command = {
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
    const { requeued } = flag(args, 'list')
      ? { requeued: [] }
      : await requeueStale(store, { by: worker, note: (claim) => keptWork(root, claim) })
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
      const what = isBack(one.id) ? 'back to pending' : `left (oompa requeue ${plain(one.id)} puts it back)`
      console.log(`${plain(one.id)}: ${plain(one.summary)}\n  ${holder}; ${one.reason}; ${what}`)
    }
    return STATUS.done
  },
}
