// The registry: every command, loaded only when it is called. A new command is one file and one line here.

import type { Command } from './contract.js'

interface Entry {
  /** For `oompa help`. */
  readonly summary: string
  readonly load: () => Promise<{ command: Command }>
}

export const commands = {
  add: { summary: 'Copy the sample of a hook into hooks/: merge, review, tasks …', load: () => import('./add.js') },
  approvals: { summary: 'List the changes that wait for you', load: () => import('./approvals.js') },
  approve: { summary: 'Land a change that waits for you', load: () => import('./approve.js') },
  check: { summary: 'Whether a run could work here, line by line', load: () => import('./check.js') },
  cleanup: { summary: 'Remove worktrees that are clean, landed and not in use', load: () => import('./cleanup.js') },
  completion: { summary: 'Completion for bash, zsh and fish', load: () => import('./completion.js') },
  demo: {
    summary: 'Run a real swarm with scripted agents, in a temporary repository',
    load: () => import('./demo.js'),
  },
  help: { summary: 'List the commands, or explain one', load: () => import('./help.js') },
  info: { summary: 'Everything that is known of the last run', load: () => import('./info.js') },
  init: { summary: 'Write what level 1 needs and is not there; never overwrite', load: () => import('./init.js') },
  kill: { summary: 'End a swarm now, with all that it started', load: () => import('./kill.js') },
  list: { summary: 'List swarms, the latest first', load: () => import('./list.js') },
  lock: {
    summary: 'Run a command while holding a lock: flock for scripts',
    load: () => import('./lock.js'),
  },
  logs: { summary: 'Print what agents printed', load: () => import('./logs.js') },
  loop: { summary: 'Run N iterations of a mixed set of workers', load: () => import('./loop.js') },
  merge: {
    summary: 'Land one branch, tested on the merged tree, without a checkout',
    load: () => import('./merge.js'),
  },
  prompt: { summary: 'Print the prompt that a worker would get now', load: () => import('./prompt.js') },
  reject: { summary: 'Send a change that waits for you back to its author', load: () => import('./reject.js') },
  requeue: { summary: 'puts stale claims back to pending', load: () => import('./requeue.js') },
  resume: { summary: 'Go on where a swarm stopped or crashed', load: () => import('./resume.js') },
  review: { summary: 'Have a branch reviewed: 0 approved, 4 rejected', load: () => import('./review.js') },
  run: { summary: 'Run the loop: workers × iterations, each in its own worktree', load: () => import('./run.js') },
  salvage: { summary: 'List work that did not land, or land it as a swarm would', load: () => import('./salvage.js') },
  status: { summary: 'Show what the running swarms are doing', load: () => import('./status.js') },
  stop: { summary: 'Ask a running swarm to end gently', load: () => import('./stop.js') },
  swarm: { summary: 'The same as run', load: () => import('./swarm.js') },
  tasks: { summary: 'tasks: add, claim, complete, release, show, lint, graph …', load: () => import('./tasks.js') },
  view: { summary: 'Show one swarm, as it is now or live', load: () => import('./view.js') },
  worktree: { summary: 'Named long-lived worktrees: new, list, remove', load: () => import('./worktree.js') },
  worktrees: { summary: 'List the worktrees of iterations', load: () => import('./worktrees.js') },
} satisfies Record<string, Entry>
