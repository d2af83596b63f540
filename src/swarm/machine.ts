// This machine among others that work on the same tasks: every few seconds it says that it lives, what its swarm's log has
// grown by, and hears whether it is drained.

import { availableParallelism, loadavg } from 'node:os'
import { formatAgentSpec } from '../agents/spec.js'
import { isErrno, messageOf, STATUS } from '../errors.js'
import { logFile } from '../events/log.js'
import { lineSplitter, openTail } from '../events/tail.js'
import { packageVersion } from '../files/package.js'
import { thisMachine } from '../processes/owner.js'
import type { EngineMachines, MachineFacts } from '../tasks/task-engine.js'
import type { Swarm } from './contract.js'
import { pushWork } from './pushed-work.js'

const BEAT_MS = 3000
/** Lines of one beat: a log that was not sent for hours goes in parts. */
const MOST_LINES = 1000

/**
 * Tells other machines of this one from now on, and pushes work at each commit; gives what ends both: `work` when the
 * iterations have ended, `machine` when the swarm has.
 */
export async function amongMachines(
  swarm: Swarm,
  machines: EngineMachines,
): Promise<Readonly<Record<'work' | 'machine', () => Promise<void>>>> {
  const machine = await shareMachine(swarm, machines)
  return { machine, work: swarm.remote === undefined ? async () => {} : pushWork(swarm, swarm.remote) }
}

/** Says it from now on; returns what says that the swarm has ended, with the last lines of its log. */
async function shareMachine(swarm: Swarm, machines: EngineMachines): Promise<() => Promise<void>> {
  const { id, emit, stopping } = swarm
  const { host } = thisMachine
  const tail = openTail(logFile(swarm.repository.root, id))
  const splitter = lineSplitter(Number.POSITIVE_INFINITY)
  /** Lines that the engine is not known to have, and the number of the first. */
  let waiting: string[] = []
  let first = 0
  let said = false
  const beat = async (facts: MachineFacts | undefined): Promise<void> => {
    for (let bytes = tail.read(); bytes.length > 0; bytes = tail.read()) waiting.push(...splitter.take(bytes))
    const { drained, have } = await machines.beat({
      host,
      swarm: id,
      facts,
      first,
      lines: waiting.slice(0, MOST_LINES),
    })
    const known = Math.min(Math.max(have - first, 0), waiting.length)
    waiting = waiting.slice(known)
    first += known
    if (drained && stopping.why === undefined) stopping.gently(`${host} is drained: oompa drain`, STATUS.done)
  }
  const failed = (error: unknown) => {
    // That the engine is away the calls of the store say.
    if (isErrno(error, 'store-away') || said) return
    said = true
    emit({ type: 'note', level: 'warning', text: `Telling other machines of this one: ${messageOf(error)}` })
  }
  await machines.drain(host, false).catch(failed)
  let beating: Promise<void> | undefined
  const timer = setInterval(() => {
    beating ??= beat(factsOf(swarm))
      .catch(failed)
      .finally(() => {
        beating = undefined
      })
  }, BEAT_MS)
  timer.unref()
  await beat(factsOf(swarm)).catch(failed)
  return async () => {
    clearInterval(timer)
    await beating
    try {
      for (let before = -1; before !== first; ) {
        before = first
        await beat(undefined)
      }
    } catch (error) {
      failed(error)
    }
    tail.close()
  }
}

function factsOf({ workers, crew }: Swarm): MachineFacts {
  return {
    version: packageVersion(),
    workers: workers.filter(({ name }) => crew.state(name) !== 'over').length,
    agents: [...new Set(workers.map(({ agent }) => formatAgentSpec(agent)))],
    labels: (process.env.OOMPA_LABELS ?? '').split(',').filter(Boolean),
    load: Math.round((loadavg()[0] ?? 0) * 100) / 100,
    cores: availableParallelism(),
  }
}
