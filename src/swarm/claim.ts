// The first stage: a task for this iteration, or the wait for one. A worker that may not plan starts no agent without.

import { isErrno, messageOf, STATUS } from '../errors.js'
import { thisMachine } from '../processes/owner.js'
import type { ClaimAnswer, ClaimRequest, TaskListing, TaskStore } from '../tasks/contract.js'
import { type NoneReady, noneReady } from '../tasks/none.js'
import { inOrderOfClone, isWanted } from '../tasks/order.js'
import { hopeFor, type LaneFacts, waitFor } from '../tasks/wait.js'
import type { Task } from '../words.js'
import type { Iteration, Swarm, Worker } from './contract.js'
import { IterationEnding } from './ending.js'
import { hold } from './hold.js'
import { payDebts } from './owed.js'

/** A task, the leave to begin without one, or why there is none; `mayCome`: one may still come. */
type Found = { readonly task?: Task } | { readonly none: NoneReady; readonly mayCome: boolean }

/**
 * Claims the next ready task (`hooks/tasks`), or waits until there is one that the agent may claim by itself. Where
 * nothing is pending, one worker that may plan begins without.
 * @returns the task; undefined where the agent begins without one
 * @throws IterationEnding when there is nothing left to do
 */
export async function claimTask(iteration: Iteration, store: TaskStore): Promise<Task | undefined> {
  const { lane } = iteration
  const { swarm } = lane
  const { stopping, crew } = swarm
  crew.set(lane.name, 'waiting')
  let last: NoneReady | undefined
  let isFirst = true
  // Away for longer than claims live: whatever is held here may be somebody else's by now.
  const awayTooLong = (error: unknown): undefined => {
    if (!isErrno(error, 'store-away')) throw error
    stopping.gently(messageOf(error), STATUS.failed)
  }
  const look = async (): Promise<Found | undefined> => {
    await payDebts(swarm)
    // Others complete tasks, and make others ready, in clones of theirs: what they have pushed is where they say so.
    await Promise.all([swarm.fresh.now(), swarm.elsewhere?.look(isFirst)])
    isFirst = false
    if (stopping.ending.aborted) return undefined
    const answer = await (swarm.claims ? claimOrBegin(iteration, store) : mayBegin(lane, store)).catch(awayTooLong)
    if (!answer) return undefined
    last = 'none' in answer ? answer.none : undefined
    return 'none' in answer && answer.mayCome ? undefined : answer
  }
  const leaving = swarm.scaling?.leaving(lane.name)
  const { watch } = store
  const found = await waitFor(look, {
    timeoutMs: lane.settings.maxWaitForTasksMs,
    lostMs: swarm.awayMs,
    signal: leaving ? AbortSignal.any([stopping.ending, leaving]) : stopping.ending,
    hints: [crew.onChange, ...(watch ? [(changed: () => void) => watch.call(store, changed)] : [])],
  })
  crew.set(lane.name, 'working')
  if (found && !('none' in found)) return found.task
  // It has not begun: a resume begins with it.
  if (stopping.why !== undefined) throw new IterationEnding('interrupted', stopping.why, { finish: true })
  if (leaving?.aborted) throw new IterationEnding('interrupted', messageOf(leaving.reason), { again: true })
  const none = last ?? noneReady(await store.list(), wantsOf(lane))
  swarm.emit({ type: 'task.none', worker: lane.name, iteration: iteration.number, ...none })
  throw new IterationEnding('nothing', none.reason, { finish: true })
}

