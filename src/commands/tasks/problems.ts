// One line for each thing that is wrong with the tasks.

import path from 'node:path'
import type { TaskProblem } from '../../tasks/contract.js'
import { plain } from './print.js'

/** `tasks/pending/x.edn:3: the reason` */
export function problemLine(root: string, problem: TaskProblem): string {
  const file = path.isAbsolute(problem.path) ? path.relative(root, problem.path) : problem.path
  return plain(`${file}:${problem.line === undefined ? '' : `${problem.line}:`} ${relative(root, problem.reason)}`)
}

/** Reasons name other files by their whole path. */
function relative(root: string, reason: string): string {
  return reason.replaceAll(`${root}${path.sep}`, '')
}
