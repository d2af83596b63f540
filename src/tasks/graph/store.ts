// A task graph as a store. Claims are records in `.oompa/claims/` and the file changes only when a task is complete, so
// that the main checkout stays clean while a swarm works (docs/contract.md, 13), and every worktree's copy of it is as good as any.

import path from 'node:path'
import type { Task } from '../../words.js'
import type {
  Claim,
  ClaimAnswer,
  Claimer,
  ClaimRequest,
  Completion,
  FoundCurrent,
  FoundTask,
  NewTask,
  Records,
  TaskListing,
  TaskStore,
} from '../contract.js'
import { fileStem } from '../decode.js'
import { completeTask as fillIn } from '../encode.js'
import { duplicateTask, notYours } from '../errors.js'
import { newFence } from '../folder/names.js'
import { addedBy, type HistoryEntry, record, standing } from '../history.js'
import { arrange } from '../listing.js'
import { notedIn, readNotes, withNote, writeNotes } from '../notes.js'
import { readTasksText, replaceFile, topOf, withLock } from '../one-file.js'
import { answerFrom } from '../order.js'
import { bareClaim, claimRecords, holderOf, newRecord, staleness } from '../records.js'
import { lazyTracked } from '../tracked/lazy.js'
import { rootOf } from '../where.js'
import { findGraph, GRAPH_FILES } from './files.js'
import { type Graph, type GraphNode, readGraph } from './read.js'

/** What an opened graph keeps between calls. */
export interface OpenGraph {
  readonly root: string
  /** What its file may not lead out of. */
  readonly top: string
  readonly file: string
  /** Where the graph stands below the root, with slashes, if `file` is a copy of that. */
  readonly copyOf?: string
  readonly records: Records
  /** Ids of tasks that agents asked for by their copies. */
  readonly asked: Set<string>
  say(entry: Omit<HistoryEntry, 'at'>): void
}

/**
 * The store of a task graph.
 * @param file below the main checkout, or absolute; otherwise the first of `GRAPH_FILES` that is there
 * @param root the main checkout; that of the hook which makes it, else `OOMPA_ROOT`, else the working directory
 */
export function taskGraph(file?: string, root?: string): TaskStore {
  return graphOf(file, root)
}

/** @param original where the graph stands below the root and the records of its claims, if `file` is a copy of that */
export function graphOf(
  file: string | undefined,
  root: string | undefined,
  original?: { readonly copyOf: string; readonly records: Records },
): TaskStore {
  let opened: OpenGraph | undefined
  const open = (): OpenGraph => {
    if (opened) return opened
    const base = rootOf(root)
    const place = file === undefined ? (findGraph(base) ?? path.join(base, GRAPH_FILES[0])) : path.resolve(base, file)
    opened = {
      root: base,
      top: topOf(base, place),
      file: place,
      records: claimRecords(base, place),
      ...original,
      asked: new Set(),
      say: (entry) => record(base, entry),
    }
    return opened
  }
  const locked = <T>(work: (graph: Graph) => T | Promise<T>): Promise<T> =>
    withLock(open().root, path.join(open().records.folder, 'lock'), async () => work(await read(open())))
  return {
    name: 'graph',
    list: async () => listTasks(open(), await read(open())),
    claim: (request) => locked((graph) => claimTask(open(), graph, request)),
    complete: (claim, completion) => locked((graph) => completeTask(open(), graph, claim, completion)),
    release: (claim, reason) => locked((graph) => releaseTask(open(), graph, claim, reason)),
    add: (task) => locked((graph) => addTask(open(), graph, task)),
    renew: async (claims) => {
      const { records, root: base } = open()
      for (const { task, fence } of claims) {
        standing(base, records, fileStem(task.id), fence)
        records.renew(fileStem(task.id), fence)
      }
    },
    take: (id, claimer, expected) => locked((graph) => takeTask(open(), graph, id, claimer, expected)),
    reopen: (id, reason, by) => locked((graph) => reopenTask(open(), graph, id, reason, by)),
    get path() {
      return open().file
    },
    tracked: lazyTracked(async () => (await import('../tracked/graph.js')).trackedGraph(open, locked)),
  }
}

