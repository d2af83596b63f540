// Decides what an agent did to the tasks of others: pure, over how they stood before and stand after its turn, what the
// history says of the time between, and who was at work.

import type { TaskPlace, TaskSnapshot, TaskState } from '../tasks/contract.js'
import type { HistoryEntry } from '../tasks/history.js'

/** `removed` and `spoiled`: its file is gone, or holds no task. `lost`: so is what it held. The others: it was moved. */
type DamageKind = 'removed' | 'spoiled' | 'lost' | 'completed' | 'released'

export interface Damage {
  readonly kind: DamageKind
  /** The task as it has to stand. */
  readonly to: TaskPlace
  /** Where it stands instead. */
  readonly now?: TaskPlace
  /** The worker of this swarm that holds it. */
  readonly holder?: string
}

/** What a worker of this swarm was doing. `ending`: it alone can have done it, or its own turn has just ended. */
export type LaneAtWork = 'working' | 'ending'

export interface TurnFacts {
  readonly swarm: string
  readonly level: 1 | 2 | 3
  /** Whether the loop claims a task for each iteration (`hooks/tasks`); else agents do. */
  readonly loopClaims: boolean
  /** Workers whose agents were at work. */
  readonly lanes: ReadonlyMap<string, LaneAtWork>
  /** Fences of claims that are no running iteration's, though their worker is at work: they wait for a person. */
  readonly waiting: ReadonlySet<string>
  /** What the history says since; undefined where it is gone, and nothing can be told from it. */
  readonly history?: readonly HistoryEntry[]
  /** The tasks' files of HEAD and of the target, where these were moved meanwhile: git moves files without a record. */
  readonly moves?: readonly GitMove[]
}

/** The tasks' files of two commits, path to blob. */
export interface GitMove {
  readonly before: ReadonlyMap<string, string>
  readonly after: ReadonlyMap<string, string>
}

/** Where a task has to be, if nobody has touched it by hand. */
interface Expected {
  readonly place?: TaskPlace
  readonly state: TaskState
  readonly holder?: { readonly worker: string; readonly swarm?: string; readonly fence?: string }
}

/**
 * Everything that somebody has to put back. A claim by `mv`, the completion of one's own task, a new task, an edited one
 * and whatever a store or git has done are no damage; what can have been the holder's own doing at level 1 is none, either.
 */
export function findDamage(before: TaskSnapshot, after: TaskSnapshot, facts: TurnFacts): Damage[] {
  const said = lastSaid(facts.history ?? [])
  const ids = new Set([...before.tasks.keys(), ...said.keys()])
  return [...ids].flatMap((id) => {
    const expected = expectedOf(before.tasks.get(id), said.get(id))
    if (!expected) return []
    return judge(id, expected, before, after, facts) ?? []
  })
}

const STATE_AFTER: Partial<Record<HistoryEntry['type'], TaskState>> = {
  added: 'pending',
  claimed: 'current',
  taken: 'current',
  completed: 'complete',
  released: 'pending',
  reopened: 'pending',
}

function lastSaid(history: readonly HistoryEntry[]): Map<string, HistoryEntry> {
  return new Map(history.filter(({ type }) => STATE_AFTER[type] !== undefined).map((entry) => [entry.task, entry]))
}

function expectedOf(place: TaskPlace | undefined, said: HistoryEntry | undefined): Expected | undefined {
  const state = said && STATE_AFTER[said.type]
  if (!state)
    return place && { place, state: place.state, holder: place.state === 'current' ? place.record : undefined }
  const holder = state === 'current' && said.by !== undefined ? { worker: said.by, swarm: said.swarm } : undefined
  return { ...(place ? { place } : {}), state, ...(holder ? { holder } : {}) }
}

function judge(
  id: string,
  { place, state, holder }: Expected,
  before: TaskSnapshot,
  after: TaskSnapshot,
  facts: TurnFacts,
): Damage | undefined {
  const now = after.tasks.get(id)
  if (now?.state === state || isByGit(place, now, after.tree, facts)) return undefined
  const own = holder?.swarm === facts.swarm ? { holder: holder.worker } : {}
  if (!now) {
    if (!place) return { kind: 'lost', to: { id, state, name: id, text: '' } }
    const file = `${place.state}/${place.name}`
    if (after.spoiled.has(file)) return before.spoiled.has(file) ? undefined : { kind: 'spoiled', to: place }
    if (isRenamed(place, before, after)) return undefined
    return { kind: 'removed', to: { ...place, state }, ...own }
  }
  // What was added and moved on since the last look has no text of its own before.
  const base = place ?? now
  const to: TaskPlace = { ...base, state, ...(now.record ? { record: now.record } : {}) }
  if (!facts.history || now.state === 'current' || state === 'complete') return undefined
  if (state === 'pending') {
    // A record says that somebody has claimed it, whatever the history lacks.
    return facts.loopClaims && !now.record ? { kind: 'completed', to, now } : undefined
  }
  if (mayMove({ ...holder, fence: now.record?.fence }, facts)) return undefined
  return { kind: now.state === 'complete' ? 'completed' : 'released', to, now, ...own }
}

