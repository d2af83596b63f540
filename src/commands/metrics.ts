// `oompa metrics`: what the swarms of this repository came to, as Prometheus reads it.

import path from 'node:path'
import { type Command, flag } from '../cli/contract.js'
import { STATUS } from '../errors.js'
import { allRuns, findAnyRun } from '../events/copied-logs.js'
import type { Run } from '../events/runs.js'
import { scanForState } from '../events/scan-log.js'
import { settle } from '../events/swarm-now.js'
import { packageVersion } from '../files/package.js'
import { findRepository } from '../git/repository.js'
import { figuresFacts } from '../views/facts.js'
import { gather } from '../views/figures.js'
import { type Measured, metricsText } from '../views/prometheus.js'
import { lookElsewhere } from './other-machines.js'
import { scaleFacts } from './scale.js'

export const command: Command = {
  summary: 'Print what the swarms of this repository came to, in the text format of Prometheus.',
  positionals: [
    { name: 'id', describe: 'One swarm, or the beginning of its id; all of them if none is named', names: 'swarm' },
  ],
  options: { json: { type: 'boolean', describe: 'Print JSON: a list of swarms with their figures' } },
  examples: [
    ['oompa metrics', 'all swarms together: nothing is counted down when one ends'],
    ['oompa metrics > /var/lib/node_exporter/oompa.prom', 'for the text file collector of the node exporter'],
  ],
  epilogue: 'What each metric means: docs/metrics.md. A dashboard for Grafana: docs/grafana.json.',
  async run(args) {
    const { root } = await findRepository()
    const id = args.positionals[0]
    await lookElsewhere(root)
    const runs = id === undefined ? allRuns(root) : [findAnyRun(root, id)]
    const swarms = runs.map((one) => measured(one.root, one.run))
    if (flag(args, 'json')) {
      const facts = swarms.map((one) => ({ swarm: one.state.swarm, state: one.run, ...figuresFacts(one) }))
      console.log(JSON.stringify(facts, null, 2))
    } else {
      // Tasks that cannot be read now are no reason to say nothing of the swarms.
      const wanted = id === undefined ? (await scaleFacts(root).catch(() => undefined))?.wanted : undefined
      const facts = { repository: path.basename(root), version: packageVersion(), swarms }
      process.stdout.write(metricsText({ ...facts, ...(wanted === undefined ? {} : { wanted }) }))
    }
    return STATUS.done
  },
}

function measured(root: string, run: Run): Measured {
  const { take, state, figures } = gather(run.swarm)
  for (const event of scanForState(root, run.swarm, run.size)) take(event)
  return { run: run.state, state: settle(state, run.state), figures }
}
