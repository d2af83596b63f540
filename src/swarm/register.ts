// Enters a swarm into the repository's log, under worker numbers that no other running swarm has, and shows it.

import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { formatAgentSpec } from '../agents/spec.js'
import type { Settings } from '../config/contract.js'
import { environmentNames } from '../config/flags.js'
import { messageOf, OompaError, STATUS } from '../errors.js'
import type { Emit } from '../events/contract.js'
import { watchControl } from '../events/control.js'
import { fold } from '../events/fold.js'
import { openLog, readLog } from '../events/log.js'
import { freeWorkerNames, runningLoops, runningWorkers, takenElsewhere } from '../events/running.js'
import { startHeartbeat } from '../events/runs.js'
import { packageVersion } from '../files/package.js'
import { outputFile, runFolder } from '../files/paths.js'
import type { Repository } from '../git/folders.js'
import type { EventHook } from '../hooks/contract.js'
import { onLockWarning, withLock } from '../locks/index.js'
import { thisOwner } from '../processes/owner.js'
import { startWatchdog } from '../processes/watchdog.js'
import { openView } from '../views/index.js'
import { lateView } from '../views/late.js'
import type { NamedLoop } from '../worktrees/named.js'
import { occupied } from '../worktrees/occupied.js'
import { minutesOver } from './caps.js'
import type { ResumePoint } from './resume.js'
import { forgetStart, proveStart } from './start-proof.js'
import { listenToSignals, type Stopping } from './stop.js'

export interface Registration {
  readonly id: string
  /** The names of its workers. */
  readonly names: readonly string[]
  readonly emit: Emit
  /** What an agent printed, for the view. */
  output(worker: string, text: string): void
  /** Says on a terminal what is waited for, while nothing else is shown there: a line of its own would tear the table. */
  aside(text: string): void
  /** What is said while this goes on is shown at once: nothing else of a start is, before something has begun. */
  openly<T>(wait: () => Promise<T>): Promise<T>
  /** Ends the swarm on signals, on `oompa stop`, and when its minutes are over. */
  listen(stopping: Stopping): void
  /** From now on these are told of each event, one after the other. */
  addEventHooks(hooks: readonly EventHook[]): void
  /**
   * The last event, the last words of the view, and the end of everything that was started.
   * @param early whether something ended it before its workers had ended
   */
  close(reason: string, status: number, early: boolean): Promise<void>
  /** The swarm could not start: it has never been, unless it is a resume or has put an earlier one in order. */
  abandon(error: unknown): Promise<void>
}

export interface RegistrationFacts {
  readonly repository: Repository
  readonly settings: Settings
  readonly level: number
  readonly into?: string
  readonly argv: readonly string[]
  readonly resumed?: ResumePoint
  readonly named?: NamedLoop
}

