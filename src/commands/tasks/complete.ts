// `oompa tasks complete`: says that a task is done, and which became ready by it.

import { existsSync } from 'node:fs'
import path from 'node:path'
import { type Args, type Command, flag, number, text } from '../../cli/contract.js'
import { OompaError, STATUS, type Status } from '../../errors.js'
import type { Completion } from '../../tasks/contract.js'
import { notYours } from '../../tasks/errors.js'
import { becameReady } from '../../tasks/order.js'
import type { Task } from '../../words.js'
import { heldBy } from './held.js'
import { json, type Opened, openTasks, who } from './open.js'
import { plain, printJson } from './print.js'

export const command: Command = {
  summary: 'Moves a task that you hold to complete. 4: it is not yours.',
  positionals: [{ name: 'id', describe: 'the task (default: OOMPA_TASK)', names: 'current' }],
  options: {
    ...who,
    force: { type: 'boolean', describe: 'Whoever holds it, and whatever its outputs are' },
    commit: { type: 'string', describe: 'The commit that contains the work, for merged-commit' },
    rounds: { type: 'number', describe: 'How many review rounds it took, for review-rounds' },
    notes: { type: 'string', describe: 'A note for the task' },
    json,
  },
  examples: [
    ['oompa tasks complete parser', 'the task that you claimed'],
    ['oompa tasks complete parser --force', 'for a person, whoever holds it'],
  ],
  async run(args) {
    const opened = await openTasks(args)
    const id = taskId(args)
    const ofLoop = opened.swarm !== undefined && Number(process.env.OOMPA_LEVEL) > 1
    const standing = await heldBy(opened, id, flag(args, 'force') && !ofLoop)
    if (standing.state === 'complete') {
      if (standing.by !== undefined && standing.by !== opened.worker) throw notYours(id, `${standing.by} completed it`)
      console.error(`oompa: task \`${plain(id)}\` is complete already`)
      return STATUS.nothing
    }
    if (ofLoop) return askLoop(opened, id, flag(args, 'json'))
    if (!flag(args, 'force')) await checkOutputs(opened.root, standing.claim.task)
    const completion: Completion = {
      by: opened.worker,
      at: new Date().toISOString(),
      reviewRounds: number(args, 'rounds'),
      mergedCommit: text(args, 'commit'),
      notes: text(args, 'notes'),
    }
    await opened.store.complete(standing.claim, completion)
    const { pending, complete } = await opened.store.list()
    const done = new Set(complete.map((task) => task.id))
    const ready = becameReady(pending, id, (one) => done.has(one))
    if (flag(args, 'json')) printJson({ id, completedBy: completion.by, ready: ready.map((task) => task.id) })
    else {
      console.log(`Completed ${plain(id)}.`)
      for (const task of ready) console.log(`Ready now: ${plain(task.id)}: ${plain(task.summary)}`)
    }
    return STATUS.done
  },
}

/** An agent whose work the loop lands says that its task is done: what lands completes it, and nothing else does. */
async function askLoop({ root, worker, swarm }: Opened, id: string, asJson: boolean): Promise<Status> {
  const { record } = await import('../../tasks/history.js')
  record(root, { type: 'finished', task: id, by: worker, swarm })
  if (asJson) printJson({ id, finished: true })
  else console.log(`Noted: ${plain(id)} is complete when your change lands. Commit it, and end your turn.`)
  return STATUS.done
}

/**
 * A node of a task graph may name files that must be there when it is complete (docs/contract.md).
 * @throws OompaError `output-missing` (status 4)
 */
async function checkOutputs(root: string, task: Task): Promise<void> {
  const { outputMissing, outputsOf } = await import('../../tasks/outputs.js')
  const missing = outputsOf(task).find((one) => !existsSync(path.resolve(root, one)))
  if (missing !== undefined) throw outputMissing(task, missing)
}

/** The id given, or the task that this iteration claimed. */
export function taskId(args: Args): string {
  const id = args.positionals[0] ?? process.env.OOMPA_TASK
  if (id) return id
  throw new OompaError({
    code: 'usage',
    message: 'Which task? Name its id (OOMPA_TASK is not set).',
    mend: 'oompa tasks',
    status: STATUS.usage,
  })
}
