// `oompa tasks import`: takes over tasks from a markdown list, a JSON array or a task graph.

import { readFileSync } from 'node:fs'
import path from 'node:path'
import { messageOf, OompaError, STATUS, usageError } from '../../errors.js'
import { readImport } from '../../tasks/import.js'
import type { Command } from '../contract.js'
import { flag, text } from '../parse.js'
import { json, openTasks } from './open.js'
import { plain, printJson } from './print.js'

export const command: Command = {
  name: 'tasks import',
  summary: 'Adds the open tasks of a markdown list, a JSON array or a task graph. 3: nothing new in it.',
  positionals: [
    { name: 'file', describe: 'a .md, .json, .yaml or .edn file, or - for standard input', required: true },
  ],
  options: {
    format: {
      type: 'string',
      choices: ['edn', 'json'],
      describe: 'How the files are written (default: as the others)',
    },
    json,
  },
  examples: [
    ['oompa tasks import TODO.md', 'every `- [ ]` item'],
    ['oompa tasks import task-graph.yaml', 'every node that is not complete'],
  ],
  async run(args) {
    const file = args.positionals[0]!
    let source: string
    try {
      source = readFileSync(file === '-' ? 0 : file, 'utf8')
    } catch (error) {
      throw usageError(`Cannot read ${file}: ${messageOf(error)}.`)
    }
    const wanted = await readImport(source, file)
    // What is taken over is not the store that it goes into, though it may look like one.
    const { store } = await openTasks(args, file === '-' ? undefined : path.resolve(file))
    const format = text(args, 'format')
    const added: string[] = []
    const left: { id: string; reason: string }[] = []
    for (const task of wanted) {
      try {
        const one = await store.add({ ...task, format: format === 'json' || format === 'edn' ? format : undefined })
        added.push(one.id)
      } catch (error) {
        if (!(error instanceof OompaError)) throw error
        left.push({ id: task.id ?? task.summary, reason: error.message })
      }
    }
    if (flag(args, 'json')) printJson({ added, left })
    else if (added.length) console.log(added.map(plain).join('\n'))
    for (const { reason } of left) console.error(`oompa: left out: ${plain(reason)}`)
    return added.length ? STATUS.done : STATUS.nothing
  },
}
