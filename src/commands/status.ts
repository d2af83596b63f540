// `oompa status`: what the swarms that run now are doing.

import { type Command, flag } from '../cli/contract.js'
import { OompaError, STATUS } from '../errors.js'
import { allRuns, stateOn } from '../events/copied-logs.js'
import { strayRuns } from '../events/log.js'
import type { Run } from '../events/runs.js'
import type { SwarmState } from '../events/state.js'
import { findRepository } from '../git/repository.js'
import { isSeenFromHere } from '../processes/owner.js'
import { coloursFor } from '../views/colour.js'
import { statusFacts } from '../views/facts.js'
import { age, between } from '../views/format.js'
import { tableLines } from '../views/table.js'
import { lookElsewhere } from './other-machines.js'

export const command: Command = {
  summary: 'Show what the swarms that run now are doing; the latest one if none runs.',
  options: { json: { type: 'boolean', describe: 'Print JSON: a list of swarms with their workers' } },
  examples: [
    ['oompa status', 'the workers of each running swarm'],
    ['oompa status --json', 'the same for programs'],
  ],
  async run(args) {
    const { root } = await findRepository()
    for (const stray of strayRuns(root)) console.error(`oompa: ${stray}`)
    await lookElsewhere(root)
    const runs = allRuns(root)
    const running = runs.filter(({ run }) => run.state === 'running')
    const shown = (running.length ? running : runs.slice(0, 1)).map((one) => ({ ...one, state: stateOn(one) }))
    if (flag(args, 'json')) {
      console.log(
        JSON.stringify(
          shown.map(({ run, state }) => statusFacts(run, state)),
          null,
          2,
        ),
      )
      return shown.length ? STATUS.done : STATUS.nothing
    }
    if (!shown.length) {
      throw new OompaError({
        code: 'no-swarm',
        message: 'No swarm has been run in this repository yet.',
        mend: 'oompa run',
        status: STATUS.nothing,
      })
    }
    const colours = coloursFor(process.stdout, process.env)
    const columns = process.stdout.columns || 80
    for (const [index, { run, state }] of shown.entries()) {
      if (index > 0) console.log('')
      console.log(colours.bold(headline(run, state)))
      for (const line of tableLines(state, {
        columns,
        rows: Number.MAX_SAFE_INTEGER,
        now: momentOf(run, state),
        colours,
      })) {
        console.log(line)
      }
    }
    return STATUS.done
  },
}

/** Clocks of a swarm whose process is gone stand still at its last sign of life. */
function momentOf(run: Run, state: SwarmState): number {
  const last = Date.parse(state.lastAt ?? '')
  return run.state === 'running' || Number.isNaN(last) ? Date.now() : last
}

function headline(run: Run, state: SwarmState): string {
  const id = `Swarm ${run.swarm}`
  if (run.state === 'running') {
    const { pid, host } = run.owner ?? {}
    // Of another machine or container we know no more than that its last sign of life is young.
    const where = run.owner && !isSeenFromHere(run.owner) ? ` on ${host}, which cannot be seen from here` : ''
    return `${id} is running (pid ${pid}${where}).\n  → oompa view ${run.swarm} --watch`
  }
  if (run.state === 'crashed') return `${id} crashed: its process is gone.\n  → oompa resume ${run.swarm}`
  const ago = age(between(run.stoppedAt, Date.now()))
  return `No swarm is running; the latest, ${run.swarm}, ended ${ago} ago with status ${state.stopped?.status ?? '–'}.\n  → oompa view ${run.swarm}`
}
