// How a prompt speaks of the tasks that there are: files of a folder, items of lists, nodes of a graph, or elsewhere.

import { oneLine } from '../files/lines.js'

/** Where the tasks are, as the store says it. */
export interface PromptStore {
  /** `folder`, `lists`, `graph`, or whatever another store calls itself. */
  readonly name: string
  /** Absolute, if they are files. */
  readonly path?: string
}

interface StoreWords {
  readonly where: string
  /** How an agent adds one. */
  readonly add: string
  /** How an agent claims one by itself. */
  readonly claim: string
  /** How a planner adds them. */
  readonly plan: string
  /** What the loop does with a task that is claimed or complete: `the loop …`. */
  readonly moves: (of: 'its' | 'their') => string
}

const ADD = 'oompa tasks add "what is to be done" (with --description, --acceptance, --depends-on, --files)'

/** The words for a store. */
export function storeWords({ name, path }: PromptStore): StoreWords {
  const place = path === undefined ? '' : oneLine(path)
  const byCommand = {
    add: `Add a task with: ${ADD}.`,
    claim: 'Claim a task with: oompa tasks claim [id]; then do that one.',
    plan: `You plan: add tasks with ${ADD}, or write a file for each into tasks/pending of your worktree; write no code.`,
  }
  switch (name) {
    case 'folder':
      return {
        where: `The tasks that count are in ${place} ($OOMPA_TASKS): a file each, in pending, current and complete.`,
        add: 'Add a task by writing its file into pending.',
        claim:
          'Claim a task with: oompa tasks claim [id] (or move its file from pending to current); then do that one.',
        plan: 'You plan: write tasks into pending, one file each, and no code.',
        moves: (of) => `moves ${of} file${of === 'its' ? '' : 's'}`,
      }
    case 'lists':
      return {
        ...byCommand,
        where: `The tasks that count are the items of pending.md, in_progress.md and complete.md in ${place} ($OOMPA_TASKS).`,
        moves: (of) => `moves ${of} item${of === 'its' ? '' : 's'}`,
      }
    case 'graph':
      return {
        ...byCommand,
        where: `The tasks that count are the nodes of ${place}.`,
        moves: (of) => `changes ${of} status`,
      }
    default:
      return {
        ...byCommand,
        where:
          'The tasks that count are not in this repository: oompa tasks lists them, oompa tasks show ID shows one.',
        moves: (of) => `changes ${of} status`,
      }
  }
}
