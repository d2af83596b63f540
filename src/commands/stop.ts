// `oompa stop`: asks a running swarm to end after the iterations that are in progress.

import { setTimeout as sleep } from 'node:timers/promises'
import { type Command, flag } from '../cli/contract.js'
import { STATUS } from '../errors.js'
import { requestStop } from '../events/control.js'
import { readRun, runningRun } from '../events/runs.js'
import { findRepository } from '../git/repository.js'

const POLL_MS = 200

export const command: Command = {
  summary: 'Ask a running swarm to end gently: its agents finish their iteration, and no further one begins.',
  positionals: [
    { name: 'id', describe: 'The swarm, or the beginning of its id; else the one that runs', names: 'swarm' },
  ],
  options: {
    wait: { type: 'boolean', describe: 'Return when it has ended' },
    json: { type: 'boolean', describe: 'Print JSON' },
  },
  examples: [
    ['oompa stop', 'the running swarm'],
    ['oompa stop 3f2a --wait', 'and wait until it has ended'],
  ],
  async run(args) {
    const { root } = await findRepository()
    let run = runningRun(root, args.positionals[0])
    requestStop(root, run.swarm)
    const json = flag(args, 'json')
    if (!json) console.log(`Asked swarm ${run.swarm} to stop; its agents finish their iteration.`)
    if (flag(args, 'wait')) {
      while (run.state === 'running') {
        await sleep(POLL_MS)
        run = readRun(root, run.swarm) ?? { ...run, state: 'stopped' }
      }
      if (!json) console.log(`Swarm ${run.swarm} has ${run.state === 'crashed' ? 'crashed' : 'ended'}.`)
    } else if (!json) console.log(`  → oompa view ${run.swarm} --watch, or oompa kill ${run.swarm} to end it now`)
    if (json) console.log(JSON.stringify({ swarm: run.swarm, asked: true, state: run.state }))
    return STATUS.done
  },
}
