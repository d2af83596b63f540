// A swarm as a document: what it was told, what landed, by whom, at what cost, and where the rest is. Pure. The document
// is a list of blocks; how they are written down is for `document.ts`.

import type { Run } from '../events/runs.js'
import type { EndedIteration, SwarmState } from '../events/state.js'
import type { Block, Cell } from './document.js'
import { costOfRefused, type Figures, landingsPerHour, medianTimeToMerge, spendingBy, successRate } from './figures.js'
import { between, costOf, count, dateAndTime, money, short, span } from './format.js'
import { nextCommands } from './next.js'

export interface ReportFacts {
  readonly run: Run
  readonly state: SwarmState
  readonly figures: Figures
  /** What it was started with, as it was typed. */
  readonly argv?: readonly string[]
  /** The first line of a commit's message, by its id. */
  readonly subjects?: ReadonlyMap<string, string>
}

/** Longer texts of others are cut: the log has them. */
const MOST_TEXT = 300
const MOST_ROWS = 500

/** The blocks of the report. */
export function reportOf(facts: ReportFacts): { readonly title: string; readonly blocks: readonly Block[] } {
  const { run, state } = facts
  return {
    title: `Swarm ${run.swarm}`,
    blocks: [
      { facts: headFacts(facts) },
      ...table('What landed', ['commit', 'what', 'task', 'by', 'took'], landedRows(facts)),
      ...table('What waits for a person', ['id', 'why'], waitingRows(state)),
      ...table('What did not land', ['iteration', 'outcome', 'task', 'where it is', 'why', 'cost'], leftRows(state)),
      ...table('Who cost what', ['agent', 'as', 'runs', 'failed', 'cost', 'tokens in', 'out'], costRows(facts.figures)),
      ...table(
        'Why changes went back',
        ['reason', 'how often'],
        [...facts.figures.refusals].map(([why, times]) => [text(why), `${times}`]),
      ),
      ...table('Where the time went', ['stage', 'iterations', 'together'], stageRows(facts.figures)),
      ...table(
        'What to do next',
        ['command', 'to'],
        nextCommands(state, run.state).map(({ command, why }) => [text(command), why]),
      ),
      ...table(
        'Worth knowing',
        ['note'],
        state.warnings.map((warning) => [text(warning)]),
      ),
    ],
  }
}

function headFacts({ run, state, figures, argv }: ReportFacts): [string, Cell][] {
  const end = state.stopped?.at ?? state.lastAt
  const rate = successRate(state)
  const merge = medianTimeToMerge(state)
  const hour = landingsPerHour(state, end)
  const cap = state.budgetUsd
  const agents = [...new Set([...state.workers.values()].map(({ agent }) => agent))]
  const facts: [string, Cell | undefined][] = [
    ['state', `${run.state}${state.stopped ? ` with status ${state.stopped.status}` : ''}`],
    ['reason', state.stopped && text(state.stopped.reason)],
    ['asked for', argv?.length ? text(`oompa ${argv.join(' ')}`) : undefined],
    ['workers', `${state.workers.size}, level ${state.level ?? '–'}`],
    ['agents', text(agents.join(', '))],
    ['onto', state.into === undefined ? undefined : text(state.into)],
    ['time', `${dateAndTime(state.startedAt ?? '')}, ${span(between(state.startedAt, end))}`],
    ['iterations', `${state.counts.iterations}`],
    ['landed', `${state.counts.landed}${hour ? ` (${hour.toFixed(1)} an hour)` : ''}`],
    ['success rate', rate === undefined ? undefined : `${Math.round(rate * 100)} % of what was decided`],
    ['time to merge', merge === undefined ? undefined : `${span(merge)} (half took less)`],
    ['cost', `${costOf(state)}${cap === undefined ? '' : ` of ${money(cap)}`}`],
    [
      'cost of a landing',
      state.costUsd !== undefined && state.counts.landed > 0
        ? money(state.costUsd / state.counts.landed, state.estimated)
        : undefined,
    ],
    [
      'cost of what landed nothing',
      state.costUsd === undefined ? undefined : money(costOfRefused(state), state.estimated),
    ],
    ['tests of merged trees', `${figures.gateRuns}`],
  ]
  return facts.flatMap(([name, value]): [string, Cell][] => (value === undefined ? [] : [[name, value]]))
}

