// `oompa kill`: ends a swarm now, and whatever it has started. What its agents made is kept.

import { setTimeout as sleep } from 'node:timers/promises'
import { type Command, flag, number } from '../cli/contract.js'
import { OompaError, STATUS, usageError } from '../errors.js'
import { findRun, type Run, readRun, runningRun } from '../events/runs.js'
import { runFolder } from '../files/paths.js'
import { findRepository } from '../git/repository.js'
import { isAlive } from '../processes/identity.js'
import { isSeenFromHere, type Owner } from '../processes/owner.js'

/** Seconds for ending the agents, keeping their work, and the landing in progress. */
const GRACE_S = 15
/** After the second signal, which ends at once. */
const AT_ONCE_MS = 2_000
const POLL_MS = 50

export const command: Command = {
  summary: 'End a swarm now, with all that it started. What its agents made is kept.',
  positionals: [
    { name: 'id', describe: 'The swarm, or the beginning of its id; else the one that runs', names: 'swarm' },
  ],
  options: {
    grace: { type: 'number', describe: `Seconds in which it may keep its agents' work; ${GRACE_S} unless given` },
    json: { type: 'boolean', describe: 'Print JSON' },
  },
  examples: [
    ['oompa kill', 'the running swarm'],
    ['oompa kill 3f2a', 'another one; for one that crashed, what it left behind'],
  ],
  async run(args) {
    const { root } = await findRepository()
    const id = args.positionals[0]
    // A named swarm may have crashed and left processes behind: those can be ended, too.
    const run = id === undefined ? runningRun(root) : findRun(root, id)
    if (run.state === 'running' && run.owner && !isSeenFromHere(run.owner)) throw elsewhere(run, run.owner)
    const how = await endProcess(run.owner, graceMs(number(args, 'grace')))
    const { reap } = await import('../processes/reap.js')
    const { processRecord } = await import('../processes/watchdog.js')
    const left = await reap(run.swarm, processRecord(runFolder(root, run.swarm)))
    const state = readRun(root, run.swarm)?.state ?? run.state
    if (flag(args, 'json')) {
      console.log(JSON.stringify({ swarm: run.swarm, ended: how, processes: left, state }))
    } else {
      console.log(said(run.swarm, how, left))
      if (how !== 'none') console.log(`  → oompa view ${run.swarm}, or oompa resume ${run.swarm} to go on`)
    }
    return how === 'none' && left === 0 ? STATUS.nothing : STATUS.done
  },
}

function graceMs(seconds = GRACE_S): number {
  if (seconds >= 0) return seconds * 1000
  throw usageError(`--grace is ${seconds}: it must not be negative.`, 'See: oompa kill --help')
}

type How = 'gently' | 'at once' | 'by force' | 'none'

/** Ends the swarm's own process, each step only if the one before did not. */
async function endProcess(owner: Owner | undefined, gentleMs: number): Promise<How> {
  if (!owner || !isAlive(owner.pid, owner.start)) return 'none'
  const { pid, start } = owner
  const steps: [NodeJS.Signals, number, How][] = [
    ['SIGTERM', gentleMs, 'gently'],
    ['SIGTERM', AT_ONCE_MS, 'at once'],
    ['SIGKILL', AT_ONCE_MS, 'by force'],
  ]
  for (const [signal, forMs, how] of steps) {
    if (!send(pid, signal)) return how
    for (const until = performance.now() + forMs; performance.now() < until; await sleep(POLL_MS)) {
      if (!isAlive(pid, start)) return how
    }
  }
  throw new OompaError({
    code: 'not-ended',
    message: `Process ${pid} has not ended after SIGKILL: the system holds it.`,
    mend: `ps -o pid,stat,wchan,args -p ${pid}`,
  })
}

/** False if the process has ended meanwhile. */
function send(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal)
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ESRCH') return false
    throw new OompaError({
      code: 'not-yours',
      message: `Process ${pid} is not yours to end.`,
      mend: `sudo kill ${pid}`,
      status: STATUS.refused,
      cause,
    })
  }
}

function elsewhere(run: Run, { pid, host }: Owner): OompaError {
  return new OompaError({
    code: 'other-host',
    message: `Swarm ${run.swarm} runs as process ${pid} on ${host}, which cannot be seen from here: it can only be ended there.`,
    mend: `oompa stop ${run.swarm}`,
    status: STATUS.refused,
  })
}

function said(swarm: string, how: How, left: number): string {
  const agents = left ? `${left} ${left === 1 ? 'process' : 'processes'} that it had left behind ended, too` : ''
  if (how === 'none') return agents ? `Swarm ${swarm} was not running; ${agents}.` : `Swarm ${swarm} is not running.`
  return `Swarm ${swarm} was ended ${how}${agents ? `; ${agents}` : ''}.`
}
