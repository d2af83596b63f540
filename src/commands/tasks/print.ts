// How tasks are printed. What an agent or a file supplied is data: control characters never reach the terminal.

import path from 'node:path'
import type { Claim, TaskProblem } from '../../tasks/contract.js'
import { furtherFacts } from '../../tasks/task-facts.js'
import type { Task } from '../../words.js'

/** Text on one line, control characters made visible. */
export function plain(text: string): string {
  return visible(
    text
      .split('\n')
      .map((line) => line.trim())
      .join(' '),
  )
}

/** Text on its own lines, control characters made visible. */
function visible(text: string): string {
  return text.replace(
    /[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/g,
    (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`,
  )
}

/** `  - id: summary` */
export function taskLine(task: Task): string {
  return `  - ${plain(task.id)}: ${plain(task.summary)}`
}

/** A task with everything that a worker needs to know. */
export function taskText(task: Task, facts: readonly (readonly [string, string | undefined])[] = []): string {
  const lines = [`${plain(task.id)}: ${plain(task.summary)}`]
  const all: (readonly [string, string | undefined])[] = [
    ...facts,
    ['priority', task.priority?.toString()],
    ['difficulty', task.difficulty],
    ['role', task.role],
    ['story', task.story],
    ['store', task.store],
    ['depends on', task.dependsOn.join(', ') || undefined],
    ['files', task.files.join(', ') || undefined],
  ]
  for (const [name, value] of all) if (value !== undefined) lines.push(`  ${name}: ${plain(value)}`)
  if (task.description) lines.push('', visible(task.description.trimEnd()))
  for (const { name, values } of furtherFacts(task))
    lines.push('', `${name}:`, ...values.map((one) => `  - ${plain(one)}`))
  if (task.acceptance.length) lines.push('', 'Acceptance:', ...task.acceptance.map((one) => `  - ${plain(one)}`))
  if (task.notes) lines.push('', 'Notes:', visible(task.notes.trimEnd()))
  return lines.join('\n')
}

/** A task for programs: `extra` keys keep their names. */
export function taskFacts(task: Task): Record<string, unknown> {
  const { extra, ...known } = task
  return { ...extra, ...known }
}

/** A claim for programs. */
export function claimFacts(claim: Claim): Record<string, unknown> {
  return { ...claim.holder, fence: claim.fence, since: claim.since }
}

export function printJson(value: unknown): void {
  console.log(JSON.stringify(value, null, 2))
}

/** `tasks/pending/x.edn:3: the reason` */
export function problemLine(root: string, problem: TaskProblem): string {
  const file = path.isAbsolute(problem.path) ? path.relative(root, problem.path) : problem.path
  return plain(`${file}:${problem.line === undefined ? '' : `${problem.line}:`} ${relative(root, problem.reason)}`)
}

/** Reasons name other files by their whole path. */
function relative(root: string, reason: string): string {
  return reason.replaceAll(`${root}${path.sep}`, '')
}
