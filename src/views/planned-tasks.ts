// The tasks of a plan as a person reads them before saying yes: what each is, and what it waits for.

import type { Task } from '../words.js'
import { escapeText } from './escape.js'
import { cut, fill, widthOf } from './width.js'

/** Ids that are longer than this get a line of their own. */
const WIDEST_ID = 28

/**
 * Two or more lines a task: its id and summary, and below them what it waits for, its files and when it is done.
 * @param columns of the screen; without them nothing is cut
 */
export function planLines(tasks: readonly Task[], columns = Number.POSITIVE_INFINITY): string[] {
  const width = Math.min(WIDEST_ID, Math.max(...tasks.map(({ id }) => widthOf(escapeText(id)))))
  const room = (line: string) => (Number.isFinite(columns) ? cut(line, columns) : line)
  const below = ' '.repeat(width + 2)
  return tasks.flatMap((task) => {
    const id = escapeText(task.id)
    const facts = [
      ...(task.dependsOn.length > 0 ? [`after ${task.dependsOn.join(', ')}`] : []),
      ...(task.files.length > 0 ? [`in ${task.files.join(', ')}`] : []),
      ...(task.acceptance.length > 0 ? [`done when: ${task.acceptance.join('; ')}`] : []),
    ]
    const summary = escapeText(task.summary)
    const head = widthOf(id) > width ? [id, `${below}${summary}`] : [`${fill(id, width)}  ${summary}`]
    return [...head, ...facts.map((fact) => `${below}${escapeText(fact)}`)].map(room)
  })
}
