// `oompa resume`: goes on where a swarm stopped or crashed.

import { STATUS } from '../errors.js'
import { findRepository } from '../git/repository.js'
import { restoreEnvironment, resumePoint } from '../swarm/resume.js'
import type { Command } from './contract.js'
import { runLoopFile } from './loop-file.js'
import { flag } from './parse.js'

export const command: Command = {
  name: 'resume',
  summary: 'Go on where a swarm stopped or crashed: the same id, and the iterations that were left.',
  positionals: [{ name: 'id', describe: 'The swarm (the latest)' }],
  options: {
    detach: { type: 'boolean', describe: 'Return when the swarm has started', short: 'd' },
    json: { type: 'boolean', describe: 'Events on standard output, one JSON object a line' },
  },
  examples: [
    ['oompa resume', 'the latest swarm'],
    ['oompa resume 1a2b --detach', 'that one, in the background'],
  ],
  async run(args) {
    const { root } = await findRepository()
    const point = await resumePoint(root, args.positionals[0])
    restoreEnvironment(point)
    const added = ['detach', 'json'].filter((name) => flag(args, name)).map((name) => `--${name}`)
    process.argv = [...process.argv.slice(0, 2), 'resume', point.swarm, ...point.argv, ...added]
    return (await runLoopFile()) || STATUS.done
  },
}
