// What an agent is told in a further turn of the same session: it knows the rest already.

import type { Refusal } from '../words.js'
import { landingLine, type PromptFacts, tag } from './compose.js'
import { oneLine, quoted } from './queue.js'

type FollowUpFacts = Pick<PromptFacts, 'swarm' | 'worker' | 'into' | 'planner'>

/** More than this of a test's output helps nobody; its end says what failed. */
const MOST_FEEDBACK = 30_000

const WHY: Readonly<Record<Refusal['refused'], string>> = {
  review: 'A reviewer did not approve your change. Mend what it says, and commit.',
  conflict:
    'Your change conflicts with what has landed since. Bring it together on this branch (git merge, mend, commit).',
  test: 'With your change on top of what has landed, the test fails. Mend it, and commit.',
  approval: 'A person did not approve your change. Mend what they say, and commit.',
  policy: 'A rule of this repository refused your change. Mend it, and commit.',
  task: 'Your change was refused because of its task.',
  agent: 'Your last turn did not end well. Go on where you stopped, and commit.',
  unavailable: 'Your change could not be judged. Look it over once more, and commit what is missing.',
}

/** A refusal as a turn of its author: a reviewer's feedback, a conflict and a failed test are one thing. Pure. */
export function refusalPrompt(
  facts: FollowUpFacts & { readonly attempt: number; readonly attempts: number },
  refusal: Refusal,
): string {
  const left = facts.attempts - facts.attempt
  return turn(facts, [
    `${WHY[refusal.refused]}${left > 0 ? '' : ' This is the last attempt.'}`,
    ...(refusal.refused === 'conflict' && facts.into ? [`What it conflicts with is on ${oneLine(facts.into)}.`] : []),
    quoted(lastOf(refusal.feedback)),
  ])
}

/** A turn that ended without a signal, while resumes are left. Pure. */
export function continuePrompt(facts: FollowUpFacts): string {
  return turn(facts, [
    'Go on. If this work is ready, commit it and end with a line that is only COMPLETE_AND_READY_FOR_MERGE; if nothing is left to do, with __DONE__.',
  ])
}

/** Before the last resume: after it, what is committed is what counts. Pure. */
export function nudgePrompt(facts: FollowUpFacts): string {
  return turn(facts, [
    'This is your last turn here. Commit what works now, leave out what does not, and end with a line that is only COMPLETE_AND_READY_FOR_MERGE, or __DONE__ if there is nothing to land.',
  ])
}

/** The answer to NEEDS_FOLLOWUP. Pure. */
export function followUpPrompt(facts: FollowUpFacts): string {
  return turn(facts, ['Go on with what you said is left.'])
}

/** Tells a planner that what it wrote outside `tasks/` is not taken. Pure. */
export function plannerPrompt(facts: FollowUpFacts, files: readonly string[]): string {
  const shown = files.slice(0, 20).map((file) => `- ${oneLine(file)}`)
  return turn(facts, [
    'You plan and write no code. These changes of yours are kept on your branch and not landed; put what they are for into tasks:',
    [...shown, ...(files.length > shown.length ? [`- … and ${files.length - shown.length} more`] : [])].join('\n'),
  ])
}

/** A further turn in our frame: the tag first, who lands the work last. For answers to CLAIM(…) too. Pure. */
export function turn(facts: FollowUpFacts, sections: readonly string[]): string {
  return `${tag(facts)}${[...sections, landingLine(facts)].join('\n\n')}\n`
}

function lastOf(text: string): string {
  return text.length <= MOST_FEEDBACK ? text : `[the beginning is left out]\n${text.slice(-MOST_FEEDBACK)}`
}
