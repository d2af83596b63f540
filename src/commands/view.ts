// `oompa view`: one swarm, as it is now, or live until it ends.

import { type Command, flag } from '../cli/contract.js'
import { STATUS, type Status } from '../errors.js'
import { findRun, type Run } from '../events/runs.js'
import { readSnapshot, readState } from '../events/snapshot.js'
import { followLog } from '../events/tail.js'
import { findRepository } from '../git/repository.js'
import { coloursFor } from '../views/colour.js'
import { screenColumns } from '../views/columns.js'
import { openView } from '../views/index.js'
import { summaryLines } from '../views/summary.js'
import { tableLines } from '../views/table.js'

export const command: Command = {
  summary: 'Show one swarm: what each worker did, where its work is, and what to do next.',
  positionals: [
    {
      name: 'id',
      describe: 'The swarm, or the beginning of its id; else the running or the latest one',
      names: 'swarm',
    },
  ],
  options: {
    watch: { type: 'boolean', short: 'w', describe: 'Stay, and show what happens until the swarm ends' },
    json: {
      type: 'boolean',
      describe: "Print JSON, with the earlier system's files; with --watch, events as they come",
    },
  },
  examples: [
    ['oompa view', 'the running swarm, or the latest'],
    ['oompa view 3f2a --watch', 'watch it from another terminal'],
    ['oompa view --json', 'everything that is known, for programs'],
  ],
  async run(args) {
    const { root } = await findRepository()
    const run = findRun(root, args.positionals[0])
    if (flag(args, 'watch')) return watch(root, run, flag(args, 'json'))
    if (flag(args, 'json')) return printJson(root, run)
    const state = readState(root, run)
    const colours = coloursFor(process.stdout, process.env)
    if (run.state === 'running') {
      const columns = process.stdout.columns || 80
      for (const line of tableLines(state, { columns, rows: Number.MAX_SAFE_INTEGER, now: Date.now(), colours })) {
        console.log(line)
      }
      console.log('')
    }
    for (const line of summaryLines(state, { colours, run: run.state, columns: screenColumns() })) console.log(line)
    return STATUS.done
  },
}

/** Joins a running swarm: what has happened is in the table, what happens from now on is said. */
async function watch(root: string, run: Run, json: boolean): Promise<Status> {
  const view = openView({ json, state: readState(root, run) })
  const ended =
    run.state === 'running' ? await followLog(root, run, (event) => view.event(event), { from: run.size }) : run
  view.end(ended.state)
  return STATUS.done
}

async function printJson(root: string, run: Run): Promise<Status> {
  const { earlierShape } = await import('../events/earlier.js')
  const { figuresFacts, swarmFacts } = await import('../views/facts.js')
  const { figuresOf } = await import('../views/figures.js')
  const { state, events } = readSnapshot(root, run)
  const figures = figuresFacts({ state, figures: figuresOf(events) })
  const facts = { ...swarmFacts(run, state), figures, ...earlierShape(events) }
  console.log(JSON.stringify(facts, null, 2))
  return STATUS.done
}
