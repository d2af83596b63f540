// `oompa tasks claim`: takes a task for a script or an agent. On the path of a shell loop, so it loads next to nothing.

import { type Command, flag, list, number, text } from '../../cli/contract.js'
import { STATUS, type Status } from '../../errors.js'
import type { ClaimAnswer, ClaimRequest, TaskStore } from '../../tasks/contract.js'
import { isWanted } from '../../tasks/order.js'
import type { Task } from '../../words.js'
import { claimerOf, json, openTasks, storesFor, who } from './open-store.js'
import { claimFacts, printJson, taskFacts, taskText } from './print.js'

export const command: Command = {
  summary: 'Claims a task, the first that is ready unless one is named, and prints it. 3: none is ready; 4: taken.',
  positionals: [{ name: 'id', describe: 'the task to claim', names: 'pending' }],
  options: {
    ...who,
    pid: { type: 'number', describe: 'The claim lives as long as this process (default: 15 minutes, renewed by use)' },
    story: { type: 'string', describe: 'Only tasks of this story' },
    store: { type: 'string', array: true, describe: 'Only tasks of these stores, of `tasks.stores`' },
    priority: { type: 'number', describe: 'Only tasks with at most this priority number' },
    role: { type: 'string', describe: 'Only tasks for this role, or for any' },
    files: { type: 'string', array: true, describe: 'Only tasks that touch these files or folders' },
    preview: { type: 'boolean', describe: 'Print what would be claimed, and claim nothing' },
    json,
  },
  examples: [
    ['oompa tasks claim', 'the next one'],
    ['oompa tasks claim parser --worker w2', 'this one, for w2'],
    ['while oompa tasks claim --pid $$ --json >task.json; do …; done', 'a loop in bash'],
  ],
  async run(args) {
    const opened = await openTasks(args)
    const [id] = args.positionals
    const request: ClaimRequest = {
      claimer: claimerOf(opened, args),
      ...(id === undefined ? {} : { id }),
      story: text(args, 'story'),
      priority: number(args, 'priority'),
      role: text(args, 'role'),
      files: list(args, 'files'),
      stores: await storesFor(opened, list(args, 'store')),
    }
    if (flag(args, 'preview')) return preview(opened.store, request, flag(args, 'json'))
    const answer = await opened.store.claim(request)
    if (answer.answer !== 'claimed') return refuse(answer, flag(args, 'json'))
    const { task } = answer.claim
    if (flag(args, 'json')) printJson({ answer: 'claimed', ...taskFacts(task), claim: claimFacts(answer.claim) })
    else console.log(taskText(task))
    return STATUS.done
  },
}

const STATUSES = {
  none: STATUS.nothing,
  'already-taken': STATUS.refused,
  'dependency-missing': STATUS.refused,
  'not-found': STATUS.usage,
} as const

function refuse(answer: Exclude<ClaimAnswer, { answer: 'claimed' }>, asJson: boolean): Status {
  if (asJson) printJson(answer)
  console.error(`oompa: ${answer.answer === 'none' ? 'no task is ready: ' : ''}${answer.why}`)
  return STATUSES[answer.answer]
}

async function preview(store: TaskStore, request: ClaimRequest, asJson: boolean): Promise<Status> {
  const { pending, current, complete } = await store.list()
  const task = pending.find((one) =>
    request.id === undefined ? one.ready && isWanted(one, request) : one.id === request.id,
  )
  if (task?.ready) {
    if (asJson) printJson({ answer: 'preview', ...taskFacts(task) })
    else console.log(taskText(task))
    return STATUS.done
  }
  if (request.id === undefined) {
    const waiting = pending.find((one) => one.waitsFor.length)
    const why = waiting ? `\`${waiting.id}\` waits for ${waiting.waitsFor.join(', ')}` : 'no task is pending'
    return refuse({ answer: 'none', why }, asJson)
  }
  return refuse(whyNot(request.id, task, [...current, ...complete]), asJson)
}

function whyNot(
  id: string,
  task: { waitsFor: readonly string[] } | undefined,
  taken: readonly Task[],
): Exclude<ClaimAnswer, { answer: 'claimed' }> {
  if (task) return { answer: 'dependency-missing', why: `\`${id}\` waits for ${task.waitsFor.join(', ')}` }
  return taken.some((one) => one.id === id)
    ? { answer: 'already-taken', why: `\`${id}\` is taken` }
    : { answer: 'not-found', why: `there is no task \`${id}\`` }
}
