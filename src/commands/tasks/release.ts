// `oompa tasks release`: gives a task back, with the reason in its notes.

import { type Command, flag, text } from '../../cli/contract.js'
import { OompaError, STATUS } from '../../errors.js'
import { taskId } from './complete.js'
import { heldBy } from './held.js'
import { json, openTasks, who } from './open.js'
import { plain, printJson } from './print.js'

export const command: Command = {
  summary: 'Puts a task that you hold back to pending. 4: it is not yours.',
  positionals: [{ name: 'id', describe: 'the task (default: OOMPA_TASK)', names: 'current' }],
  options: {
    ...who,
    force: { type: 'boolean', describe: 'Whoever holds it' },
    reason: { type: 'string', describe: 'Why, for its notes: what is in the way, where the work is' },
    json,
  },
  examples: [['oompa tasks release parser --reason "needs the lexer first"', 'gives it back, and says why']],
  async run(args) {
    const opened = await openTasks(args)
    const id = taskId(args)
    const standing = await heldBy(opened, id, flag(args, 'force'))
    if (standing.state === 'complete') {
      throw new OompaError({
        code: 'already-complete',
        message: `Task \`${id}\` is complete.`,
        mend: `oompa tasks reset ${id}`,
        status: STATUS.refused,
      })
    }
    await opened.store.release(standing.claim, text(args, 'reason') ?? '')
    if (flag(args, 'json')) printJson({ id, released: true })
    else console.log(`Released ${plain(id)}.`)
    return STATUS.done
  },
}
