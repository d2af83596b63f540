// Enters a swarm as started into its log, under names of workers that no other running swarm has.

import { formatAgentSpec } from '../agents/spec.js'
import type { Settings } from '../config/contract.js'
import { environmentNames } from '../config/flags.js'
import { OompaError, STATUS } from '../errors.js'
import type { Emit } from '../events/contract.js'
import { freeWorkerNames, runningLoops, runningWorkers, takenElsewhere } from '../events/running.js'
import { packageVersion } from '../files/package.js'
import type { Repository } from '../git/folders.js'
import { withLock } from '../locks/index.js'
import { thisOwner } from '../processes/owner.js'
import type { NamedLoop } from '../worktrees/named.js'
import { occupied } from '../worktrees/occupied.js'
import type { ResumePoint } from './resume-point.js'
import { proveStart } from './start-proof.js'

export interface RegistrationFacts {
  readonly repository: Repository
  readonly settings: Settings
  readonly level: number
  readonly into?: string
  readonly argv: readonly string[]
  readonly resumed?: ResumePoint
  readonly named?: NamedLoop
}

/**
 * @returns the names of its workers
 * @throws OompaError `running`, `workers-taken` (status 4)
 */
export function enterSwarm(facts: RegistrationFacts, id: string, emit: Emit): Promise<readonly string[]> {
  const { repository, settings, resumed } = facts
  const { root } = repository
  return withLock(root, 'start', async () => {
    if (facts.named) mustBeFree(root, id, facts.named.name)
    const others = runningWorkers(root)
    const taken = others.filter(({ swarm }) => swarm !== id)
    const running = [...new Set(taken.map(({ swarm }) => swarm))]
    if (resumed && others.length > taken.length) {
      throw new OompaError({
        code: 'running',
        message: `Swarm ${id} is running.`,
        mend: `oompa view ${id}`,
        status: STATUS.refused,
      })
    }
    const clash = taken.find(({ worker }) => resumed?.workers.includes(worker))
    if (clash) {
      throw new OompaError({
        code: 'workers-taken',
        message: `Swarm ${id} cannot go on: its worker ${clash.worker} is now a worker of swarm ${clash.swarm}, which is running.`,
        mend: `oompa stop ${clash.swarm}, then oompa resume ${id}`,
        status: STATUS.refused,
      })
    }
    const used = new Set([...taken.map(({ worker }) => worker), ...takenElsewhere(root)])
    // At level 1 names are the bash script's: there the iteration fails, as it would.
    const areGiven = facts.named || resumed || facts.level === 1
    const inTheWay = areGiven ? [] : occupied(root).filter(({ worker }) => !used.has(worker))
    const chosen =
      resumed?.workers ?? freeWorkerNames(settings.workers.length, [...used, ...inTheWay.map(({ worker }) => worker)])
    const { pid, start: processStart, host } = thisOwner()
    const { scale } = settings
    const left = chosen.filter((name, index) => (resumed?.next.get(name) ?? 1) <= settings.workers[index]!.iterations)
    const workers = chosen.map((worker, index) => {
      const lane = settings.workers[index]!
      const { iterations, story, priority, role, stores } = lane
      const wants = {
        ...(story === undefined ? {} : { story }),
        ...(priority === undefined ? {} : { priority }),
        ...(role === undefined ? {} : { role }),
        ...(stores === undefined ? {} : { stores }),
      }
      const parked = scale && left.indexOf(worker) >= scale.min ? { parked: true } : {}
      return { worker, agent: formatAgentSpec(lane.agent), iterations, ...wants, ...parked }
    })
    const environment = givenEnvironment()
    const named = facts.named === undefined ? {} : { named: facts.named.name }
    const { argv, into, level } = facts
    proveStart(root, id, { argv, environment, workers, into, level, ...named })
    emit({
      type: 'swarm.started',
      pid,
      processStart,
      host,
      level: facts.level,
      workers,
      iterations: Math.max(...settings.workers.map((lane) => lane.iterations)),
      into: facts.into,
      ...named,
      version: packageVersion(),
      budgetUsd: settings.budget.usd,
      argv: facts.argv,
      environment,
      ...(resumed ? { resumed: true } : {}),
    })
    if (running.length > 0 && chosen[0] !== 'w1') {
      emit({
        type: 'note',
        text: `Swarm ${running.join(', ')} is running: this one's workers are ${chosen.join(', ')}.`,
      })
    }
    for (const { worker, why } of inTheWay) {
      const text = `${why.message} So no worker of this swarm is ${worker}. To have it again: ${why.mend}`
      emit({ type: 'note', level: 'warning', text })
    }
    return chosen
  })
}

/** @throws OompaError `running` (status 4): two loops in one folder would work over each other */
function mustBeFree(root: string, id: string, name: string): void {
  const other = runningLoops(root).find((one) => one.named === name && one.swarm !== id)
  if (!other) return
  throw new OompaError({
    code: 'running',
    message: `Swarm ${other.swarm} is a loop in the worktree ${name} already.`,
    mend: `oompa view ${other.swarm} --watch`,
    status: STATUS.refused,
  })
}

/** The variables that settings came from, for a resume. */
function givenEnvironment(): Record<string, string> {
  return Object.fromEntries(environmentNames.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])))
}
