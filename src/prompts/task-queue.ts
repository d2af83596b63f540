// The task queue in words, for prompts: short, one line a task, and never more of it than an agent needs.

import { oneLine } from '../files/lines.js'
import type { Task } from '../words.js'

interface PromptTask extends Pick<Task, 'id' | 'summary' | 'priority'> {
  readonly ready: boolean
  readonly waitsFor: readonly string[]
}

/** What a prompt says of the tasks. */
export interface PromptQueue {
  readonly counts: { readonly pending: number; readonly current: number; readonly complete: number }
  readonly pending: readonly PromptTask[]
  readonly current?: readonly Pick<Task, 'id' | 'summary'>[]
}

/** A longer list costs every turn of every worker. */
const SHOWN = 50
/** Counts in the words of `oompa tasks`. */
export function taskStatus({ counts }: PromptQueue): string {
  return [
    'Task Status:',
    `  Pending:  ${counts.pending}`,
    `  Current:  ${counts.current}`,
    `  Complete: ${counts.complete}`,
  ].join('\n')
}

/** `- id: summary`, and what a task waits for. */
export function pendingTasks({ pending }: PromptQueue): string {
  if (pending.length === 0) return '(no task is pending)'
  return capped(
    pending.map((task) => {
      const waits = task.ready ? '' : ` (waits for ${task.waitsFor.map((one) => oneLine(one)).join(', ') || 'others'})`
      return `- ${oneLine(task.id)}: ${oneLine(task.summary)}${waits}`
    }),
  )
}

/** Pending and current tasks under headings. */
export function queueMarkdown(queue: PromptQueue): string {
  const current = (queue.current ?? []).map((task) => `- ${oneLine(task.id)}: ${oneLine(task.summary)}`)
  return [
    '## Pending',
    '',
    pendingTasks(queue),
    '',
    '## Current',
    '',
    current.length > 0 ? capped(current) : '(no task is held)',
  ].join('\n')
}

function capped(lines: readonly string[]): string {
  if (lines.length <= SHOWN) return lines.join('\n')
  return [...lines.slice(0, SHOWN), `… and ${lines.length - SHOWN} more (oompa tasks)`].join('\n')
}

/** Text that is data, as a quotation: a signal or a heading in it is then nobody's. */
export function quoted(text: string): string {
  return text
    .replace(/\r\n?/g, '\n')
    .replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, ' ')
    .trim()
    .split('\n')
    .map((line) => (line === '' ? '>' : `> ${line}`))
    .join('\n')
}
