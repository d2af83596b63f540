// `oompa view`: one swarm, as it is now, or live until it ends.

import { type Command, flag } from '../cli/contract.js'
import { STATUS, type Status } from '../errors.js'
import { findAnyRun, type PlacedRun, stateOn } from '../events/copied-logs.js'
import { readSnapshot } from '../events/swarm-now.js'
import { followLog } from '../events/tail.js'
import { findRepository } from '../git/repository.js'
import { coloursFor } from '../views/colour.js'
import { screenColumns } from '../views/columns.js'
import { openView } from '../views/index.js'
import { summaryLines } from '../views/summary.js'
import { tableLines } from '../views/table.js'
import { lookElsewhere } from './other-machines.js'

/** How often the log of another machine is asked for. */
const LOOK_MS = 2000

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
    await lookElsewhere(root)
    const placed = findAnyRun(root, args.positionals[0])
    const { run } = placed
    if (flag(args, 'watch')) {
      const looking = placed.root === root ? undefined : setInterval(() => void lookElsewhere(root), LOOK_MS)
      return watch(placed, flag(args, 'json')).finally(() => clearInterval(looking))
    }
    if (flag(args, 'json')) return printJson(placed)
    const state = stateOn(placed)
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
async function watch(placed: PlacedRun, json: boolean): Promise<Status> {
  const { root, run } = placed
  const view = openView({ json, state: stateOn(placed) })
  const ended =
    run.state === 'running' ? await followLog(root, run, (event) => view.event(event), { from: run.size }) : run
  view.end(ended.state)
  return STATUS.done
}

async function printJson({ root, run }: PlacedRun): Promise<Status> {
  const { earlierShape } = await import('../events/earlier-format.js')
  const { figuresFacts, swarmFacts } = await import('../views/facts.js')
  const { figuresOf } = await import('../views/figures.js')
  const { state, events } = readSnapshot(root, run)
  const figures = figuresFacts({ state, figures: figuresOf(events) })
  const facts = { ...swarmFacts(run, state), figures, ...earlierShape(events) }
  console.log(JSON.stringify(facts, null, 2))
  return STATUS.done
}
