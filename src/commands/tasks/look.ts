// The `oompa tasks` commands that only look: at one task, at what is wrong, at what depends on what, at the history.

import { type Command, flag, text } from '../../cli/contract.js'
import { STATUS } from '../../errors.js'
import { drawGraph } from '../../tasks/draw.js'
import { readHistory } from '../../tasks/history.js'
import { findRoot } from '../../tasks/root.js'
import { unknownTask } from '../../tasks/task-errors.js'
import { count } from '../../views/format.js'
import { json, openTasks, taskId } from './open-store.js'
import { claimFacts, plain, printJson, problemLine, taskFacts, taskText } from './print.js'

/** `oompa tasks show`: everything about one task. */
export const show: Command = {
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

/** `oompa tasks lint`: every task file that is none, with its line and the reason. */
export const lint: Command = {
  summary: 'Lists bad task files with line and reason, duplicates, cycles and missing prerequisites. 1 if any.',
  options: { json },
  examples: [['oompa tasks lint', 'one line for each problem']],
  async run(args) {
    const { root, store } = await openTasks(args)
    const { pending, current, complete, problems } = await store.list()
    if (flag(args, 'json')) printJson(problems)
    else if (problems.length) console.log(problems.map((problem) => problemLine(root, problem)).join('\n'))
    else console.log(`${count(pending.length + current.length + complete.length, 'task')}, no problems.`)
    return problems.length ? STATUS.failed : STATUS.done
  },
}

/** `oompa tasks graph`: what depends on what, as text, mermaid or dot. */
export const graph: Command = {
  summary: 'Draws the dependencies, with cycles and missing prerequisites.',
  options: {
    format: { type: 'string', choices: ['text', 'mermaid', 'dot'], describe: 'How it is drawn (default: text)' },
    json,
  },
  examples: [
    ['oompa tasks graph', 'a tree in text'],
    ['oompa tasks graph --format mermaid', 'for a README'],
    ['oompa tasks graph --format dot | dot -Tsvg >tasks.svg', 'a picture'],
  ],
  async run(args) {
    const { store } = await openTasks(args)
    const listing = await store.list()
    if (flag(args, 'json')) {
      const { graphOf } = await import('../../tasks/draw.js')
      printJson(graphOf(listing))
      // As it is, whatever the screen's width: another program may be meant to read it.
    } else process.stdout.write(`${drawGraph(listing, text(args, 'format') ?? 'text')}\n`)
    return STATUS.done
  },
}

/** `oompa tasks audit`: the history of tasks, oldest first. */
export const audit: Command = {
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
