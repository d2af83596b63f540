// Tickets: markdown files whose front matter describes one node of a graph each (docs/tasks.md). Pure.

import { messageOf } from '../../errors.js'
import type { Task } from '../../words.js'
import type { TaskProblem } from '../contract.js'
import { decodeTask, isRecord } from '../decode.js'
import { cycles } from '../order.js'
import { type GraphNode, type GraphStatus, STATUSES } from './read.js'

export interface Ticket {
  readonly task: Task
  /** Below the root, with slashes. */
  readonly path: string
  /** As its file says it. */
  readonly status: GraphStatus
}

interface TicketFile {
  readonly path: string
  readonly text: string
}

export interface ReadTickets {
  readonly tickets: readonly Ticket[]
  /** All that is wrong, and not only the first. */
  readonly problems: readonly TaskProblem[]
  /** Files without front matter: they are none. */
  readonly others: readonly string[]
}

/**
 * @param nodes those of the graph as it is: what has no ticket stays, and may be waited for
 * @param elsewhere ids of tasks in other stores, which may be waited for, too
 */
export async function readTickets(
  files: readonly TicketFile[],
  nodes: readonly GraphNode[],
  elsewhere: readonly string[] = [],
): Promise<ReadTickets> {
  const problems: TaskProblem[] = []
  const others: string[] = []
  const found = new Map<string, Ticket>()
  for (const file of files) {
    const front = frontMatter(file.text)
    if (front === undefined) {
      others.push(file.path)
      continue
    }
    const read = await readTicket(file, front)
    const twin = 'ticket' in read ? found.get(read.ticket.task.id) : undefined
    if ('problem' in read) problems.push(read.problem)
    else if (twin) problems.push({ path: file.path, reason: `its id \`${twin.task.id}\` is also that of ${twin.path}` })
    else found.set(read.ticket.task.id, read.ticket)
  }
  const known = new Set([...found.keys(), ...nodes.map(({ task }) => task.id), ...elsewhere])
  for (const { task, path } of found.values()) {
    const missing = task.dependsOn.filter((id) => !known.has(id)).map((id) => `\`${id}\``)
    if (missing.length > 0) {
      problems.push({
        path,
        reason: `\`${task.id}\` depends on ${missing.join(', ')}, which is neither a ticket nor a node`,
      })
    }
  }
  const rest = nodes.flatMap(({ task }) => (found.has(task.id) ? [] : task))
  for (const cycle of cycles([...[...found.values()].map(({ task }) => task), ...rest])) {
    const reason = `these wait for each other: ${[...cycle, cycle[0]].map((id) => `\`${id}\``).join(' → ')}`
    problems.push({ path: cycle.map((id) => found.get(id)?.path).find(Boolean) ?? cycle[0]!, reason })
  }
  return { tickets: [...found.values()], problems, others }
}

/** What stands between the first two lines of `---`. */
function frontMatter(text: string): string | undefined {
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/)
  const end = lines.findIndex((line, number) => number > 0 && line.trimEnd() === '---')
  return lines[0]!.trimEnd() === '---' && end > 0 ? lines.slice(1, end).join('\n') : undefined
}

type One = { readonly ticket: Ticket } | { readonly problem: TaskProblem }

async function readTicket({ path }: TicketFile, front: string): Promise<One> {
  const { parseDocument } = await import('yaml')
  const wrong = (reason: string, line = 1): One => ({ problem: { path, line, reason } })
  let value: unknown
  try {
    const document = parseDocument(front)
    const [error] = document.errors
    // The line of `---` comes before.
    if (error)
      return wrong(error.message.split('\n')[0]!.replace(/ at line \d+.*$/, ''), (error.linePos?.[0].line ?? 0) + 1)
    value = document.toJS({ maxAliasCount: 0 })
  } catch (error) {
    // It is nested too deep, or multiplies itself by aliases.
    return wrong(messageOf(error))
  }
  if (!isRecord(value)) return wrong('its front matter is no map')
  const { status: given = 'pending', ...rest } = value
  const status = STATUSES[String(given)]
  if (!status) return wrong(`it has the unknown status \`${given}\``)
  const decoded = decodeTask({ ...rest, path })
  if ('reason' in decoded) return wrong(decoded.reason)
  if (value.title === undefined && value.summary === undefined) return wrong('it has no title')
  return { ticket: { task: decoded.task, path, status } }
}
