// `oompa tasks show`: everything about one task.

import { type Command, flag } from '../../cli/contract.js'
import { STATUS } from '../../errors.js'
import { unknownTask } from '../../tasks/errors.js'
import { readHistory } from '../../tasks/history.js'
import { taskId } from './complete.js'
import { json, openTasks } from './open.js'
import { claimFacts, plain, printJson, taskFacts, taskText } from './print.js'

export const command: Command = {
  summary: 'Shows one task: its state, who holds it, what it waits for, its notes.',
  positionals: [{ name: 'id', describe: 'the task (default: OOMPA_TASK)', names: 'task' }],
  options: { json },
  examples: [
    ['oompa tasks show parser', 'for a person'],
    ['oompa tasks show parser --json', 'with the landed commit, for programs'],
  ],
  async run(args) {
    const { root, store } = await openTasks(args)
    const id = taskId(args)
    const { pending, current, complete } = await store.list()
    const waiting = pending.find((task) => task.id === id)
    const held = current.find((task) => task.id === id)
    const done = complete.find((task) => task.id === id)
    // A task that is in two places counts as what it has got furthest with.
    const task = done ?? held ?? waiting
    if (!task) throw unknownTask(id)
    const state = done ? 'complete' : held ? 'current' : 'pending'
    const { claim: _, ...facts } = held ?? { claim: undefined }
    const landed = readHistory(root).findLast((entry) => entry.task === id && entry.commit !== undefined)?.commit
    const mergedCommit = done?.extra['merged-commit'] ?? (done && landed)
    if (flag(args, 'json')) {
      printJson({
        ...taskFacts({ ...task, ...facts }),
        state,
        ...(held?.claim ? { claim: claimFacts(held.claim) } : {}),
        ...(mergedCommit === undefined ? {} : { 'merged-commit': mergedCommit }),
      })
      return STATUS.done
    }
    const said = (key: string) => (task.extra[key] === undefined ? undefined : String(task.extra[key]))
    console.log(
      taskText(task, [
        ['state', waiting && state === 'pending' ? (waiting.ready ? 'pending, ready' : 'pending') : state],
        ['waits for', state === 'pending' ? waiting?.waitsFor.join(', ') || undefined : undefined],
        [
          'held by',
          held?.claim && state === 'current' ? `${held.claim.holder.worker} since ${held.claim.since}` : undefined,
        ],
        ['stale', state === 'current' ? held?.stale : undefined],
        ['completed by', said('completed-by')],
        ['completed at', said('completed-at')],
        ['merged commit', typeof mergedCommit === 'string' ? plain(mergedCommit) : undefined],
      ]),
    )
    return STATUS.done
  },
}
