// `oompa list`: the history of swarms, one line each. A person sees what each came to; whoever reads it from a pipe gets
// the columns of the earlier system (docs/contract.md).

import { type Command, flag } from '../cli/contract.js'
import { STATUS } from '../errors.js'
import { allRuns } from '../events/copied-logs.js'
import { fold } from '../events/fold.js'
import { strayRuns } from '../events/log.js'
import type { Run } from '../events/runs.js'
import { scanLog } from '../events/scan-log.js'
import type { SwarmState } from '../events/state.js'
import { readState } from '../events/swarm-now.js'
import { findRepository } from '../git/repository.js'
import { columnLines, screenColumns } from '../views/columns.js'
import { dateAndTime } from '../views/format.js'
import { lookElsewhere } from './other-machines.js'

/** Swarms that are shown without `--all`. */
const LATEST = 20
const HEADER = ['ID', 'State', 'PID', 'Workers', 'Active', 'Cycles', 'Merged', 'Failed', 'Done', 'Started']

/** What is counted of a swarm that has ended; a person is told its cost and the reason, too. */
const COUNTED = new Set(['swarm.started', 'iteration.ended'])
const FOR_A_PERSON = new Set([...COUNTED, 'agent.ended', 'swarm.stopped'])

interface Line {
  readonly swarm: string
  readonly state: string
  readonly pid: number | null
  readonly workers: number
  readonly active: number
  readonly cycles: number
  readonly merged: number
  readonly failed: number
  readonly done: number
  readonly startedAt: string | null
  readonly stoppedAt: string | null
}

export const command: Command = {
  summary: `List swarms, the latest first: the latest ${LATEST}, or all.`,
  options: {
    all: { type: 'boolean', describe: 'All swarms' },
    json: { type: 'boolean', describe: 'Print JSON' },
  },
  examples: [
    ['oompa list', 'the latest swarms'],
    ['oompa list --all --json', 'the whole history for programs'],
  ],
  async run(args) {
    const { root } = await findRepository()
    for (const stray of strayRuns(root)) console.error(`oompa: ${stray}`)
    await lookElsewhere(root)
    const runs = allRuns(root)
    const shown = flag(args, 'all') ? runs : runs.slice(0, LATEST)
    const more = runs.length - shown.length
    const columns = screenColumns()
    if (columns !== undefined && shown.length > 0 && !flag(args, 'json')) {
      const { historyLines } = await import('../views/history-table.js')
      const swarms = shown.map(({ root: place, run }) => ({ run, state: stateFor(place, run, FOR_A_PERSON) }))
      for (const line of historyLines(swarms, Date.now(), columns)) console.log(line)
      if (more > 0) console.log(`… and ${more} earlier: oompa list --all`)
      return STATUS.done
    }
    const lines = shown.map(({ root: place, run }) => lineOf(place, run))
    if (flag(args, 'json')) {
      console.log(JSON.stringify(lines, null, 2))
      return STATUS.done
    }
    if (!lines.length) {
      console.log('No swarm has been run in this repository yet.\n  → oompa run')
      return STATUS.done
    }
    for (const line of columnLines(HEADER, lines.map(cells), undefined, ' | ')) console.log(line)
    if (more > 0) console.log(`… and ${more} earlier: oompa list --all`)
    return STATUS.done
  },
}

function lineOf(root: string, run: Run): Line {
  const state = stateFor(root, run)
  const workers = [...state.workers.values()]
  const { outcomes, iterations } = state.counts
  const active = workers.filter(({ phase }) => phase !== 'idle' && phase !== 'ended').length
  return {
    swarm: run.swarm,
    state: run.state,
    pid: run.state === 'running' ? (run.owner?.pid ?? null) : null,
    workers: workers.length,
    active: run.state === 'running' ? active : 0,
    cycles: iterations,
    merged: outcomes.landed ?? 0,
    failed: (outcomes.failed ?? 0) + (outcomes.refused ?? 0),
    done: outcomes.done ?? 0,
    startedAt: run.startedAt ?? null,
    stoppedAt: run.stoppedAt ?? null,
  }
}

/** All of the log for one that runs; of the others, only the lines that are counted. */
function stateFor(root: string, run: Run, types: ReadonlySet<string> = COUNTED): SwarmState {
  if (run.state === 'running') return readState(root, run)
  return fold(scanLog(root, run.swarm, (type) => types.has(type)))
}

function cells(line: Line): unknown[] {
  return [
    line.swarm,
    line.state,
    line.pid ?? '-',
    line.workers,
    line.active,
    line.cycles,
    line.merged,
    line.failed,
    line.done,
    line.startedAt ? dateAndTime(line.startedAt) : '-',
  ]
}
