// `oompa tasks add`: adds a task to the main checkout's pending ones, and prints its id.

import { type Command, flag, list, text } from '../../cli/contract.js'
import { OompaError, STATUS } from '../../errors.js'
import { json, openTasks, storesFor } from './open-store.js'
import { plain, printJson, taskFacts } from './print.js'

export const command: Command = {
  summary: 'Adds a task and prints its id. 4: there is one with this id.',
  positionals: [{ name: 'summary', describe: 'what is to be done, in one line', required: true }],
  options: {
    id: { type: 'string', describe: 'Its id (default: made of the summary)' },
    description: { type: 'string', describe: 'More about it' },
    priority: { type: 'string', describe: 'A number or P1; 0 comes first, none last' },
    'depends-on': { type: 'string', array: true, describe: 'Ids that must be complete first', names: 'task' },
    files: { type: 'string', array: true, describe: 'Files that it touches' },
    acceptance: { type: 'string', array: true, describe: 'When it is done' },
    difficulty: { type: 'string', describe: 'easy, medium or hard' },
    role: { type: 'string', describe: 'Who it is for' },
    story: { type: 'string', describe: 'The story it belongs to' },
    store: { type: 'string', describe: 'Which of `tasks.stores` it goes into (default: the first)' },
    format: { type: 'string', choices: ['edn', 'json'], describe: 'How the file is written (default: as the others)' },
    json,
  },
  examples: [
    ['oompa tasks add "Write the parser"', 'prints write-the-parser'],
    ['oompa tasks add "Test it" --id tests --priority 2 --depends-on write-the-parser', 'after the other'],
  ],
  async run(args) {
    if (process.env.OOMPA_CAN_PLAN === '0') {
      throw new OompaError({
        code: 'may-not-plan',
        message: 'This worker may not add tasks: it is an executor (can_plan is false).',
        mend: 'Put what you found into your final message.',
        status: STATUS.refused,
      })
    }
    const { decodePriority } = await import('../../tasks/decode.js')
    const priority = decodePriority(text(args, 'priority'))
    if (priority === 'unknown') {
      throw new OompaError({
        code: 'usage',
        message: `--priority is \`${text(args, 'priority')}\`: it must be a number, or P1.`,
        status: STATUS.usage,
      })
    }
    const opened = await openTasks(args)
    const format = text(args, 'format')
    const stores = await storesFor(opened, list(args, 'store'))
    const task = await opened.store.add({
      summary: args.positionals[0]!,
      id: text(args, 'id'),
      description: text(args, 'description'),
      priority,
      dependsOn: list(args, 'depends-on')
        .flatMap((one) => one.split(','))
        .map((one) => one.trim())
        .filter(Boolean),
      files: list(args, 'files'),
      acceptance: list(args, 'acceptance'),
      difficulty: text(args, 'difficulty'),
      role: text(args, 'role'),
      story: text(args, 'story'),
      store: stores?.[0],
      format: format === 'json' || format === 'edn' ? format : undefined,
    })
    if (flag(args, 'json')) printJson(taskFacts(task))
    else console.log(plain(task.id))
    return STATUS.done
  },
}