export async function register(facts: RegistrationFacts): Promise<Registration> {
  const { repository, settings, resumed } = facts
  const { root } = repository
  if (resumed && resumed.workers.length !== settings.workers.length) {
    throw new OompaError({
      code: 'other-workers',
      message: `Swarm ${resumed.swarm} had ${resumed.workers.length} workers, and the configuration has ${settings.workers.length} now: it cannot go on.`,
      mend: `Put the configuration back as it was, or start anew: oompa run`,
      status: STATUS.usage,
    })
  }
  const id = resumed?.swarm ?? newSwarmId(root)
  const log = openLog(root, id)
  // What an earlier start of it did belongs to the last words.
  const state = resumed && fold(readLog(root, id), id)
  let stopGently = () => {}
  const view = lateView(() =>
    openView({
      json: settings.json,
      state,
      controls: {
        stop: () => stopGently(),
        printed: async (worker, iteration) =>
          (await import('../views/printed.js')).lastPrinted(outputFile(root, id, worker, iteration)),
      },
    }),
  )
  let failed = false
  log.listen((event) => {
    // Of a start that fails the error is printed, and that once.
    if (!failed) view.event(event)
  })
  onLockWarning((text) => log.emit({ type: 'note', level: 'warning', text }))
  const names = await withLock(root, 'start', async () => {
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
    log.emit({
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
      log.emit({
        type: 'note',
        text: `Swarm ${running.join(', ')} is running: this one's workers are ${chosen.join(', ')}.`,
      })
    }
    for (const { worker, why } of inTheWay) {
      const text = `${why.message} So no worker of this swarm is ${worker}. To have it again: ${why.mend}`
      log.emit({ type: 'note', level: 'warning', text })
    }
    return chosen
  })
  const stopHeartbeat = startHeartbeat(root, id)
  const watchdog = startWatchdog({ swarm: id, folder: runFolder(root, id) })
  const endings: (() => void)[] = [stopHeartbeat]
  if (facts.named) endings.push((await import('./named.js')).beatIn(facts.named.path))
  let told: Promise<void> = Promise.resolve()
  return {
    id,
    names,
    emit: (event) => log.emit(event),
    output: (worker, text) => view.output(worker, text),
    aside(text) {
      if (process.stderr.isTTY && !view.isShown) console.error(`oompa: ${text}`)
    },
    async openly(wait) {
      view.eager = true
      try {
        return await wait()
      } finally {
        view.eager = false
      }
    },
    listen(stopping) {
      stopping.ending.addEventListener(
        'abort',
        () => log.emit({ type: 'swarm.stopping', reason: stopping.why ?? '' }),
        {
          once: true,
        },
      )
      stopGently = () => {
        log.emit({ type: 'note', text: 'Stopping: iterations in progress end, no further one begins.' })
        stopping.gently('stopped by the key q', STATUS.done)
      }
      log.listen((event) => {
        if (event.type !== 'landing.unpushed' || !event.refused) return
        stopping.gently(`${event.remote} refuses what is pushed to ${event.into}`, STATUS.failed)
      })
      endings.push(
        listenToSignals(
          stopping,
          (text) => {
            log.emit({ type: 'note', text })
            view.show()
          },
          // What was going on is left as after a crash: the next start sees to it.
          (signal) =>
            log.emit({
              type: 'swarm.stopped',
              reason: `ended at once by a second ${signal}`,
              status: STATUS.interrupted,
              abrupt: true,
            }),
        ),
        watchControl(root, id, () => {
          log.emit({ type: 'note', text: 'Asked to stop: iterations in progress end, no further one begins.' })
          stopping.gently('stopped by `oompa stop`', STATUS.done)
        }),
      )
      if (settings.budget.minutes !== undefined)
        endings.push(stopAfter(settings.budget.minutes, stopping, (event) => log.emit(event)))
    },
    addEventHooks(hooks) {
      for (const hook of hooks) {
        log.listen((event) => {
          told = told.then(() => hook(event)).catch((error) => console.error(`hooks/event: ${messageOf(error)}`))
        })
      }
    },
    async close(reason, status, early) {
      for (const ending of endings) ending()
      log.emit({ type: 'swarm.stopped', reason, status, ...(early ? { early } : {}) })
      await told
      log.close()
      view.end()
      watchdog.done()
    },
    async abandon(error) {
      failed = true
      for (const ending of endings) ending()
      log.emit({
        type: 'swarm.stopped',
        reason: messageOf(error),
        status: error instanceof OompaError ? error.status : STATUS.failed,
        // A resume that could not start has not seen to what its predecessor left.
        ...(resumed ? { abrupt: true } : {}),
      })
      await told
      log.close()
      watchdog.done()
      // What it has put in order of an earlier swarm stands in this log alone.
      if (view.isShown) view.end()
      else if (!resumed) forgetStart(root, id)
    },
  }
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

/** A cap on minutes ends the agents, too: whoever sets it wants the machine quiet by then. Their work is kept. */
function stopAfter(minutes: number, stopping: Stopping, emit: Emit): () => void {
  const timer = setTimeout(
    () => {
      emit({ type: 'budget.reached', limit: 'minutes', value: minutes })
      stopping.now(minutesOver(minutes), STATUS.limit)
    },
    Math.min(minutes * 60_000, 2 ** 31 - 1),
  )
  timer.unref()
  return () => clearTimeout(timer)
}

/** An id that no swarm of this repository has had. */
function newSwarmId(root: string): string {
  for (;;) {
    const id = randomBytes(4).toString('hex')
    if (!existsSync(runFolder(root, id))) return id
  }
}

/** The variables that settings came from, for a resume. */
function givenEnvironment(): Record<string, string> {
  return Object.fromEntries(environmentNames.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])))
}
