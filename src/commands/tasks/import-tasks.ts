// `oompa tasks import`: takes over tasks from a markdown list, a JSON array or a task graph.

import { isUtf8 } from 'node:buffer'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { type Command, flag, list, text } from '../../cli/contract.js'
import { messageOf, OompaError, STATUS, usageError } from '../../errors.js'
import type { NewTask } from '../../tasks/contract.js'
import { ranked } from '../../tasks/import/rank.js'
import { readImport } from '../../tasks/import.js'
import { json, openTasks, storesFor } from './open-store.js'
import { plain, printJson } from './print.js'

export const command: Command = {
  summary:
    'Adds the open tasks of a markdown text, a list as JSON, EDN or YAML, or a task graph. 3: nothing new in it.',
  positionals: [
    { name: 'file', describe: 'a .md, .json, .jsonl, .yaml or .edn file, or - for standard input', required: true },
  ],
  options: {
    list: { type: 'string', describe: 'Which list, where the file holds several' },
    store: { type: 'string', describe: 'Which of `tasks.stores` they go into (default: the first)' },
    format: {
      type: 'string',
      choices: ['edn', 'json'],
      describe: 'How the files are written (default: as the others)',
    },
    json,
  },
  examples: [
    ['oompa tasks import TODO.md', 'every `- [ ]` item, or every heading with facts below it'],
    ['oompa tasks import .beads/issues.jsonl', 'every issue that is not closed'],
    ['oompa tasks import task-graph.yaml', 'every node that is not complete'],
  ],
  async run(args) {
    const file = args.positionals[0]!
    const chosen = text(args, 'list')
    const { tasks, remarks } = await readImport(sourceOf(file), { name: file, ...(chosen ? { list: chosen } : {}) })
    // What is taken over is not the store that it goes into, though it may look like one.
    const opened = await openTasks(args, file === '-' ? undefined : path.resolve(file))
    const { store } = opened
    const into = (await storesFor(opened, list(args, 'store')))?.[0]
    const before = await store.list()
    const there = [...before.pending, ...before.current, ...before.complete]
    const priorities = before.pending.flatMap((task) => task.priority ?? [])
    // Files come in the order of their names.
    const wanted = store.name === 'folder' ? ranked(tasks, priorities) : tasks
    const format = text(args, 'format')
    const added: string[] = []
    const left: { id: string; reason: string }[] = []
    for (const task of wanted) {
      try {
        const one = await store.add({
          ...task,
          store: into,
          format: format === 'json' || format === 'edn' ? format : undefined,
        })
        added.push(one.id)
      } catch (error) {
        if (!(error instanceof OompaError)) throw error
        left.push({ id: task.id ?? task.summary, reason: error.message })
      }
    }
    const notes = [...remarks, ...missing(wanted, new Set([...there.map((task) => task.id), ...added]))]
    if (flag(args, 'json')) printJson({ added, left, remarks: notes })
    else if (added.length) console.log(added.map(plain).join('\n'))
    for (const { reason } of left) console.error(`oompa: left out: ${plain(reason)}`)
    for (const note of notes) console.error(`oompa: ${plain(note)}`)
    return added.length ? STATUS.done : STATUS.nothing
  },
}

function sourceOf(file: string): string {
  let bytes: Buffer
  try {
    bytes = readFileSync(file === '-' ? 0 : file)
  } catch (error) {
    throw usageError(`Cannot read ${file}: ${messageOf(error)}.`)
  }
  if (!isUtf8(bytes))
    throw usageError(
      `Cannot import ${file}: it is not UTF-8 text.`,
      `iconv -f LATIN1 -t UTF-8 ${file} | oompa tasks import -`,
    )
  return bytes.toString('utf8')
}

/** What waits for tasks that are nowhere: it would wait for ever. */
function missing(tasks: readonly NewTask[], known: ReadonlySet<string>): string[] {
  return tasks.flatMap((task) => {
    const absent = (task.dependsOn ?? []).filter((id) => !known.has(id))
    return absent.length ? [`${task.id} waits for ${absent.join(', ')}, which is no task here.`] : []
  })
}
