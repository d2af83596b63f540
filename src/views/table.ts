// The table of workers as lines of text, for any width and height: pure, so that it can be tested without a terminal.

import type { SwarmState, WorkerPhase, WorkerState } from '../events/state.js'
import type { Colours } from './colour.js'
import { fitted, nowWords } from './doing.js'
import { escapeText } from './escape.js'
import { forecastOf, landingsPerHour } from './figures.js'
import { between, clock, costOf, forecastWords, money } from './format.js'
import { problemsOf } from './problems.js'
import { cut, fill, widthOf } from './width.js'

export interface TableOptions {
  /** Columns of the screen; none of the lines is wider. */
  columns: number
  /** Lines that there is room for. */
  rows: number
  /** Milliseconds since 1970. */
  now: number
  colours: Colours
  /** Whether keys do anything. */
  keys?: boolean
}

interface Column {
  readonly title: string
  readonly align?: 'right'
  /** Takes what is left; one column does. */
  readonly rest?: true
  /** The least width of the screen that has room for it. */
  readonly from: number
  cell(worker: WorkerState, facts: { state: SwarmState; now: number; columns: number }): string
}

const COLUMNS: readonly Column[] = [
  { title: 'worker', from: 0, cell: (worker) => escapeText(worker.worker) },
  { title: 'iteration', from: 0, cell: iterationCell },
  { title: 'agent', from: 110, cell: (worker) => cut(escapeText(worker.agent), 20) },
  // Who works on what is the first question: a screen of 80 columns has room for the answer.
  { title: 'task', from: 60, cell: (worker, { columns }) => cut(escapeText(worker.task ?? ''), taskWidth(columns)) },
  { title: 'now', from: 0, rest: true, cell: (worker, { state, now }) => nowWords(worker, state, now) },
  { title: 'time', from: 26, align: 'right', cell: timeCell },
  { title: 'cost', from: 34, align: 'right', cell: (worker) => costOf(worker) },
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
  const { colours } = options
  const columns = Math.max(1, options.columns)
  // Without much room the workers come first.
  const problems = options.rows < 12 ? [] : problemLines(state, options)
  const rows = options.rows - problems.length
  const workers = [...state.workers.values()]
  const footer = colours.dim(footerOf(state, { ...options, columns }))
  if (rows < 3) return [footer]
  const header = rows >= 6
  const room = rows - 1 - (header ? 1 : 0)
  const shown = workers.length <= room ? workers : busiest(workers, room - 1)
  const hidden = workers.length - shown.length
  const lines = rowsOf(shown, state, columns, options, header)
  if (hidden > 0) lines.push(colours.dim(cut(`… and ${hidden} more`, columns)))
  return [...problems.map((line) => colours.yellow(cut(line, columns))), ...lines, footer]
}

function rowsOf(
  workers: readonly WorkerState[],
  state: SwarmState,
  columns: number,
  { now, colours }: TableOptions,
  header: boolean,
): string[] {
  const facts = { state, now, columns }
  const hasTasks = workers.some(({ task }) => task)
  const used = COLUMNS.filter(({ from, title }) => columns >= from && (title !== 'task' || hasTasks))
  const cells = workers.map((worker) => used.map((column) => column.cell(worker, facts)))
  // Narrow screens have no room for words above a column that is two characters wide.
  const titles = used.map(({ title, rest }) => (columns >= 60 || rest ? titleIn(title, columns) : ''))
  const widths = used.map(({ rest }, at) =>
    rest ? 0 : Math.max(header ? titles[at]!.length : 0, ...cells.map((row) => widthOf(row[at]!))),
  )
  const gap = columns >= 60 ? 2 : 1
  const left = columns - widths.reduce((sum, width) => sum + width, 0) - gap * (used.length - 1)
  const line = (row: readonly string[]) =>
    cut(
      used
        .map(({ rest, align }, at) => {
          const width = rest ? Math.max(0, left) : widths[at]!
          return fill(rest ? fitted(row[at]!, width) : row[at]!, width, align ?? 'left')
        })
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

/** The widest that a task's id is shown. */
function taskWidth(columns: number): number {
  return columns >= 100 ? 28 : columns >= 76 ? 20 : 12
}

/** A heading that is wider than what stands below it takes room from it. */
function titleIn(title: string, columns: number): string {
  return title === 'iteration' && columns < 100 ? 'iter' : title
}

function iterationCell(worker: WorkerState): string {
  const most = worker.iterations > 0 ? `/${worker.iterations}` : ''
  return `${worker.iteration}${most}`
}

function timeCell(worker: WorkerState, { now }: { now: number }): string {
  return worker.startedAt === undefined ? '' : clock(between(worker.startedAt, now))
}

const MOST_PROBLEMS = 3

/** What needs a person, with the command that helps; warnings have been said above. */
function problemLines(state: SwarmState, { now }: TableOptions): string[] {
  return problemsOf(state, 'running', now)
    .filter(({ kind }) => kind !== 'warning')
    .slice(0, MOST_PROBLEMS)
    .map(({ text, command }) => `! ${escapeText(text)}${command ? `: ${escapeText(command)}` : ''}`)
}

/** A part of the footer; of parts that do not all fit, those with the highest number go first. */
type Part = readonly [words: string, goes: number]

function footerOf(state: SwarmState, { now, columns, keys }: TableOptions): string {
  const { approvals, queue, costUsd, budgetUsd, workers, counts } = state
  const busy = [...workers.values()].filter(({ phase }) => phase !== 'idle' && phase !== 'ended').length
  const end = state.stopped ? Date.parse(state.stopped.at) : now
  const hour = landingsPerHour(state, end)
  const forecast = forecastOf(state, end)
  const cap = budgetUsd === undefined ? '' : ` of ${money(budgetUsd)}`
  const parts: Part[] = [
    ...(state.stopping === undefined ? [] : [[`stopping, ${busy} to end`, 0] as const]),
    [`swarm ${escapeText(state.swarm)}`, 6],
    [clock(between(state.startedAt, end)), 3],
    ...(costUsd === undefined && !cap ? [] : [[`${money(costUsd ?? 0, state.estimated)}${cap}`, 2] as const]),
    ...(state.stopping === undefined ? [[`${busy} of ${workers.size} at work`, 5] as const] : []),
    ...(['landed', 'done', 'kept', 'refused', 'failed'] as const).flatMap((outcome): Part[] =>
      counts.outcomes[outcome] ? [[`${counts.outcomes[outcome]} ${outcome}`, outcome === 'landed' ? 1 : 4]] : [],
    ),
    ...(hour !== undefined && counts.landed > 1 ? [[`${hour.toFixed(1)}/h`, 6] as const] : []),
    ...(forecast && forecast.tasks > 0 ? [[forecastWords(forecast), 5] as const] : []),
    ...(queue.length ? [[`${queue.length} to land`, 7] as const] : []),
    ...(approvals.length ? [[waiting(approvals.length), 0] as const] : []),
    ...(keys ? [['? for keys', 8] as const] : []),
  ]
  return fitting(parts, columns)
}

function waiting(number: number): string {
  return `${number} ${number === 1 ? 'waits' : 'wait'} for you: oompa approvals`
}

function fitting(parts: readonly Part[], columns: number): string {
  const line = parts.map(([words]) => words).join('  ')
  const last = Math.max(...parts.map(([, goes]) => goes))
  if (widthOf(line) <= columns || last === 0 || parts.length === 1) return cut(line, columns)
  const left = parts.findLastIndex(([, goes]) => goes === last)
  return fitting(
    parts.filter((_, at) => at !== left),
    columns,
  )
}
