// A swarm of `"workers": { "min", "max" }`: one lane more begins while more tasks are ready than lanes are free for, and a
// lane that finds none ends for now, down to `min`. Nothing that has begun is interrupted.

import type { Scale } from '../config/contract.js'
import { messageOf } from '../errors.js'
import type { OompaEvent } from '../events/contract.js'
import { isWanted } from '../tasks/order.js'
import { waitFor } from '../tasks/wait.js'
import { type Gathering, gather } from '../views/figures.js'
import { seenFrom, wantsOf } from './claim.js'
import type { Scaling, Swarm, Worker } from './contract.js'
import { affordable, laneCapacity, lanesHere, lanesWanted, latestSwarms } from './wanted.js'

/** A lane that waits for so long is one too many. */
const IDLE_MS = 5000

/** What the latest swarms have shown, and this one from now on. */
export function ownFigures(root: string, swarm: string): { all: readonly Gathering[]; take(event: OompaEvent): void } {
  const own = gather(swarm)
  return { all: [own, ...latestSwarms(root, swarm).map(({ shown }) => shown)], take: (event) => own.take(event) }
}

export function followTasks(swarm: Swarm, scale: Scale, figures: readonly Gathering[]): Scaling {
  const { workers, crew, store, stopping, budget, emit } = swarm
  /** Lanes that shall work, each with what tells it to leave. */
  const wanted = new Map<string, AbortController>()
  /** Lanes that wait until they are wanted. */
  const parked = new Map<string, (isWanted: boolean) => void>()
  const waitingSince = new Map<string, number>()
  let ended = false

  const start = (name: string, reason?: string): void => {
    wanted.set(name, new AbortController())
    waitingSince.delete(name)
    budget.counts(name, true)
    if (reason === undefined) return
    emit({ type: 'worker.started', worker: name, reason })
    crew.set(name, 'ahead')
    parked.get(name)?.(true)
    parked.delete(name)
  }

  /** Whoever has begun and has no task may be about to claim one, but for an agent that was asked to plan. */
  const isBusy = (name: string): boolean => {
    const iteration = swarm.current.get(name)
    return crew.state(name) === 'working' && (iteration?.hadTask || iteration?.planning) === true
  }

  /** One that was told to leave has, unless it has found a task in the same moment. */
  const atWork = (): string[] =>
    [...wanted].flatMap(([name, { signal }]) =>
      crew.state(name) !== 'over' && (!signal.aborted || isBusy(name)) ? [name] : [],
    )

  /** What the tasks want, and who is there for them. */
  const count = async () => {
    // Before the tasks are looked at: who claims one meanwhile is free for it.
    const there = atWork()
    const free = there.filter((name) => !isBusy(name))
    const { pending, current } = store ? seenFrom(swarm, await store.list()) : { pending: [], current: [] }
    const wants = wantsOf(workers[0]!)
    const ready = pending.filter(
      (task) => task.ready && isWanted(task, wants) && !budget.reachedBy({ task: task.id }),
    ).length
    const busy = there.length - free.length
    const elsewhere = current.filter(({ claim }) => claim !== undefined && claim.holder.swarm !== swarm.id).length
    const lane = laneCapacity(figures.map((one) => one.figures))
    const affords = affordable(figures, budget.leftUsd)
    const all = lanesWanted({ ready, held: busy + elsewhere, lane, affords })
    return { ready, busy, free, here: lanesHere(all, { ...scale, elsewhere }) }
  }

  const look = async (): Promise<true | undefined> => {
    if (parked.size > 0 || wanted.size > scale.min) {
      // That a server is away the calls of the workers say.
      const now = await count().catch(() => undefined)
      if (now) {
        const more = Math.min(now.here - atWork().length, now.ready - now.free.length)
        const reason = `${now.ready} ready, ${now.busy} at work`
        const mayStart = workers.filter((one) => parked.has(one.name) && !one.finished)
        for (const { name } of mayStart.slice(0, Math.max(0, more))) start(name, reason)
        endIdle(now.free, atWork().length - now.here, reason)
      }
    }
    return [...wanted.keys()].every((name) => crew.state(name) === 'over') || undefined
  }

  /** Tells so many of those that have waited for a while to leave, the last ones first. */
  const endIdle = (free: readonly string[], many: number, reason: string): void => {
    const waiting = free.filter((name) => crew.state(name) === 'waiting')
    for (const name of waitingSince.keys()) if (!waiting.includes(name)) waitingSince.delete(name)
    for (const name of waiting) if (!waitingSince.has(name)) waitingSince.set(name, performance.now())
    const idle = waiting.filter((name) => performance.now() - waitingSince.get(name)! >= IDLE_MS)
    for (const name of idle.reverse().slice(0, Math.max(0, many))) wanted.get(name)?.abort(new Error(reason))
  }

  /** How many may go on where workers never wait for a task: who has none would be started all the same. */
  const mostOf = async ({ settings }: Worker): Promise<number> => {
    if (swarm.claims || !settings.canPlan || swarm.outcomes.length === 0) return scale.max
    return (await count().catch(() => undefined))?.here ?? scale.max
  }

  const leave = (name: string): void => {
    budget.counts(name, false)
    crew.set(name, 'over')
  }

  for (const { name } of workers) {
    if (crew.state(name) !== 'over' && wanted.size < scale.min) start(name)
    else leave(name)
  }
  const follow = (): Promise<void> =>
    waitFor(look, {
      timeoutMs: Number.POSITIVE_INFINITY,
      pollMs: IDLE_MS,
      signal: stopping.ending,
      hints: [crew.onChange, ...(store?.watch ? [(changed: () => void) => store.watch!(changed)] : [])],
    })
      .catch((error: unknown) => {
        emit({ type: 'note', level: 'warning', text: `Following the tasks: ${messageOf(error)}` })
      })
      .then(() => {
        ended = true
        for (const go of parked.values()) go(false)
      })
  /** Begins with the first worker: a swarm that cannot start has nothing that goes on. */
  let isFollowing = false

  return {
    async turn(worker) {
      const { name } = worker
      if (!workers.includes(worker)) return true
      if (!isFollowing) void follow()
      isFollowing = true
      const most = await mostOf(worker)
      const mayLeave = wanted.get(name)
      if (mayLeave && !mayLeave.signal.aborted && atWork().length <= most) return true
      if (mayLeave) {
        wanted.delete(name)
        const reason = mayLeave.signal.aborted ? messageOf(mayLeave.signal.reason) : 'no task is ready for it'
        emit({ type: 'worker.ended', worker: name, reason })
      }
      leave(name)
      return !ended && new Promise((resolve) => parked.set(name, resolve))
    },
    leaving: (name) => wanted.get(name)?.signal,
  }
}
