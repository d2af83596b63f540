// What an agent is told at level 2 and 3: who it is, its task, the queue, the person's prompts, and who lands the work.

import { oneLine } from '../files/lines.js'
import { furtherFacts, type TaskFact } from '../tasks/task-facts.js'
import type { Task } from '../words.js'
import { type PromptQueue, pendingTasks, queueMarkdown, quoted, taskStatus } from './task-queue.js'
import { expandTokens, type TokenValues } from './tokens.js'

export interface PromptFacts {
  readonly swarm: string
  /** `w1` */
  readonly worker: string
  readonly iteration: number
  /** The branch that the agent works on. */
  readonly branch?: string
  /** In the main checkout, and not in a worktree (`--here`). */
  readonly here?: boolean
  /** The branch that the loop lands on; undefined where nothing is landed. */
  readonly into?: string
  /** The claimed task, if the loop claimed one. */
  readonly task?: Task
  /** What the task names as its ticket, and what stands there. */
  readonly ticket?: { readonly path: string; readonly text: string }
  /** Who claims: the loop did, the agent asks for it by `CLAIM(…)`, or it moves the file itself. */
  readonly claiming: 'loop' | 'signal' | 'agent'
  /** Where the tasks that count are; undefined where there are none. */
  readonly store?: PromptStore
  readonly queue?: PromptQueue
  /** May add tasks; writes no code. */
  readonly canPlan: boolean
  readonly planner: boolean
  /** Nothing is pending, and this worker is asked to write what is missing into tasks. */
  readonly planning?: boolean
  /** The person's prompts, includes expanded. */
  readonly prompts: string
  /** For tokens in the prompts; those of the queue are made from `queue`. */
  readonly context?: Partial<TokenValues>
  /** Words of a further turn (`further.ts`), for a session that does not know what went before. */
  readonly addition?: string
  /** Where an interrupted attempt's work is kept, a ref. */
  readonly kept?: string
}

/** The tag by which a conversation is found again; the first thing in it. */
export function tag(facts: Pick<PromptFacts, 'swarm' | 'worker'>): string {
  return `[oompa:${facts.swarm}:${facts.worker}] `
}

/** The last line of every prompt from level 2 on. */
export function landingLine(facts: Pick<PromptFacts, 'into' | 'planner'>): string {
  if (facts.planner) return 'The loop reads the tasks that you add: write no code, and do not merge or push.'
  return facts.into === undefined
    ? 'Commit your work on this branch; the loop keeps it there. Do not merge, push or switch branches.'
    : `The loop lands your work on ${oneLine(facts.into)}: commit it on this branch, and do not merge, push or switch branches.`
}

/** The first prompt of an iteration. Pure. */
export function composePrompt(facts: PromptFacts): string {
  const { queue } = facts
  const sections = [
    header(facts),
    facts.task && taskSection(facts.task),
    facts.ticket && `The ticket of this task, ${oneLine(facts.ticket.path)}:\n${quoted(facts.ticket.text)}`,
    queue && taskStatus(queue),
    queue && `Pending tasks:\n${pendingTasks(queue)}`,
    expandTokens(facts.prompts, {
      ...facts.context,
      ...(queue
        ? { task_status: taskStatus(queue), pending_tasks: pendingTasks(queue), queue_md: queueMarkdown(queue) }
        : {}),
    }).trim(),
    facts.kept && `An earlier attempt was interrupted; what it had made is at ${oneLine(facts.kept)}.`,
    facts.addition,
    landingLine(facts),
  ]
  return `${tag(facts)}${sections.filter((section) => section).join('\n\n')}\n`
}

function header(facts: PromptFacts): string {
  const lines = [
    `You are worker ${facts.worker}, iteration ${facts.iteration}${facts.branch ? `, on branch ${oneLine(facts.branch)}` : ''}. You are in ${facts.here ? "the repository's main checkout" : 'a git worktree of your own'}: work here.`,
    ...(facts.store ? [storeWords(facts.store).where] : []),
    ...claimingLines(facts),
    'A line of your final message that is only __DONE__ says that nothing is left for you to do; NEEDS_FOLLOWUP that you need another turn; COMPLETE_AND_READY_FOR_MERGE that this work is ready.',
  ]
  return lines.join('\n')
}

function claimingLines(facts: PromptFacts): string[] {
  const words = storeWords(facts.store ?? { name: 'folder' })
  const adding = facts.canPlan ? words.add : 'Do not add tasks: those of yours are not taken.'
  if (facts.planner) return [words.plan]
  if (facts.planning) {
    return [
      'No task is pending, and none is yours: look for what is missing, and add it as tasks. If nothing is missing, say __DONE__.',
      adding,
    ]
  }
  if (facts.task) return [`The task below is yours; the loop ${words.moves('its')}.`, adding]
  if (facts.claiming === 'signal') {
    return [
      `Claim tasks with a line CLAIM(id) or CLAIM(id, id) in your message; the answer comes in this conversation. The loop ${words.moves('their')}.`,
      adding,
    ]
  }
  if (!facts.store) return []
  if (facts.claiming === 'agent') {
    return [words.claim, adding]
  }
  return [adding]
}

/** On its line if it is short, else as a quotation; a list as one. */
function factLines({ name, values }: TaskFact): string[] {
  const [first = '', ...more] = values
  if (more.length > 0) return [`${name}:`, ...values.map((one) => `- ${oneLine(one)}`)]
  return first === oneLine(first) ? [`${name}: ${first}`] : [`${name}:`, quoted(first)]
}

function taskSection(task: Task): string {
  const lines = [
    `Task ${oneLine(task.id)}: ${oneLine(task.summary)}`,
    ...(task.difficulty ? [`Difficulty: ${oneLine(task.difficulty)}`] : []),
    ...(task.files.length > 0 ? [`Files: ${task.files.map((one) => oneLine(one)).join(', ')}`] : []),
    ...(task.description ? ['Description:', quoted(task.description)] : []),
    ...furtherFacts(task).flatMap(factLines),
    ...(task.acceptance.length > 0 ? ['Done when:', ...task.acceptance.map((one) => `- ${oneLine(one)}`)] : []),
    ...(task.notes ? ['Notes of earlier attempts:', quoted(task.notes)] : []),
  ]
  return lines.join('\n')
}

// How a prompt speaks of the tasks that there are: files of a folder, items of lists, nodes of a graph, or elsewhere.

/** Where the tasks are, as the store says it. */
interface PromptStore {
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
function storeWords({ name, path }: PromptStore): StoreWords {
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
    case 'stores':
      return {
        ...byCommand,
        where: 'The tasks that count stand in several places: oompa tasks lists them, oompa tasks show ID shows one.',
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
