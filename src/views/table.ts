// The table of workers as lines of text, for any width and height: pure, so that it can be tested without a terminal.

import type { SwarmState, WorkerPhase, WorkerState } from '../events/state.js'
import type { Colours } from './colour.js'
import { escapeText } from './escape.js'
import { between, clock, money, timeOfDay } from './format.js'
import { cut, fill, widthOf } from './width.js'

export interface TableOptions {
  /** Columns of the screen; none of the lines is wider. */
  columns: number
  /** Lines that there is room for. */
  rows: number
  /** Milliseconds since 1970. */
  now: number
  colours: Colours
}

interface Column {
  readonly title: string
  readonly align?: 'right'
  /** Takes what is left; one column does. */
  readonly rest?: true
  /** The least width of the screen that has room for it. */
  readonly from: number
  cell(worker: WorkerState, state: SwarmState, now: number): string
}

const COLUMNS: readonly Column[] = [
  { title: 'worker', from: 0, cell: (worker) => escapeText(worker.worker) },
  { title: 'iteration', from: 0, cell: iterationCell },
  { title: 'agent', from: 110, cell: (worker) => cut(escapeText(worker.agent), 20) },
  { title: 'task', from: 100, cell: (worker) => cut(escapeText(worker.task ?? ''), 24) },
  { title: 'now', from: 0, rest: true, cell: nowCell },
  { title: 'time', from: 26, align: 'right', cell: timeCell },
  { title: 'cost', from: 34, align: 'right', cell: (worker) => money(worker.costUsd) },
]

/** The busiest first, where there is not room for all. */
const BUSY: Readonly<Record<WorkerPhase, number>> = {
  working: 0,
  reviewing: 0,
  planning: 0,
  testing: 0,
  preparing: 1,
  limit: 1,
  waiting: 1,
  queued: 1,
  idle: 2,
  ended: 3,
}

/** Header, a line for each worker (or as many as fit), and a line about the swarm. */
export function tableLines(state: SwarmState, options: TableOptions): string[] {
  const { rows, colours } = options
  const columns = Math.max(1, options.columns)
  const workers = [...state.workers.values()]
  const footer = colours.dim(cut(footerOf(state, options.now), columns))
  if (rows < 3) return [footer]
  const header = rows >= 6
  const room = rows - 1 - (header ? 1 : 0)
  const shown = workers.length <= room ? workers : busiest(workers, room - 1)
  const hidden = workers.length - shown.length
  const lines = rowsOf(shown, state, columns, options, header)
  if (hidden > 0) lines.push(colours.dim(cut(`… and ${hidden} more`, columns)))
  return [...lines, footer]
}

function rowsOf(
  workers: readonly WorkerState[],
  state: SwarmState,
  columns: number,
  { now, colours }: TableOptions,
  header: boolean,
): string[] {
  const used = COLUMNS.filter(({ from }) => columns >= from)
  const cells = workers.map((worker) => used.map((column) => column.cell(worker, state, now)))
  // Narrow screens have no room for words above a column that is two characters wide.
  const titles = used.map(({ title, rest }) => (columns >= 60 || rest ? title : ''))
  const widths = used.map(({ rest }, at) =>
    rest ? 0 : Math.max(header ? titles[at]!.length : 0, ...cells.map((row) => widthOf(row[at]!))),
  )
  const gap = columns >= 60 ? 2 : 1
  const left = columns - widths.reduce((sum, width) => sum + width, 0) - gap * (used.length - 1)
  const line = (row: readonly string[]) =>
    cut(
      used
        .map(({ rest, align }, at) => fill(row[at]!, rest ? Math.max(0, left) : widths[at]!, align ?? 'left'))
        .join(' '.repeat(gap))
        .trimEnd(),
      columns,
    )
  const lines = cells.map((row, at) => coloured(workers[at]!.phase, line(row), colours))
  return header ? [colours.dim(line(titles)), ...lines] : lines
}

function coloured(phase: WorkerPhase, line: string, colours: Colours): string {
  if (phase === 'limit') return colours.yellow(line)
  return phase === 'idle' || phase === 'ended' ? colours.dim(line) : line
}

function busiest(workers: readonly WorkerState[], most: number): WorkerState[] {
  const chosen = new Set(
    workers
      .map((worker, at) => ({ worker, at }))
      .sort((a, b) => BUSY[a.worker.phase] - BUSY[b.worker.phase] || a.at - b.at)
      .slice(0, Math.max(0, most))
      .map(({ worker }) => worker),
  )
  return workers.filter((worker) => chosen.has(worker))
}

function iterationCell(worker: WorkerState): string {
  const most = worker.iterations > 0 ? `/${worker.iterations}` : ''
  return `${worker.iteration}${most}`
}

function timeCell(worker: WorkerState, _state: SwarmState, now: number): string {
  return worker.startedAt === undefined ? '' : clock(between(worker.startedAt, now))
}

/** What a worker is doing now, in words. */
function nowCell(worker: WorkerState, state: SwarmState): string {
  const doing = escapeText(worker.doing)
  switch (worker.phase) {
    case 'idle':
      return worker.iteration === 0 ? 'starts' : 'between two iterations'
    case 'preparing':
      return doing || 'prepares'
    case 'planning':
      return doing ? `plans: ${doing}` : 'plans'
    case 'working':
      return doing || (worker.attempt > 1 ? `works, attempt ${worker.attempt}` : 'works')
    case 'reviewing':
      return doing ? `review: ${doing}` : 'in review'
    case 'queued': {
      const place = state.queue.findIndex((entry) => entry.worker === worker.worker) + 1
      return place > 1 ? `waits to land, ${place - 1} before it` : 'lands'
    }
    case 'testing':
      return doing ? `tests: ${doing}` : 'tests'
    case 'waiting':
      return doing ? `waits: ${doing}` : 'waits'
    case 'limit':
      return `limit until ${escapeText(timeOfDay(worker.until ?? ''))}${doing ? `: ${doing}` : ''}`
    case 'ended':
      if (worker.startedAt !== undefined) return 'was cut off'
      return worker.ended.length ? `ended: ${outcomes(worker)}` : 'ended'
  }
}

function outcomes(worker: WorkerState): string {
  const counts = new Map<string, number>()
  for (const { outcome } of worker.ended) counts.set(outcome, (counts.get(outcome) ?? 0) + 1)
  return [...counts].map(([outcome, number]) => `${number} ${escapeText(outcome)}`).join(', ')
}

function footerOf(state: SwarmState, now: number): string {
  const busy = [...state.workers.values()].filter(({ phase }) => phase !== 'idle' && phase !== 'ended').length
  const end = state.stopped ? Date.parse(state.stopped.at) : now
  const { outcomes: counts } = state.counts
  return [
    `swarm ${escapeText(state.swarm)}`,
    clock(between(state.startedAt, end)),
    ...(state.costUsd === undefined ? [] : [money(state.costUsd)]),
    `${busy} of ${state.workers.size} at work`,
    ...(['landed', 'done', 'kept', 'refused', 'failed'] as const).flatMap((outcome) =>
      counts[outcome] ? [`${counts[outcome]} ${outcome}`] : [],
    ),
    ...(state.queue.length ? [`${state.queue.length} to land`] : []),
    ...(state.approvals.length ? [`${state.approvals.length} for you: oompa approvals`] : []),
  ].join(' · ')
}
