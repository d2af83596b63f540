// The registry: every command, loaded only when it is called. A new command is one file and one line here.

import type { Command, Entry } from '../cli/contract.js'
import { STATUS } from '../errors.js'
import { packageVersion } from '../files/package.js'

/** In the order in which somebody needs them; the help shows them under their groups. */
export const commands = {
  init: {
    group: 'Start',
    summary: 'Write what level 1 needs and is not there; never overwrite',
    load: () => import('./init.js'),
  },
  demo: {
    group: 'Start',
    summary: 'Run a real swarm with scripted agents, in a temporary repository',
    load: () => import('./demo.js'),
  },
  check: { group: 'Start', summary: 'Whether a run could work here, line by line', load: () => import('./check.js') },
  add: {
    group: 'Start',
    summary: 'Copy the sample of a hook into hooks/: merge, review, tasks …',
    load: () => import('./add.js'),
  },
  prompt: {
    group: 'Start',
    summary: 'Print the prompt that a worker would get now',
    load: () => import('./prompt.js'),
  },
  run: {
    group: 'Run',
    summary: 'Run the loop: workers × iterations, each in its own worktree',
    load: () => import('./run.js'),
  },
  swarm: { group: 'Run', summary: 'The same as run', load: () => import('./run.js') },
  loop: {
    group: 'Run',
    summary: 'Run N iterations of a mixed set of workers',
    load: async () => ({ command: (await import('./run.js')).loop }),
  },
  join: { group: 'Run', summary: 'Work on the tasks of a server in this clone', load: () => import('./join.js') },
  stop: { group: 'Run', summary: 'Ask a running swarm to end gently', load: () => import('./stop.js') },
  kill: { group: 'Run', summary: 'End a swarm now, with all that it started', load: () => import('./kill.js') },
  resume: { group: 'Run', summary: 'Go on where a swarm stopped or crashed', load: () => import('./resume.js') },
  status: { group: 'Look', summary: 'Show what the running swarms are doing', load: () => import('./status.js') },
  list: { group: 'Look', summary: 'List swarms, the latest first', load: () => import('./list.js') },
  view: { group: 'Look', summary: 'Show one swarm, as it is now or live', load: () => import('./view.js') },
  info: { group: 'Look', summary: 'Everything that is known of the last run', load: () => import('./info.js') },
  report: { group: 'Look', summary: 'Write what a swarm did and cost as one file', load: () => import('./report.js') },
  dash: { group: 'Look', summary: 'Show the swarms on a page in the browser', load: () => import('./dash.js') },
  metrics: {
    group: 'Look',
    summary: 'Print what the swarms came to, for Prometheus',
    load: () => import('./metrics.js'),
  },
  logs: { group: 'Look', summary: 'Print what agents printed', load: () => import('./logs.js') },
  tasks: {
    group: 'Tasks',
    summary: 'Show the tasks, and add, claim, complete, release … them',
    load: () => import('./tasks.js'),
  },
  plan: {
    group: 'Tasks',
    summary: 'Make tasks out of spec.md with an agent, and write them on a yes',
    load: () => import('./plan.js'),
  },
  requeue: {
    group: 'Tasks',
    summary: 'Put stale claims back to pending',
    load: async () => ({ command: (await import('./tasks/stale.js')).requeue }),
  },
  engine: {
    group: 'Tasks',
    summary: 'The server that the tasks stand on: status, migrate',
    load: () => import('./engine.js'),
  },
  machines: {
    group: 'Tasks',
    summary: 'List the machines that work on the tasks of a server',
    load: () => import('./machines.js'),
  },
  scale: {
    group: 'Tasks',
    summary: 'Say how many workers the tasks want now',
    load: () => import('./scale.js'),
  },
  drain: {
    group: 'Tasks',
    summary: 'Have a machine finish what it does, and begin nothing more',
    load: async () => ({ command: (await import('./machines.js')).drain }),
  },
  merge: {
    group: 'Changes',
    summary: 'Land one branch, tested on the merged tree, without a checkout',
    load: () => import('./merge.js'),
  },
  review: {
    group: 'Changes',
    summary: 'Have a branch reviewed: 0 approved, 4 rejected',
    load: () => import('./review.js'),
  },
  approvals: {
    group: 'Changes',
    summary: 'List the changes that wait for you',
    load: () => import('./approvals.js'),
  },
  approve: { group: 'Changes', summary: 'Land a change that waits for you', load: () => import('./approve.js') },
  reject: {
    group: 'Changes',
    summary: 'Send a change that waits for you back to its author',
    load: () => import('./reject.js'),
  },
  salvage: {
    group: 'Changes',
    summary: 'List work that did not land, or land it as a swarm would',
    load: () => import('./salvage.js'),
  },
  lock: {
    group: 'Changes',
    summary: 'Run a command while holding a lock: flock for scripts',
    load: () => import('./lock.js'),
  },
  worktrees: {
    group: 'Worktrees',
    summary: 'List the worktrees of iterations',
    load: () => import('./worktrees.js'),
  },
  worktree: {
    group: 'Worktrees',
    summary: 'Named long-lived worktrees: new, list, remove',
    load: () => import('./worktree.js'),
  },
  cleanup: {
    group: 'Worktrees',
    summary: 'Remove worktrees that are clean, landed and not in use',
    load: () => import('./cleanup.js'),
  },
  completion: {
    group: 'Other',
    summary: 'Completion for bash, zsh and fish',
    load: () => import('./completion.js'),
  },
  help: { group: 'Other', summary: 'List the commands, or explain one', load: () => import('./help.js') },
} satisfies Record<string, Entry>

/** `oompa` itself, above all commands. Alone it prints what a person needs first. */
export const root: Command = {
  summary: `oompa ${packageVersion()}: grow a for-loop into a swarm of coding agents by adding files.`,
  options: { version: { type: 'boolean', short: 'v', describe: 'Print the version' } },
  examples: [
    ['oompa demo', 'see a swarm work, with scripted agents'],
    ['oompa help tasks claim', 'the help of one command'],
  ],
  epilogue:
    'Each command has --help. Exit status: 0 done, 1 failed, 2 wrong usage,\n3 nothing to do, 4 refused, 5 stopped at a limit, 130 interrupted.',
  subcommands: commands,
  async run() {
    console.log((await import('./help.js')).shortHelp(root.summary))
    return STATUS.done
  },
}
