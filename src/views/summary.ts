// What a swarm did and where its work is: printed at its end, and by `oompa view`.

import type { RunState } from '../events/runs.js'
import type { EndedIteration, SwarmState, WorkerState } from '../events/state.js'
import { type Colours, coloursFor } from './colour.js'
import { escapeLines, escapeText } from './escape.js'
import { forecastOf, medianTimeToMerge, successRate } from './figures.js'
import { between, costOf, count, forecastWords, short, span, tally } from './format.js'
import { nextCommands } from './next.js'
import { folded } from './width.js'

export interface SummaryOptions {
  colours?: Colours
  /** What is known of the process; `stopped` unless given. */
  run?: RunState
  /** Milliseconds since 1970, for a swarm that runs. */
  now?: number
  /** Whether it says what comes next; it does unless this is false. */
  next?: boolean
  /** Of a person's screen: longer lines are folded, but for commands. */
  columns?: number
}

/** Iterations of a worker that get a line of their own; `oompa view --json` has all. */
const MOST_ITERATIONS = 20
const MOST_WARNINGS = 5

/** The summary as escaped lines; none if the swarm never started. */
export function summaryLines(state: SwarmState, options: SummaryOptions = {}): string[] {
  const { colours = coloursFor({}, {}), run = 'stopped' } = options
  if (state.startedAt === undefined) return []
  const { columns } = options
  const lines = [
    colours.bold(headline(state, run, options.now)),
    [tally(state.counts), ...rates(state)].join('  '),
    ...[...state.workers.values()].flatMap((worker) => ['', ...workerLines(worker, state, run, colours)]),
    ...block('Kept of earlier runs', keptBefore(state)),
    ...block('Pull requests', pullLines(state)),
    ...block('Waiting for a person', state.approvals.map(approvalLine)),
    ...block('Worth knowing', warningLines(state)),
  ]
  return [
    ...(columns === undefined ? lines : lines.flatMap((line) => folded(line, columns))),
    ...(options.next === false ? [] : block('Next', nextLines(state, run, colours, columns))),
  ]
}

