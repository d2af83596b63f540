// Keeps a swarm from the tasks that swarms of other clones work on, and tells those what this one does: by a list on the
// remote (tasks/refs/working.ts). While the remote is away, or takes no such list, work goes on without.

import { existsSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { readRun } from '../events/runs.js'
import { runFolder } from '../files/paths.js'
import { git } from '../git/run-git.js'
import { thisMachine } from '../processes/owner.js'
import type { ClaimAnswer } from '../tasks/contract.js'
import { partsOf } from '../tasks/index.js'
import { MOST_TASKS, workingList } from '../tasks/refs/working.js'
import type { Elsewhere, Swarm } from './contract.js'

/** A swarm that is silent for so long is not there any more; it renews its entry, by a push, at a quarter of this. */
const LEASE_MS = 5 * 60_000
/** The list is read only for a worker that looks for a task: while it waits for one, and others are there, so often. */
const READ_MS = 2000
/** When it begins to look, what was heard a moment ago is good enough. */
const HEARD_MS = 1000
/** Who has heard nothing for so long does not know whether it is alone. */
const UNSURE_MS = 3000
/** Swarms that start at one time meet within this: until then a claim is told before it is made. */
const MEETING_MS = 5000
/** How often it is looked whether the others have to hear of something that was given back. */
const TELL_MS = 3000
/** A claim waits no longer for the remote: then it is made without. */
const PATIENCE_MS = 10_000
/** Nor does a person who ends the swarm now. */
const HURRY_MS = 3000
/** A remote that did not answer is asked again after so long. */
const AWAY_MS = 30_000

/** Undefined where nothing is pushed, or the tasks are not files that go with it: a server of tasks knows who has them. */
export async function elsewhereOf(swarm: Swarm): Promise<Elsewhere | undefined> {
  const { store, remote, into, claims, repository } = swarm
  if (!store?.tracked || store.engine || remote === undefined || into === undefined || !claims) return undefined
  // Tasks that git ignores are each clone's own, whatever their names.
  const places = await Promise.all(partsOf(store).map(async ({ tracked }) => (await tracked?.away?.())?.paths ?? []))
  if (!(await anyGoesAlong(repository.root, places.flat()))) return undefined
  return joined(swarm, { store, remote, into })
}

async function anyGoesAlong(root: string, places: readonly string[]): Promise<boolean> {
  if (places.length === 0) return false
  const { stdout } = await git(root, ['check-ignore', '-z', '--stdin'], { input: places.join('\0') })
  return stdout.split('\0').filter(Boolean).length < places.length
}

function joined(swarm: Swarm, { store, remote, into }: Required<Pick<Swarm, 'store' | 'remote' | 'into'>>): Elsewhere {
  const { id, repository, settings, stopping, current, crew, emit, fresh } = swarm
  const { root } = repository
  const leaseMs = Math.min(LEASE_MS, settings.limits.leaseMs)
  const working = workingList({
    root,
    remote,
    target: into,
    swarm: id,
    host: thisMachine.host,
    leaseMs,
    isRunningHere: (one) => (existsSync(runFolder(root, one)) ? readRun(root, one)?.state === 'running' : undefined),
    refused: (words) =>
      emit({ type: 'note', text: `${words} So clones do not see what the others work on: some tasks are done twice.` }),
  })
  /** Tasks that we have said to be ours. */
  let said: ReadonlySet<string> = new Set()
  /** Tasks that are about to be claimed. */
  const asked = new Set<string>()
  /** Those that we have had and not given back, the latest last: whoever has not fetched yet must not begin what is done. */
  const begun = new Set<string>()
  let joinedAt = Number.POSITIVE_INFINITY
  let [heardAt, writtenAt, awayAt] = [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY]
  const ago = (at: number) => performance.now() - at

  /** Runs what asks the remote; what goes wrong there keeps nobody from work. */
  const ask = async (act: () => Promise<void>): Promise<void> => {
    if (ago(awayAt) < AWAY_MS) return
    try {
      await act()
      heardAt = performance.now()
    } catch {
      awayAt = performance.now()
    }
  }

  /** A remote that was away the last time is waited for by nobody. */
  const heard = async (asking: Promise<void>): Promise<void> => {
    if (awayAt <= heardAt) await patiently(asking)
  }

  const write = () =>
    ask(async () => {
      said = await working.write(await ours(), stopping.agents)
      writtenAt = performance.now()
      joinedAt = Math.min(joinedAt, writtenAt)
    })
  let going = Promise.resolve()
  let next: Promise<void> | undefined
  /** Writes our entry as things are; one write tells what several workers have to tell. */
  const tell = (): Promise<void> => {
    next ??= going.then(() => {
      next = undefined
      going = write()
      return going
    })
    return next
  }

  async function ours(): Promise<string[]> {
    // A claim may be made while the store is read.
    const before = [...asked]
    const { pending, current: held } = await store.list()
    const inHand = [...current.values()].flatMap(({ claims }) => claims.map(({ task }) => task.id))
    const now = new Set([...before, ...inHand, ...asked])
    for (const { id: task, claim } of held) if (claim?.holder.swarm === id) now.add(task)
    for (const task of pending) begun.delete(task.id)
    for (const task of now) {
      begun.delete(task)
      begun.add(task)
    }
    return [...begun].slice(-MOST_TASKS)
  }

  const taken = () => new Set(working.others().flatMap(({ tasks }) => tasks))
  /** What others were seen to work on, and they: whatever of it is gone was done, or given back. */
  let seenBefore: ReadonlySet<string> = new Set()
  let goneAt: number | undefined
  const noteGone = (): void => {
    const seen = new Set(working.others().flatMap(({ swarm: other, tasks }) => [`swarm ${other}`, ...tasks]))
    if ([...seenBefore].some((one) => !seen.has(one))) goneAt = performance.now()
    seenBefore = seen
  }

  let reading: Promise<void> | undefined
  const look: Elsewhere['look'] = async (isFirst) => {
    await joining
    const others = working.others().length
    if (isFirst ? ago(heardAt) > HEARD_MS : others > 0 && ago(heardAt) > READ_MS) {
      reading ??= ask(() => working.read(stopping.agents)).finally(() => {
        reading = undefined
      })
      await heard(reading)
    }
    noteGone()
    // What they have done must not look pending here: a landing of ours may have kept what was fetched from being taken in.
    const at = goneAt
    if (at !== undefined && (await fresh.now(at)) && goneAt === at) goneAt = undefined
  }

  let dirty = false
  const tick = async (): Promise<void> => {
    const looks = dirty
    dirty = false
    if (ago(writtenAt) > leaseMs / 4 || (looks && isOutdated(said, await ours()))) await tell()
  }
  const timer = setInterval(() => void tick().catch(() => {}), Math.min(TELL_MS, leaseMs / 4))
  timer.unref()
  const unwatch = crew.onChange(() => {
    dirty = true
  })
  const joining = patiently(tell())

  return {
    look,
    others: () => working.others().length > 0,
    asks: () => working.others().length > 0 || ago(heardAt) > UNSURE_MS || ago(joinedAt) < MEETING_MS,
    tell(task) {
      begun.add(task)
      void tell()
    },
    seen(listing) {
      // A worker of ours that is about to have one may give it back, as any may.
      const theirs = new Set([...taken(), ...asked])
      if (theirs.size === 0) return listing
      const pending = listing.pending.filter((task) => !theirs.has(task.id))
      const held = listing.pending.filter((task) => theirs.has(task.id))
      return { ...listing, pending, current: [...listing.current, ...held] }
    },
    async claim(task, act) {
      // Another worker of ours is about to have it.
      if (asked.has(task)) return NOT_OURS
      asked.add(task)
      try {
        await heard(tell())
        // Where nothing could be said, what was heard last counts.
        if (!said.has(task) && taken().has(task)) return NOT_OURS
        return await act()
      } finally {
        asked.delete(task)
        dirty = true
      }
    },
    async leave() {
      clearInterval(timer)
      unwatch()
      const patienceMs = stopping.agents.aborted ? HURRY_MS : PATIENCE_MS
      await patiently(going, patienceMs)
      // An entry that stays lapses.
      if (writtenAt > 0) await patiently(working.leave(AbortSignal.timeout(patienceMs)), patienceMs)
    },
  }
}

const NOT_OURS: ClaimAnswer = { answer: 'already-taken', why: 'another clone works on it' }

/** Whether others wait for something that is free by now, or do not know of something. */
function isOutdated(said: ReadonlySet<string>, now: readonly string[]): boolean {
  const still = new Set(now)
  return [...said].some((id) => !still.has(id)) || now.some((id) => !said.has(id))
}

async function patiently(wait: Promise<unknown>, ms = PATIENCE_MS): Promise<void> {
  await Promise.race([wait.catch(() => {}), sleep(ms, undefined, { ref: false })])
}