/** The file of a graph, as it is replaced. */
export function fileOf({ top, file }: Pick<OpenGraph, 'top' | 'file'>): {
  readonly top: string
  readonly path: string
} {
  return { top, path: file }
}

/** What each opened graph was when it was read last: a claim does not change it, and reading 5,000 nodes takes a second. */
const before = new WeakMap<OpenGraph, Graph>()

async function parsed(open: OpenGraph, text: string): Promise<Graph> {
  const known = before.get(open)
  if (known?.text === text) return known
  const graph = await readGraph(text, open.file)
  before.set(open, graph)
  return graph
}

async function read(open: OpenGraph): Promise<Graph> {
  const { text, wrong } = readTasksText(open.top, open.file)
  const graph = await parsed(open, text || 'nodes: []\n')
  const noted = notedIn(open.root, open.records.folder)
  const nodes = graph.nodes.map((node) => {
    const { id } = node.task
    const notes = (noted.has(fileStem(id)) ? readNotes(open.records.folder, id) : undefined) ?? node.task.notes
    return notes === undefined ? node : { ...node, task: { ...node.task, notes } }
  })
  const problems = wrong ? [{ path: open.file, reason: `${wrong}: no task is read from it` }] : graph.problems
  return { ...graph, nodes, problems }
}

function listTasks(open: OpenGraph, graph: Graph, done?: readonly string[]): TaskListing {
  const pending: FoundTask[] = []
  const current: FoundCurrent[] = []
  const complete: FoundTask[] = []
  const held = open.records.keys()
  for (const [index, node] of graph.nodes.entries()) {
    const found = { task: node.task, place: String(index).padStart(6, '0'), path: open.file }
    const isHeld = node.status !== 'complete' && held.has(fileStem(node.task.id))
    const kept = isHeld ? recordOf(open, node.task.id) : undefined
    if (node.status === 'complete') complete.push(found)
    else if (kept) {
      const stale = staleness(kept, open.records.leaseMs)
      const claim = { task: node.task, holder: holderOf(kept), fence: kept.fence, since: kept.since }
      current.push({ ...found, claim, ...(stale === undefined ? {} : { stale }) })
    } else if (node.status === 'in-progress') current.push({ ...found, ...bareNode(node) })
    else pending.push({ ...found, ...(node.status === 'blocked' ? { blocked: true } : {}) })
  }
  return arrange({ pending, current, complete, problems: [...graph.problems, ...open.records.problems()] }, done)
}

function recordOf(open: OpenGraph, id: string) {
  const kept = open.records.read(fileStem(id))
  return kept?.id === id ? kept : undefined
}

/** The record of a claim: one that is missing may still stand. */
function recordFor(open: OpenGraph, id: string, fence: string) {
  const kept = standing(open.root, open.records, fileStem(id), fence)
  return kept?.id === id ? kept : undefined
}

/** A node that another tool has set to in-progress is nobody's of ours. */
function bareNode(node: GraphNode): { bare: string; stale?: string } {
  const since = Date.parse(String(node.task.extra.claimed_at ?? ''))
  return bareClaim(Number.isNaN(since) ? undefined : since)
}

function claimTask(open: OpenGraph, graph: Graph, request: ClaimRequest): ClaimAnswer {
  return answerFrom(listTasks(open, graph, request.done), request, (task) => {
    const kept = newRecord(task.id, request.claimer, newFence())
    open.records.write(fileStem(task.id), kept)
    open.say({ type: 'claimed', task: task.id, by: kept.worker, swarm: kept.swarm })
    const { task: own } = graph.nodes.find((node) => node.task.id === task.id)!
    return { task: own, holder: request.claimer, fence: kept.fence, since: kept.since }
  })
}

export function heldNode(open: OpenGraph, graph: Graph, id: string, fence: string | undefined): GraphNode {
  const node = graph.nodes.find((one) => one.task.id === id)
  const kept = fence === undefined ? recordOf(open, id) : recordFor(open, id, fence)
  if (!node) throw notYours(id, 'it is not in the graph any more')
  if (node.status === 'complete') throw notYours(id, 'it is complete already')
  if (!kept && fence === undefined && node.status === 'in-progress') return node
  if (!kept) throw notYours(id, 'it went back to pending')
  if (kept.fence !== fence) throw notYours(id, `${kept.worker} has held it since ${kept.since}`)
  return node
}

