// What an agent is told at level 2 and 3: who it is, its task, the queue, the person's prompts, and who lands the work.

import { oneLine } from '../files/lines.js'
import { furtherFacts, type TaskFact } from '../tasks/facts.js'
import type { Task } from '../words.js'
import { type PromptQueue, pendingTasks, queueMarkdown, quoted, taskStatus } from './queue.js'
import { type PromptStore, storeWords } from './store.js'
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
    ...(task.files.length > 0 ? [`Files: ${task.files.map(oneLine).join(', ')}`] : []),
    ...(task.description ? ['Description:', quoted(task.description)] : []),
    ...furtherFacts(task).flatMap(factLines),
    ...(task.acceptance.length > 0 ? ['Done when:', ...task.acceptance.map((one) => `- ${oneLine(one)}`)] : []),
    ...(task.notes ? ['Notes of earlier attempts:', quoted(task.notes)] : []),
  ]
  return lines.join('\n')
}