/** The commands, and beside them in one column what each is good for; above them where a screen is too narrow for that. */
function nextLines(state: SwarmState, run: RunState, colours: Colours, columns = Number.POSITIVE_INFINITY): string[] {
  const next = nextCommands(state, run)
  const width = Math.max(0, ...next.map(({ command }) => command.length))
  const whole = width + Math.max(0, ...next.map(({ why }) => why.length))
  if (whole + '    # '.length > columns) return next.flatMap(({ command, why }) => [colours.dim(`# ${why}`), command])
  return next.map(({ command, why }) => `${command.padEnd(width)}  ${colours.dim(`# ${why}`)}`)
}

function headline(state: SwarmState, run: RunState, now = Date.now()): string {
  const end = run === 'running' ? now : (state.stopped?.at ?? state.lastAt)
  const how =
    run === 'running'
      ? 'is running'
      : run === 'crashed'
        ? 'crashed: its process is gone and wrote no end'
        : `ended${state.stopped?.reason ? `: ${oneLine(state.stopped.reason)}` : ''}`
  const cost = state.costUsd === undefined ? '' : `  ${costOf(state)}`
  return `Swarm ${escapeText(state.swarm)} ${how}  ${span(between(state.startedAt, end))}${cost}`
}

function rates(state: SwarmState): string[] {
  const rate = successRate(state)
  const ms = medianTimeToMerge(state)
  const forecast = forecastOf(state, state.stopped?.at ?? state.lastAt)
  return [
    ...(rate === undefined ? [] : [`${Math.round(rate * 100)} % succeeded`]),
    ...(ms === undefined ? [] : [`${span(ms)} to merge`]),
    ...(forecast && forecast.tasks > 0 ? [forecastWords(forecast)] : []),
  ]
}

function workerLines(worker: WorkerState, state: SwarmState, run: RunState, colours: Colours): string[] {
  const facts = [
    escapeText(worker.agent),
    count(worker.ended.length, 'iteration'),
    worker.costUsd === undefined ? '' : costOf(worker),
  ]
  const landed = state.landed.filter((entry) => entry.worker === worker.worker)
  const none = worker.ended.filter((one) => one.noTask !== undefined)
  const idle = worker.ended.filter((one) => one.outcome === 'nothing' && one.noTask === undefined)
  const told = new Set(landed.map((entry) => entry.iteration))
  const rest = worker.ended.filter(
    (one) => one.outcome !== 'nothing' && !(one.outcome === 'landed' && told.has(one.iteration)),
  )
  const shown = rest.slice(-MOST_ITERATIONS)
  return [
    [colours.bold(escapeText(worker.worker)), ...facts.filter(Boolean)].join('  '),
    ...landed.map((entry) => {
      const commit = entry.commit ? short(escapeText(entry.commit)) : escapeText(entry.branch)
      const into = entry.into === state.into ? [] : [`on ${escapeText(entry.into)}`]
      const task = entry.task ? [oneLine(entry.task)] : []
      return `  ${[number(entry.iteration), colours.green('landed'), ...task, commit, ...into].join('  ')}`
    }),
    ...(rest.length > shown.length
      ? [`  … ${rest.length - shown.length} earlier: oompa view ${state.swarm} --json`]
      : []),
    ...shown.map((one) => `  ${number(one.iteration)}  ${iterationLine(one, state.level ?? 1, colours)}`),
    ...goingOn(worker, run, colours),
    ...(idle.length ? [`  ${idle.map((one) => number(one.iteration)).join(' ')}  made no change`] : []),
    ...none.map((one) => `  ${number(one.iteration)}  no task – ${oneLine(one.reason ?? '')}`),
    ...(worker.denials.size ? [`  refused to its agents: ${[...worker.denials].map(oneLine).join(', ')}`] : []),
  ]
}

/** The iteration that is in progress, or was when its process died. */
function goingOn(worker: WorkerState, run: RunState, colours: Colours): string[] {
  if (worker.startedAt === undefined || run === 'stopped') return []
  const where = [
    worker.task && oneLine(worker.task),
    worker.branch && `on ${escapeText(worker.branch)}`,
    worker.worktree && `in ${escapeText(worker.worktree)}`,
  ].filter(Boolean)
  const what = run === 'running' ? colours.bold('now') : colours.yellow('cut off')
  return [`  ${[number(worker.iteration), what, ...where].join('  ')}`]
}

/** From level 2 on the worktree is given back, and so is the branch unless there is work on it. */
function iterationLine(one: EndedIteration, level: number, colours: Colours): string {
  const bad = one.outcome === 'failed' || one.outcome === 'refused'
  const parts = [bad ? colours.yellow(one.outcome) : escapeText(one.outcome)]
  if (one.task) parts.push(oneLine(one.task))
  if (one.commits !== undefined) parts.push(one.commits === 0 ? 'no commits' : count(one.commits, 'commit'))
  if (one.kept) parts.push(`at ${escapeText(one.kept)}`)
  else if (one.branch && (one.commits || (level === 1 && one.commits === undefined)))
    parts.push(`on ${escapeText(one.branch)}`)
  if (one.worktree && level === 1) parts.push(`in ${escapeText(one.worktree)}`)
  const line = parts.join('  ')
  return one.reason ? `${line} – ${oneLine(one.reason)}` : line
}

/** Work that was kept, but not at the end of one of this swarm's iterations. */
function keptBefore(state: SwarmState): string[] {
  const own = new Set([...state.workers.values()].flatMap((worker) => worker.ended.map((one) => one.kept)))
  return state.kept
    .filter(({ ref }) => !own.has(ref))
    .map(({ ref, reason }) => `${escapeText(ref)} – ${oneLine(reason)}`)
}

/** `2 requests open, 1 merged`, and where the open ones are. */
function pullLines({ pulls }: SwarmState): string[] {
  const all = [...pulls.values()]
  const number = (state: string) => all.filter((pull) => pull.state === state).length
  if (all.length === 0) return []
  const [open, merged, closed] = ['open', 'merged', 'closed'].map(number)
  const parts = [`${count(open!, 'request')} open`, `${merged} merged`, ...(closed ? [`${closed} closed`] : [])]
  return [parts.join(', '), ...all.flatMap(({ url, state }) => (state === 'open' ? oneLine(url) : []))]
}

function approvalLine(waiting: SwarmState['approvals'][number]): string {
  return `${oneLine(waiting.id)} ${escapeText(waiting.branch)}: ${waiting.reasons.map(oneLine).join('; ')}`
}

function warningLines(state: SwarmState): string[] {
  const shown = state.warnings.slice(-MOST_WARNINGS).map(oneLine)
  const more = state.warnings.length - shown.length
  return more > 0 ? [`… ${more} earlier: oompa view ${state.swarm} --json`, ...shown] : shown
}

function block(title: string, lines: readonly string[]): string[] {
  return lines.length ? ['', `${title}:`, ...lines.map((line) => `  ${line}`)] : []
}

function number(iteration: number | undefined): string {
  return iteration === undefined ? '–' : `#${iteration}`
}

/** The first line of a longer text; all of it is in the log. */
function oneLine(text: unknown): string {
  const lines = escapeLines(String(text)).filter((line) => line.trim() !== '')
  return lines.length > 1 ? `${lines[0]} …` : (lines[0] ?? '')
}
