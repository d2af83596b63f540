// Files that a task is to make (`output` of a task graph's node): without them it is not complete, whoever says so.

import { OompaError, STATUS } from '../errors.js'
import type { Task } from '../words.js'

/** Paths below the root that must exist when a task is complete. Pure. */
export function outputsOf({ extra }: Task): string[] {
  const { output } = extra
  return (Array.isArray(output) ? output : [output]).flatMap((one) => (typeof one === 'string' && one ? [one] : []))
}

/** What is said of an output that is not there. */
export function outputMissing(task: Task, file: string): OompaError {
  return new OompaError({
    code: 'output-missing',
    message: `Task \`${task.id}\` is to make ${file}, and it is not there.`,
    mend: `oompa tasks complete ${task.id} --force`,
    status: STATUS.refused,
  })
}
