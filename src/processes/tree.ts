// A process and all that it started, found and ended: by parent, session, group and mark, never by a bare pid.
//
// A process group is not enough (measured): agents run their tools in sessions of their own, wrappers are outlived by
// their native child, and daemons are handed to init. So a tree knows its members by pid and start time from looks
// taken while it ran, and finds the rest by the marks that they carry.

import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { factsOf, isAlive, type ProcessFacts, type ProcessIdentity } from './identity.js'
import { type Carried, environmentMatches, type MarkSearch, markFinder, readCarried } from './marks.js'

/** What we know of one tree. */
export interface Tree {
  readonly search: MarkSearch
  /** Members by pid, with their start times; those that have ended stay, so that their children are recognised. */
  readonly known: Map<number, string>
  /** Sessions and groups that members were seen in: all of them begin within the tree. */
  readonly groups: Set<number>
  /** No member started before this. */
  started: number
  /** What is found by its mark alone started before this: a later swarm of the same id is not ours. */
  before?: number
}

/** A look at all processes at one moment. */
export interface ProcessTable {
  readonly processes: readonly ProcessFacts[]
  /** What those carry that somebody has asked for: read once. */
  readonly carried: Map<number, Carried>
}

/** A tree that begins with `roots`, which are detached: leaders of a session and a group of their own. */
export function newTree(search: MarkSearch, roots: readonly ProcessFacts[] = []): Tree {
  return {
    search,
    known: new Map(roots.map((root) => [root.pid, root.start])),
    groups: new Set(roots.flatMap((root) => (root.group === root.pid ? [root.group] : []))),
    started: Math.min(...roots.map((root) => root.started), Number.POSITIVE_INFINITY),
  }
}

/** Looks at all processes: 1 to 3 ms for 200 of them. */
export function readTable(): ProcessTable {
  if (process.platform !== 'linux') return { processes: factsOf([]), carried: new Map() }
  const pids = readdirSync('/proc').flatMap((name) => (name.charCodeAt(0) <= 57 ? [Number(name)] : []))
  return { processes: factsOf(pids.filter(Number.isInteger)), carried: new Map() }
}

let next: Promise<ProcessTable> | undefined

/** One look for all that ask at this moment: agents that end together are many. */
function nextTable(): Promise<ProcessTable> {
  next ??= new Promise((resolve) => {
    setImmediate(() => {
      next = undefined
      resolve(readTable())
    })
  })
  return next
}

/**
 * Living members of a tree, and remembers them.
 * @param marked also find those that only their mark gives away; reads more, so not for each look.
 */
export function membersOf(tree: Tree, table: ProcessTable, marked: boolean): ProcessFacts[] {
  const children = new Map<number, ProcessFacts[]>()
  for (const facts of table.processes) {
    const siblings = children.get(facts.parent)
    if (siblings) siblings.push(facts)
    else children.set(facts.parent, [facts])
  }
  const members = new Map<number, ProcessFacts>()
  const queue: ProcessFacts[] = []
  const add = (facts: ProcessFacts): void => {
    if (members.has(facts.pid) || isOurselves(facts.pid)) return
    members.set(facts.pid, facts)
    tree.known.set(facts.pid, facts.start)
    tree.groups.add(facts.group)
    if (facts.session > 1) tree.groups.add(facts.session)
    queue.push(facts)
  }
  const spread = (): void => {
    for (let facts = queue.pop(); facts; facts = queue.pop()) {
      for (const child of children.get(facts.pid) ?? []) add(child)
    }
  }
  const possible = table.processes.filter((facts) => facts.started >= tree.started)
  for (const facts of possible) if (tree.known.get(facts.pid) === facts.start) add(facts)
  spread()
  if (marked) {
    const before = tree.before ?? Number.POSITIVE_INFINITY
    const candidates = possible.filter((facts) => facts.started <= before && !members.has(facts.pid))
    const carriers = markedAmong(candidates, tree.search, table.carried)
    for (const facts of carriers) add(facts)
    spread()
  }
  // A session outlives its leader, so what is in one of ours is ours, whoever its parent is now.
  for (let size = -1; size !== members.size; ) {
    size = members.size
    for (const facts of possible) {
      if (tree.groups.has(facts.group) || tree.groups.has(facts.session)) add(facts)
    }
    spread()
  }
  return [...members.values()]
}

/** CPU time in ms that a tree has used, as far as its living members tell; infinite where the system does not say. */
export function cpuOf(tree: Tree): number {
  return membersOf(tree, readTable(), false).reduce((sum, { cpuMs = Number.POSITIVE_INFINITY }) => sum + cpuMs, 0)
}

function markedAmong(
  candidates: readonly ProcessFacts[],
  search: MarkSearch,
  carried: Map<number, Carried>,
): readonly ProcessFacts[] {
  if (process.platform === 'linux') {
    const isMarked = markFinder(search)
    return candidates.filter(({ pid }) => {
      const read = carried.get(pid) ?? readCarried(pid)
      carried.set(pid, read)
      return isMarked(read)
    })
  }
  if (candidates.length === 0) return []
  const { stdout } = spawnSync('ps', ['eww', '-A', '-o', 'pid=,command='], { encoding: 'utf8', maxBuffer: 1e8 })
  const marked = new Set(
    (stdout ?? '').split('\n').flatMap((line) => (environmentMatches(line, search) ? [Number.parseInt(line, 10)] : [])),
  )
  return candidates.filter((facts) => marked.has(facts.pid))
}

/** Neither we nor init is ever a member, whatever a tree's facts say. */
function isOurselves(pid: number): boolean {
  return pid === process.pid || pid <= 1
}

/** Sends a signal to that very process; false if it is gone or not ours to signal. */
function signalProcess({ pid, start }: ProcessIdentity, signal: NodeJS.Signals): boolean {
  if (isOurselves(pid) || !isAlive(pid, start)) return false
  try {
    process.kill(pid, signal)
    return true
  } catch {
    return false
  }
}

/** How often the ending of processes is looked at. */
const POLL_MS = 20
/** Rounds of KILL before we give up on what the kernel will not end (a process stuck in a dead network mount). */
const KILL_ROUNDS = 100

/**
 * Ends every member of a tree: TERM, and KILL for what is left after `graceMs`.
 * @returns how many processes there were.
 */
export async function endTree(tree: Tree, graceMs: number): Promise<number> {
  const seen = new Set<string>()
  const deadline = performance.now() + graceMs
  let kills = 0
  for (;;) {
    const members = membersOf(tree, await nextTable(), true)
    if (members.length === 0 || kills >= KILL_ROUNDS) return seen.size
    const late = performance.now() >= deadline
    if (late) kills += 1
    for (const member of members) {
      const name = `${member.pid} ${member.start}`
      if (late) signalProcess(member, 'SIGKILL')
      else if (!seen.has(name)) signalProcess(member, 'SIGTERM')
      seen.add(name)
    }
    await gone(members, late ? POLL_MS * 5 : Math.min(POLL_MS * 10, Math.max(0, deadline - performance.now())))
  }
}

/** Waits until these have ended, at most `forMs`. */
async function gone(members: readonly ProcessIdentity[], forMs: number): Promise<void> {
  const deadline = performance.now() + forMs
  do {
    await sleep(POLL_MS)
    if (!members.some(({ pid, start }) => isAlive(pid, start))) return
  } while (performance.now() < deadline)
}
