// The `oompa tasks` commands that end a claim: the task is complete, given back, or put back by a person.

import path from 'node:path'
import { type Command, flag, number, text } from '../../cli/contract.js'
import { OompaError, STATUS, type Status } from '../../errors.js'
import type { Claim, Completion } from '../../tasks/contract.js'
import { becameReady } from '../../tasks/order.js'
import { notYours, unknownTask } from '../../tasks/task-errors.js'
import type { Task } from '../../words.js'
import { json, type Opened, openTasks, taskId, who } from './open-store.js'
import { plain, printJson } from './print.js'

/** `oompa tasks complete`: says that a task is done, and which became ready by it. */
export const complete: Command = {
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
  const { outputFault, outputMissing, outputsOf } = await import('../../tasks/outputs.js')
  for (const one of outputsOf(task)) {
    const fault = outputFault(path.resolve(root, one))
    if (fault) throw outputMissing(task, one, fault)
  }
}

/** `oompa tasks release`: gives a task back, with the reason in its notes. */
export const release: Command = {
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

/** `oompa tasks reset`: a person puts a task back to pending, whoever holds it, and even if it is complete. */
export const reset: Command = {
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

type Standing = { readonly state: 'held'; readonly claim: Claim } | { readonly state: 'complete'; readonly by?: string }

/**
 * The claim of a task, if the one who asks holds it. A file moved by hand is nobody's: whoever ends it takes it first.
 * @throws OompaError `not-yours`, `not-claimed` (status 4), `unknown-task` (status 2)
 */
async function heldBy(opened: Opened, id: string, force: boolean): Promise<Standing> {
  const { store, worker, swarm } = opened
  const { pending, current, complete } = await store.list()
  const held = current.find((task) => task.id === id)
  if (!held) {
    const done = complete.find((task) => task.id === id)
    if (done) {
      const by = done.extra['completed-by']
      return { state: 'complete', ...(typeof by === 'string' ? { by } : {}) }
    }
    if (!pending.some((task) => task.id === id)) throw unknownTask(id)
    throw new OompaError({
      code: 'not-claimed',
      message: `Task \`${id}\` is pending: nobody has claimed it.`,
      mend: `oompa tasks claim ${id}`,
      status: STATUS.refused,
    })
  }
  const { claim } = held
  const isOurs = claim?.holder.worker === worker && (!swarm || !claim.holder.swarm || claim.holder.swarm === swarm)
  if (claim && isOurs) return { state: 'held', claim }
  if (claim && !force) throw notYours(id, `${claim.holder.worker} has held it since ${claim.since}`)
  if (store.take) {
    const ours = await store.take(id, { worker, ...(swarm ? { swarm } : {}), pid: process.pid }, claim?.fence)
    return { state: 'held', claim: ours }
  }
  if (claim) return { state: 'held', claim }
  throw notYours(id, 'it was claimed without a record')
}