/** A task, or the leave to plan; what is said where there is neither yet. */
async function claimOrBegin(iteration: Iteration, store: TaskStore): Promise<Found> {
  const { lane } = iteration
  const { swarm } = lane
  const request: ClaimRequest = {
    claimer: { worker: lane.name, swarm: swarm.id, pid: process.pid },
    ...wantsOf(lane),
  }
  let answer = await claimWithin(swarm, store, request)
  let listing: TaskListing | undefined
  if (answer.answer !== 'claimed') {
    listing = await store.list()
    if (await takeOver(swarm, listing)) listing = await store.list()
    // It has become ready in between: whoever held it may not be there any more to hope for.
    if (hasReady(seenFrom(swarm, listing), lane)) {
      answer = await claimWithin(swarm, store, request)
      // Others were quicker: what they hold now is no more to be given up.
      if (answer.answer !== 'claimed') listing = await store.list()
    }
  }
  if (answer.answer === 'claimed') return { task: taken(iteration, answer) }
  sayUnclaimed(swarm, listing!)
  const { crew } = swarm
  const mayPlan = isPlanningDue(lane, listing!)
  if (mayPlan && lane.settings.canPlan) {
    crew.planner = lane.name
    crew.set(lane.name, 'working')
    iteration.planning = true
    return {}
  }
  return noneYet(lane, listing!, mayPlan)
}

/**
 * The next task. It is chosen here where tasks have a cap, which one that was given back may have reached, and where other
 * clones push, too, whose claims the store does not see.
 */
async function claimWithin(swarm: Swarm, store: TaskStore, request: ClaimRequest): Promise<ClaimAnswer> {
  const { settings, budget, fresh, repository, elsewhere } = swarm
  const isBesideOthers = !store.engine && (elsewhere?.others() || (await fresh.others()))
  if (settings.budget.perTask === undefined && !isBesideOthers && !elsewhere?.asks()) {
    const answer = await store.claim(request)
    if (answer.answer === 'claimed') elsewhere?.tell(answer.claim.task.id)
    return answer
  }
  const { pending } = seenFrom(swarm, await store.list())
  const ready = pending.filter((task) => task.ready && isWanted(task, request) && !budget.reachedBy({ task: task.id }))
  const inTurn = isBesideOthers ? inOrderOfClone(ready, `${thisMachine.host}:${repository.root}`) : ready
  // Another worker of ours may have chosen the same in this moment.
  for (const { id } of inTurn) {
    const claim = () => store.claim({ claimer: request.claimer, id })
    const answer = await (elsewhere?.claim(id, claim) ?? claim())
    if (answer.answer === 'claimed') return answer
  }
  return { answer: 'none', why: 'no task is ready, and within its budget' }
}

/**
 * Claims whose holders are gone, on another machine perhaps, go back while we look for a task, or are complete, where their
 * work has landed; at the start all did.
 * @returns whether any did
 */
async function takeOver(swarm: Swarm, { current }: TaskListing): Promise<boolean> {
  if (!current.some(({ stale, claim }) => stale !== undefined && claim !== undefined)) return false
  const { releaseStale } = await import('../recovery/interrupted.js')
  const { released, completed } = await releaseStale(swarm)
  return released + completed > 0
}

/** Whether a task may still come: by this swarm, by another one of this repository, or from another clone. */
async function mayCome(lane: Worker, all: TaskListing, mayPlan: boolean): Promise<boolean> {
  const me = { wants: wantsOf(lane) }
  const own = othersOf(lane)
  const listing = seenFrom(lane.swarm, all)
  if (hopeFor(me, own, listing, mayPlan)) return true
  // Another clone may give back what it works on, or be gone; another worker may not get what it is about to claim.
  if (all.pending.some((task) => !listing.pending.includes(task) && isWanted(task, me.wants))) return true
  // Whoever takes what a waiting task needs need not be here.
  if (!listing.pending.some(({ waitsFor }) => waitsFor.length > 0)) return false
  const { swarm } = lane
  const { runningLanes } = await import('../events/running.js')
  const beside = runningLanes(swarm.repository.root, swarm.id).map(
    (wants): LaneFacts => ({ state: 'ahead', mayAdd: false, wants }),
  )
  const elsewhere: LaneFacts[] =
    swarm.inReview() || (await swarm.fresh.others()) ? [{ state: 'ahead', mayAdd: false, wants: {} }] : []
  if (beside.length + elsewhere.length === 0) return false
  return hopeFor(me, [...own, ...beside, ...elsewhere], listing, false) !== undefined
}

function taken(iteration: Iteration, answer: Extract<ClaimAnswer, { answer: 'claimed' }>): Task {
  hold(iteration, answer.claim)
  return answer.claim.task
}

