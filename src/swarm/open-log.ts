// Opens the log and the view of a swarm, hears what ends it, and closes them with its last words.

import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { messageOf, OompaError, STATUS } from '../errors.js'
import type { Emit } from '../events/contract.js'
import { watchControl } from '../events/control.js'
import { fold } from '../events/fold.js'
import { openLog, readLog } from '../events/log.js'
import { startHeartbeat } from '../events/runs.js'
import { outputFile, runFolder } from '../files/paths.js'
import type { EventHook } from '../hooks/contract.js'
import { onLockWarning } from '../locks/index.js'
import { startWatchdog } from '../processes/watchdog.js'
import { openView } from '../views/index.js'
import { lateView } from '../views/late.js'
import { minutesOver } from './caps.js'
import { enterSwarm, type RegistrationFacts } from './enter.js'
import { forgetStart } from './start-proof.js'
import { listenToSignals, type Stopping } from './stopping.js'

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
  const names = await enterSwarm(facts, id, (event) => log.emit(event))
  const stopHeartbeat = startHeartbeat(root, id)
  const watchdog = startWatchdog({ swarm: id, folder: runFolder(root, id) })
  const endings: (() => void)[] = [stopHeartbeat]
  if (facts.named) endings.push((await import('./named-loop.js')).beatIn(facts.named.path))
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
