// `oompa tasks`: what is pending, current and complete. The subcommands are in `tasks/`, loaded when they are called.

import { type Command, flag } from '../cli/contract.js'
import { STATUS } from '../errors.js'
import { json, openTasks } from './tasks/open-store.js'

const end = async (name: 'complete' | 'release' | 'reset') => ({
  command: (await import('./tasks/end-claim.js'))[name],
})
const look = async (name: 'show' | 'lint' | 'graph' | 'audit') => ({ command: (await import('./tasks/look.js'))[name] })

export const command: Command = {
  summary: 'Shows the tasks: how many are pending, current and complete, and which.',
  options: { json },
  examples: [
    ['oompa tasks', 'counts, then the pending and current tasks'],
    ['oompa tasks --json', 'everything, for programs'],
    ['oompa tasks add "Write the parser" --priority 1', 'adds a task, prints its id'],
    ['oompa tasks claim', 'claims the next task that is ready'],
  ],
  subcommands: {
    add: { summary: 'Add a task, print its id', load: () => import('./tasks/add-task.js') },
    claim: {
      summary: 'Claim a task, the next that is ready unless one is named',
      load: () => import('./tasks/claim-task.js'),
    },
    complete: {
      summary: 'Move a task that you hold to complete',
      load: () => end('complete'),
    },
    release: {
      summary: 'Put a task that you hold back to pending',
      load: () => end('release'),
    },
    show: { summary: 'Show one task', load: () => look('show') },
    reset: {
      summary: 'Put a task back to pending, whoever holds it',
      load: () => end('reset'),
    },
    lint: {
      summary: 'List bad task files, duplicates and cycles',
      load: () => look('lint'),
    },
    graph: {
      summary: 'Draw the dependencies',
      load: () => look('graph'),
    },
    stale: {
      summary: 'Put claims without a sign of life back to pending',
      load: async () => ({ command: (await import('./tasks/stale.js')).stale }),
    },
    audit: {
      summary: 'Who did what with which task, and when',
      load: () => look('audit'),
    },
    refresh: {
      summary: 'Rebuild the task graph from tickets',
      load: () => import('./tasks/refresh-graph.js'),
    },
    import: { summary: 'Take over the tasks of another file', load: () => import('./tasks/import-tasks.js') },
  },
  async run(args) {
    const { claimFacts, plain, printJson, problemLine, taskFacts, taskLine } = await import('./tasks/print.js')
    const { root, store } = await openTasks(args)
    const { pending, current, complete, problems } = await store.list()
    if (flag(args, 'json')) {
      printJson({
        store: store.name,
        counts: { pending: pending.length, current: current.length, complete: complete.length },
        pending: pending.map(taskFacts),
        current: current.map(({ claim, ...task }) => ({
          ...taskFacts(task),
          ...(claim ? { claim: claimFacts(claim) } : {}),
        })),
        complete: complete.map(taskFacts),
        problems,
      })
      return STATUS.done
    }
    const pulls = current.length > 0 ? (await import('../merge/pull-records.js')).readPulls(root) : []
    const lines = [
      'Task Status:',
      `  Pending:  ${pending.length}`,
      `  Current:  ${current.length}`,
      `  Complete: ${complete.length}`,
    ]
    if (pending.length) lines.push('', 'Pending tasks:')
    for (const task of pending) {
      lines.push(taskLine(task))
      if (task.waitsFor.length) lines.push(`      waits for ${task.waitsFor.map(plain).join(', ')}`)
    }
    if (current.length) lines.push('', 'Current tasks:')
    for (const task of current) {
      lines.push(taskLine(task))
      const holder = task.claim ? `held by ${plain(task.claim.holder.worker)} since ${task.claim.since}` : undefined
      const pull = pulls.find((one) => one.task === task.id)
      const facts = pull
        ? [`in review: ${plain(pull.url)}`]
        : [holder, task.stale && `stale: ${task.stale}`].filter(Boolean)
      if (facts.length) lines.push(`      ${facts.join('; ')}`)
    }
    if (problems.length) {
      lines.push('', 'Problems (oompa tasks lint):', ...problems.map((problem) => `  ${problemLine(root, problem)}`))
    }
    console.log(lines.join('\n'))
    return STATUS.done
  },
}
