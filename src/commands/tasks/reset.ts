// `oompa tasks reset`: a person puts a task back to pending, whoever holds it, and even if it is complete.

import { type Command, flag, text } from '../../cli/contract.js'
import { OompaError, STATUS } from '../../errors.js'
import { heldBy } from './held.js'
import { json, openTasks, who } from './open.js'
import { plain, printJson } from './print.js'

export const command: Command = {
  summary: 'Puts a task back to pending, whoever holds it or completed it: for a person.',
  positionals: [{ name: 'id', describe: 'the task', required: true, names: 'current' }],
  options: { ...who, reason: { type: 'string', describe: 'Why, for its notes' }, json },
  examples: [['oompa tasks reset parser', 'whatever state it is in']],
  async run(args) {
    const opened = await openTasks(args)
    const id = args.positionals[0]!
    const { pending, complete } = await opened.store.list()
    if (pending.some((task) => task.id === id)) {
      console.error(`oompa: task \`${plain(id)}\` is pending already`)
      return STATUS.nothing
    }
    const reason = text(args, 'reason') ?? ''
    if (complete.some((task) => task.id === id)) {
      if (!(await opened.store.reopen?.(id, reason, opened.worker))) throw cannotReopen(id, opened.store.name)
    } else {
      const standing = await heldBy(opened, id, true)
      if (standing.state === 'held') await opened.store.release(standing.claim, reason)
    }
    if (flag(args, 'json')) printJson({ id, pending: true })
    else console.log(`Task ${plain(id)} is pending again.`)
    return STATUS.done
  },
}

function cannotReopen(id: string, store: string): OompaError {
  return new OompaError({
    code: 'cannot-reopen',
    message: `Task \`${id}\` is complete, and its store (${store}) does not put complete tasks back.`,
    mend: `oompa tasks add … for what is left of it, or put it back where the store keeps it`,
    status: STATUS.refused,
  })
}