/** Where agents claim by themselves: one may begin for each ready task that nobody has begun for. */
async function mayBegin(lane: Worker, store: TaskStore): Promise<Found> {
  let listing = await store.list()
  if (await takeOver(lane.swarm, listing)) listing = await store.list()
  const ready = listing.pending.filter((task) => task.ready && isWanted(task, wantsOf(lane))).length
  const undecided = lane.swarm.workers.filter(
    (other) =>
      other !== lane &&
      !other.settings.canPlan &&
      lane.swarm.crew.state(other.name) === 'working' &&
      lane.swarm.current.get(other.name)?.hadTask === false,
  ).length
  if (ready > undecided) {
    // At once: another one that has looked at the same time must see it.
    lane.swarm.crew.set(lane.name, 'working')
    return {}
  }
  sayUnclaimed(lane.swarm, listing)
  return noneYet(lane, listing, false)
}

async function noneYet(lane: Worker, listing: TaskListing, mayPlan: boolean): Promise<Found> {
  return {
    none: noneReady(seenFrom(lane.swarm, listing), wantsOf(lane)),
    mayCome: await mayCome(lane, listing, mayPlan),
  }
}

/**
 * Whether an agent is to be asked to plan: nothing is pending, nobody plans, and nobody was asked in vain since. Asked
 * in vain, once more when all others have ended their work, and something came of it.
 */
function isPlanningDue(lane: Worker, listing: TaskListing): boolean {
  const { workers, crew } = lane.swarm
  if (listing.pending.length > 0 || crew.planner !== undefined) return false
  if (workers.some((other) => other.settings.planner && crew.state(other.name) !== 'over')) return false
  if (crew.fruitless === undefined) return true
  return crew.progress > crew.fruitless && !workers.some((other) => crew.state(other.name) === 'working')
}

function hasReady(listing: TaskListing, lane: Worker): boolean {
  return listing.pending.some((task) => task.ready && isWanted(task, wantsOf(lane)))
}

/** The tasks, those that swarms of other clones work on held. */
export function seenFrom({ elsewhere }: Swarm, listing: TaskListing): TaskListing {
  return elsewhere?.seen(listing) ?? listing
}

export function wantsOf({ settings }: Pick<Worker, 'settings'>): LaneFacts['wants'] {
  const { story, priority, role, stores } = settings
  return { story, priority, role, stores }
}

function othersOf(lane: Worker): LaneFacts[] {
  const { workers, crew } = lane.swarm
  return workers
    .filter((other) => other !== lane)
    .map((other) => ({
      state: crew.state(other.name),
      mayAdd: other.settings.canPlan,
      wants: wantsOf(other),
    }))
}

// Says that tasks stand in current which nobody holds: a worker that finds nothing pending would end, or wait, in silence.

const said = new WeakSet<Swarm>()
/** More would only hide the command. */
const MOST = 10

/** Once for a swarm, where a worker has found no task. */
function sayUnclaimed(swarm: Swarm, { current }: TaskListing): void {
  if (said.has(swarm)) return
  // An agent that claims by itself has moved a file, perhaps, and we have not read yet whose it is.
  if (!swarm.claims && swarm.workers.some((lane) => swarm.crew.state(lane.name) === 'working')) return
  const own = new Set([...swarm.current.values()].flatMap(({ claims }) => claims.map((claim) => claim.task.id)))
  const ids = current.flatMap(({ id, bare }) => (bare !== undefined && !own.has(id) ? [id] : []))
  if (ids.length === 0) return
  said.add(swarm)
  const one = ids.length === 1
  const named = ids.slice(0, MOST)
  const more = ids.length > MOST ? ` (and ${ids.length - MOST} more: oompa tasks stale)` : ''
  const text = `${one ? '1 task stands' : `${ids.length} tasks stand`} in current without a claim record. If nobody works on ${one ? 'it' : 'them'}: oompa requeue ${named.join(' ')}${more}`
  swarm.emit({ type: 'note', level: 'warning', text })
}
