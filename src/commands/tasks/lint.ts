// `oompa tasks lint`: every task file that is none, with its line and the reason.

import { type Command, flag } from '../../cli/contract.js'
import { STATUS } from '../../errors.js'
import { json, openTasks } from './open.js'
import { printJson } from './print.js'
import { problemLine } from './problems.js'

export const command: Command = {
  summary: 'Lists bad task files with line and reason, duplicates, cycles and missing prerequisites. 1 if any.',
  options: { json },
  examples: [['oompa tasks lint', 'one line for each problem']],
  async run(args) {
    const { root, store } = await openTasks(args)
    const { pending, current, complete, problems } = await store.list()
    if (flag(args, 'json')) printJson(problems)
    else if (problems.length) console.log(problems.map((problem) => problemLine(root, problem)).join('\n'))
    else console.log(`${pending.length + current.length + complete.length} tasks, no problems.`)
    return problems.length ? STATUS.failed : STATUS.done
  },
}