async function completeTask(open: OpenGraph, graph: Graph, claim: Claim, completion: Completion): Promise<void> {
  const { id } = claim.task
  const done = graph.nodes.find((node) => node.task.id === id && node.status === 'complete')
  if (done && recordFor(open, id, claim.fence)?.fence !== claim.fence) throw notYours(id, 'it is complete already')
  if (!done) {
    heldNode(open, graph, id, claim.fence)
    replaceFile(fileOf(open), await completedGraph(graph, claim, completion))
  }
  open.records.remove(fileStem(id))
  open.say({ type: 'completed', task: id, by: completion.by, swarm: claim.holder.swarm })
}

async function completedGraph(graph: Graph, claim: Claim, completion: Completion): Promise<string> {
  const { setNode } = await import('./edit.js')
  return setNode(graph, claim.task.id, completedFields(claim, completion))
}

/** What a completion writes into a node. */
export function completedFields(claim: Claim, completion: Completion): Readonly<Record<string, string | undefined>> {
  return {
    status: 'complete',
    claimed_at: claim.since || undefined,
    claimed_by: claim.holder.worker,
    completed_at: completion.at,
    'merged-commit': completion.mergedCommit,
  }
}

async function releaseTask(open: OpenGraph, graph: Graph, claim: Claim, reason: string): Promise<void> {
  const { id } = claim.task
  const done = graph.nodes.find((one) => one.task.id === id && one.status === 'complete')
  const byHand = done !== undefined && recordFor(open, id, claim.fence)?.fence === claim.fence
  // Its holder set it to complete by hand, and it was not found to be done.
  if (byHand) {
    const { setNode } = await import('./edit.js')
    replaceFile(fileOf(open), setNode(graph, id, PENDING))
  }
  const node = byHand ? done : heldNode(open, graph, id, claim.fence)
  const notes = withNote(node.task.notes, reason, claim.holder.worker)
  if (notes !== undefined) writeNotes(open.root, open.records.folder, id, notes)
  open.records.remove(fileStem(id))
  open.say({ type: 'released', task: id, by: claim.holder.worker, swarm: claim.holder.swarm, reason })
}

async function takeTask(
  open: OpenGraph,
  graph: Graph,
  id: string,
  claimer: Claimer,
  expected: string | undefined,
): Promise<Claim> {
  const node = heldNode(open, graph, id, expected)
  const kept = newRecord(id, claimer, newFence())
  if (node.status === 'in-progress') {
    const { setNode } = await import('./edit.js')
    replaceFile(fileOf(open), setNode(graph, id, PENDING))
  }
  open.records.write(fileStem(id), kept)
  open.say({ type: 'taken', task: id, by: claimer.worker, swarm: claimer.swarm })
  return { task: node.task, holder: holderOf(kept), fence: kept.fence, since: kept.since }
}

/** What the claim and the completion wrote into a node is not true any more. */
const PENDING = { status: 'pending', claimed_at: null, claimed_by: null, completed_at: null, 'merged-commit': null }

async function reopenTask(open: OpenGraph, graph: Graph, id: string, reason: string, by: string): Promise<boolean> {
  const node = graph.nodes.find((one) => one.task.id === id && one.status === 'complete')
  if (!node) return false
  const { setNode } = await import('./edit.js')
  replaceFile(fileOf(open), setNode(graph, id, PENDING))
  const notes = withNote(node.task.notes, reason, by)
  if (notes !== undefined) writeNotes(open.root, open.records.folder, id, notes)
  open.records.remove(fileStem(id))
  open.say({ type: 'reopened', task: id, by, reason })
  return true
}

async function addTask(open: OpenGraph, graph: Graph, wanted: NewTask): Promise<Task> {
  const taken = new Set(graph.nodes.map((node) => node.task.id))
  const task = fillIn(wanted, (id) => taken.has(id))
  if (taken.has(task.id)) throw duplicateTask(task.id, `it is in ${open.file}`)
  const { addNode } = await import('./edit.js')
  replaceFile(fileOf(open), await addNode(graph, task, open.file))
  open.say({ type: 'added', task: task.id, ...addedBy(open.asked.has(task.id), wanted.by) })
  return task
}
