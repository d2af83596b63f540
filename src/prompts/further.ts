// What an agent is told in a further turn of the same session: it knows the rest already. Each function gives the words
// alone; `furtherInput` frames them for a session that goes on, and `composePrompt` takes them as `addition` where the
// session is gone and everything has to be said again.

import { oneLine } from '../files/lines.js'
import type { Refusal, Task } from '../words.js'
import { landingLine, type PromptFacts, tag } from './compose.js'
import { quoted } from './task-queue.js'

/** More than this of a test's output helps nobody; its end says what failed. */
const MOST_FEEDBACK = 30_000
const MOST_FILES = 20

const WHY: Readonly<Record<Refusal['refused'], string>> = {
  review: 'A reviewer did not approve your change. Mend what it says, and commit.',
  conflict:
    'Your change conflicts with what has landed since. Bring it together on this branch (merge, mend the conflicts, commit).',
  test: 'With your change on top of what has landed, the test fails. Mend it, and commit.',
  approval: 'A person did not approve your change. Mend what they say, and commit.',
  policy: 'A rule of this repository refused your change. Mend it, and commit.',
  task: 'Your change was refused because of its task. Mend it, and commit.',
  agent: 'Your last turn did not end well. Go on where you stopped, and commit.',
  unavailable: 'Your change could not be judged. Look it over once more, and commit what is missing.',
}

const MARKERS = 'Your change was merged, and not to the end. Mend it, and commit.'

/** A refusal for its author: a reviewer's feedback, a conflict and a failed test are one thing. Pure. */
export function feedbackPrompt(
  refusal: Refusal,
  { last = false, into }: { readonly last?: boolean; readonly into?: string } = {},
): string {
  // Its author has brought it together already, and left something behind.
  const isMerged = refusal.details?.markers !== undefined
  return [
    `${isMerged ? MARKERS : WHY[refusal.refused]}${last ? ' This is the last attempt.' : ''}`,
    ...(refusal.refused === 'conflict' && !isMerged && into ? [`What it conflicts with is on ${oneLine(into)}.`] : []),
    quoted(lastOf(refusal.feedback)),
  ].join('\n\n')
}

/** Words for a session that knows nothing of what was said before in this iteration: the earlier ones first. Pure. */
export function retold(earlier: readonly string[], words: string): string {
  if (earlier.length === 0) return words
  return ['Earlier you were told:', ...earlier, 'Now:', words].join('\n\n')
}

/** A turn that ended without a signal, while resumes are left. Pure. */
export function resumePrompt(): string {
  return 'Go on. If this work is ready, commit it and end with a line that is only COMPLETE_AND_READY_FOR_MERGE; if nothing is left to do, with __DONE__.'
}

/** Before the last resume: after it, what is committed is what counts. Pure. */
export function nudgePrompt(): string {
  return 'This is your last turn here. Commit what works now, leave out what does not, and end with a line that is only COMPLETE_AND_READY_FOR_MERGE, or __DONE__ if there is nothing to land.'
}

/** The answer to NEEDS_FOLLOWUP, with the tasks that the agent holds. Pure. */
export function followUpPrompt(tasks: readonly Pick<Task, 'id' | 'summary'>[] = []): string {
  const held = tasks.map((task) => `- ${oneLine(task.id)}: ${oneLine(task.summary)}`)
  return [
    'Go on with what you said is left. If it cannot be finished here, write what is missing into a task, and commit what works.',
    ...(held.length > 0 ? [`You hold:\n${held.join('\n')}`] : []),
  ].join('\n\n')
}

/** Tells a planner that what it wrote outside `tasks/` is not taken. Pure. */
export function plannerPrompt(files: readonly string[]): string {
  const shown = files.slice(0, MOST_FILES).map((file) => `- ${oneLine(file)}`)
  const more = files.length - shown.length
  return [
    'You plan and write no code. These changes of yours are kept on your branch and not landed; put what they are for into tasks:',
    [...shown, ...(more > 0 ? [`- … and ${more} more`] : [])].join('\n'),
  ].join('\n\n')
}

/** A further turn in our frame: the tag first, who lands the work last. For answers to `CLAIM(…)` too. Pure. */
export function furtherInput(facts: Pick<PromptFacts, 'swarm' | 'worker' | 'into' | 'planner'>, words: string): string {
  return `${tag(facts)}${words}\n\n${landingLine(facts)}\n`
}

function lastOf(text: string): string {
  return text.length <= MOST_FEEDBACK ? text : `[the beginning is left out]\n${text.slice(-MOST_FEEDBACK)}`
}
