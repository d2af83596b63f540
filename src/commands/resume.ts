// `oompa resume`: goes on where a swarm stopped or crashed.

import { confirmed } from '../cli/confirm.js'
import { type Command, flag } from '../cli/contract.js'
import { OompaError, STATUS } from '../errors.js'
import { branchOf } from '../git/folders.js'
import { findRepository } from '../git/repository.js'
import { type ResumePoint, restoreEnvironment, resumePoint } from '../swarm/resume-point.js'
import { isPlain, proveStart, startWords } from '../swarm/start-proof.js'
import { escapeText } from '../views/escape.js'
import { runLoopFile } from './run.js'

export const command: Command = {
  summary: 'Go on where a swarm stopped or crashed: the same id, and the iterations that were left.',
  positionals: [{ name: 'id', describe: 'The swarm (the latest)', names: 'swarm' }],
  options: {
    detach: { type: 'boolean', describe: 'Return when the swarm has started', short: 'd' },
    'trust-log': { type: 'boolean', describe: 'Take flags from the log, where nothing proves them' },
    json: { type: 'boolean', describe: 'Events on standard output, one JSON object a line' },
  },
  examples: [
    ['oompa resume', 'the latest swarm'],
    ['oompa resume 1a2b --detach', 'that one, in the background'],
  ],
  async run(args) {
    const { root } = await findRepository()
    const point = await resumePoint(root, args.positionals[0])
    await agreeOn(root, point, flag(args, 'trust-log'))
    restoreEnvironment(point)
    const added = ['detach', 'json'].filter((name) => flag(args, name)).map((name) => `--${name}`)
    process.argv = [...process.argv.slice(0, 2), 'resume', point.swarm, ...point.argv, ...added]
    return (await runLoopFile()) || STATUS.done
  },
}

/**
 * Shows what is started again. The log lies where agents write: flags that only it tells of are a person's to confirm,
 * since they choose the agent and what it may do.
 * @throws OompaError `unproven-flags` (status 4)
 */
async function agreeOn(root: string, point: ResumePoint, trust: boolean): Promise<void> {
  const { swarm, proven, otherwise } = point
  const words = escapeText(startWords(point))
  if (proven) {
    console.error(`oompa: swarm ${swarm} goes on as it was started: ${words}`)
    if (otherwise) {
      const theirs = escapeText(startWords(otherwise))
      console.error(`oompa: its log says otherwise (${theirs}): something wrote into it, and that does not count.`)
    }
    return
  }
  const { into } = point.started
  const elsewhere = into !== undefined && into !== branchOf(root)
  if (isPlain(point) && !elsewhere) return
  const lands = elsewhere ? `, and that it lands on ${escapeText(into)}` : ''
  console.error(`oompa: the log of swarm ${swarm} says that it was started by: ${words}${lands}`)
  if (!trust && !(await confirmed('Nothing on this machine proves that. Go on with it? [y/N] '))) {
    throw new OompaError({
      code: 'unproven-flags',
      message: `Swarm ${swarm} is not resumed: its flags stand in the log alone, which agents can write.`,
      mend: `If they are right: oompa resume ${swarm} --trust-log`,
      status: STATUS.refused,
    })
  }
  // What it starts in a session of its own asks nobody.
  proveStart(root, swarm, point.started)
}
