// `oompa requeue`: puts stale claims back to pending.

import { type Command, flag } from '../cli/contract.js'
import { STATUS } from '../errors.js'
import { json, openTasks, who } from './tasks/open.js'
import { plain, printJson } from './tasks/print.js'

export const command: Command = {
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
    const { keptWork } = await import('../recovery/keep.js')
    const { requeueStale } = await import('../tasks/requeue.js')
    const { root, store, worker } = await openTasks(args)
    const ids = args.positionals.length ? args.positionals : undefined
    const { requeued, left } = await requeueStale(store, { ids, by: worker, note: (claim) => keptWork(root, claim) })
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
