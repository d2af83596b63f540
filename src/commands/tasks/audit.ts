// `oompa tasks audit`: the history of tasks, oldest first.

import { type Command, flag } from '../../cli/contract.js'
import { STATUS } from '../../errors.js'
import { readHistory } from '../../tasks/history.js'
import { findRoot } from '../../tasks/root.js'
import { json } from './open.js'
import { plain, printJson } from './print.js'

export const command: Command = {
  summary: 'Prints who added, claimed, completed, released and took over which task, and when.',
  positionals: [{ name: 'ids', describe: 'only these tasks', array: true }],
  options: { json },
  examples: [
    ['oompa tasks audit', 'everything'],
    ['oompa tasks audit parser', 'one task'],
  ],
  async run(args) {
    const wanted = new Set(args.positionals)
    const entries = readHistory(await findRoot()).filter((entry) => wanted.size === 0 || wanted.has(entry.task))
    if (flag(args, 'json')) printJson(entries)
    else if (entries.length === 0) console.log('No history yet.')
    for (const entry of flag(args, 'json') ? [] : entries) {
      const by = entry.by ? ` by ${plain(entry.by)}${entry.swarm ? ` of ${plain(entry.swarm)}` : ''}` : ''
      const reason = entry.reason ? `: ${plain(entry.reason)}` : ''
      console.log(`${entry.at}  ${entry.type.padEnd(9)}  ${plain(entry.task)}${by}${reason}`)
    }
    return STATUS.done
  },
}