function landedRows({ state, subjects }: ReportFacts): Cell[][] {
  return state.landed.map(({ commit, branch, task, worker, startedAt, at, iteration }) => [
    text(commit ? short(commit) : branch),
    text((commit && subjects?.get(commit)) ?? ''),
    text(task ?? ''),
    text(by(state, worker, iteration)),
    startedAt ? span(between(startedAt, at)) : '',
  ])
}

function by(state: SwarmState, worker: string | undefined, iteration: number | undefined): string {
  const agent = worker === undefined ? undefined : state.workers.get(worker)?.agent
  return [worker && `${worker}${iteration === undefined ? '' : ` #${iteration}`}`, agent].filter(Boolean).join(', ')
}

function waitingRows(state: SwarmState): Cell[][] {
  return state.approvals.map(({ id, reasons }) => [text(id), text(reasons.join('; '))])
}

/** Iterations whose work is somewhere else than on the target; one that made no change has none. */
function leftRows(state: SwarmState): Cell[][] {
  const rows = [...state.workers.values()].flatMap(({ worker, ended }) =>
    ended
      .filter(isLeft)
      .map((one): Cell[] => [
        text(`${worker} #${one.iteration}`),
        one.outcome,
        text(one.task ?? ''),
        text(one.kept ?? (one.commits ? (one.branch ?? '') : '')),
        text(one.reason ?? ''),
        costOf(one),
      ]),
  )
  const own = new Set([...state.workers.values()].flatMap(({ ended }) => ended.map(({ kept }) => kept)))
  const others = state.kept.filter(({ ref }) => !own.has(ref))
  return [...rows, ...others.map(({ ref, reason }): Cell[] => ['', 'kept', '', text(ref), text(reason), ''])]
}

function isLeft({ outcome }: EndedIteration): boolean {
  return outcome !== 'landed' && outcome !== 'nothing' && outcome !== 'waiting'
}

function costRows(figures: Figures): Cell[][] {
  const roles = ['author', 'reviewer', 'planner', 'probe']
  return [...figures.spending.keys()].length === 0
    ? []
    : roles.flatMap((role) => {
        const spending = new Map([...figures.spending].filter(([, one]) => one.role === role))
        return [...spendingBy({ ...figures, spending }, 'agent')].map(([agent, one]): Cell[] => [
          text(agent),
          role,
          `${one.runs}`,
          `${one.failed}`,
          `${one.unpriced === one.runs ? 'not said' : costOf(one)}`,
          `${one.usage?.input ?? '–'}`,
          `${one.usage?.output ?? '–'}`,
        ])
      })
}

function stageRows({ stages }: Figures): Cell[][] {
  return [...stages].map(([stage, all]) => [
    stage,
    `${all.length}`,
    span(all.reduce((sum, one) => sum + one, 0) * 1000),
  ])
}

function table(title: string, head: readonly string[], rows: readonly Cell[][]): Block[] {
  if (rows.length === 0) return []
  const more = rows.length - MOST_ROWS
  const note = more > 0 ? `${count(more, 'more row')} in oompa view --json.` : undefined
  return [{ title, head, rows: rows.slice(0, MOST_ROWS), ...(note ? { note } : {}) }]
}

/** Text of others: it is written down so that it stays text. */
function text(of: string): Cell {
  const line = of.replace(/\s+/g, ' ').trim()
  return { text: line.length > MOST_TEXT ? `${line.slice(0, MOST_TEXT)} …` : line }
}
