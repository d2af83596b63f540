// A task that somebody else had: the landing is given up, the work is kept, and no author is asked to mend anything.

import type { Refusal } from '../words.js'

/** @param why a sentence */
export function takenRefusal(why: string, task: string | undefined): Refusal {
  const details = { taken: true, ...(task ? { task } : {}) }
  return { refused: 'task', final: true, feedback: why, details }
}

/** Whether a change was given up because somebody else had its task. */
export function isTaken({ refused, details }: Refusal): boolean {
  return refused === 'task' && details?.taken === true
}