/** Whether it can have been the holder itself, or its agent, that moved a task out of current. */
function mayMove(holder: Partial<NonNullable<Expected['holder']>>, facts: TurnFacts): boolean {
  if (holder.worker === undefined || holder.swarm !== facts.swarm) return true
  const lane =
    holder.fence !== undefined && facts.waiting.has(holder.fence) ? undefined : facts.lanes.get(holder.worker)
  if (lane === 'working') {
    // From level 2 on the landing completes it, or the iteration's end gives it back: nothing is undone for its holder.
    return facts.level === 1
  }
  return lane === 'ending'
}

/** An edit of its id, by whoever wrote the task: the same file holds another one that is new. */
function isRenamed(place: TaskPlace, before: TaskSnapshot, after: TaskSnapshot): boolean {
  return [...after.tasks.values()].some(
    (one) => one.state === place.state && one.name === place.name && !before.tasks.has(one.id),
  )
}

/** Whether git was moved to a commit that has the task where it is now. */
function isByGit(
  place: TaskPlace | undefined,
  now: TaskPlace | undefined,
  tree: string | undefined,
  { moves = [] }: TurnFacts,
): boolean {
  if (tree === undefined) return false
  const names = new Set([place, now].flatMap((one) => one?.name ?? []))
  const paths = [...names].flatMap((name) => ['pending', 'current', 'complete'].map((one) => `${tree}/${one}/${name}`))
  return moves.some(({ before, after }) => {
    if (paths.every((file) => before.get(file) === after.get(file))) return false
    return now ? after.has(`${tree}/${now.state}/${now.name}`) : !paths.some((file) => after.has(file))
  })
}

// What is said of tasks that were put back: one line for all of a kind, and never more ids than a line can hold. Pure.

/** More ids than these at once, and the first ones say enough. */
const MOST = 10

interface Line {
  readonly text: string
  /** The task, where it is of one. */
  readonly task?: string
}

/** @param who workers whose agents were at work: one of them has done it */
export function damageWords(who: readonly string[], done: readonly (readonly [Damage, string?])[]): Line[] {
  const groups = new Map<string, (readonly [Damage, string?])[]>()
  for (const one of done) {
    const [{ kind, to, now, holder }] = one
    const key = [kind, to.state, now?.state, holder].join('/')
    groups.set(key, [...(groups.get(key) ?? []), one])
  }
  return [...groups.values()].map((group) => {
    const [[first]] = group as [readonly [Damage, string?]]
    const kept = group.flatMap(([, file]) => file ?? [])
    const text = `${whoWords(who)} ${deedWords(first, named(group.map(([{ to }]) => to.id)))}`
    const where = kept.length > 0 ? `; what stood there is kept: ${kept.slice(0, MOST).join(', ')}` : ''
    return { text: `${text}${where}.`, ...(group.length === 1 ? { task: first.to.id } : {}) }
  })
}

function deedWords({ kind, to, now, holder }: Damage, tasks: string): string {
  const held = holder === undefined ? '' : `, which ${holder} holds`
  if (kind === 'lost') return `removed ${tasks}, added meanwhile: it cannot be put back`
  if (kind === 'spoiled') return `wrote over ${tasks} in ${to.state}, where no task is now`
  if (kind === 'removed') return `removed ${tasks} from ${to.state}${held}: put back`
  const why = holder === undefined && to.state === 'pending' ? ' without having claimed it' : held
  return `moved ${tasks} to ${now?.state ?? kind}${why}: put back to ${to.state}`
}

interface FolderDeed {
  /** What stood in the place of the folder. */
  readonly thing: string
  /** Where that is now. */
  readonly aside: string
  /** How many tasks were put back into it. */
  readonly tasks: number
}

export function folderWords(who: readonly string[], folder: string, { thing, aside, tasks }: FolderDeed): string {
  const many = tasks === 0 ? '' : ` with its ${tasks} task${tasks === 1 ? '' : 's'}`
  return `${whoWords(who)} put ${thing} in the place of ${folder}: it is moved to ${aside}, and the folder is there again${many}.`
}

function whoWords(who: readonly string[]): string {
  return who.length === 0 ? 'Somebody' : who.join(' or ')
}

function named(ids: readonly string[]): string {
  const shown = ids.slice(0, MOST).map((id) => `\`${id}\``)
  const more = ids.length > MOST ? ` and ${ids.length - MOST} more` : ''
  return `${shown.join(', ')}${more}`
}
