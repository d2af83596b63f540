// A graph rebuilt from its tickets: they say what there is to do and what waits for what, and the graph how far it is.
// Its statuses, its comments and the order of its keys stay, and so do nodes that have no ticket.

import { isDeepStrictEqual } from 'node:util'
import { OompaError, STATUS } from '../../errors.js'
import type { Task } from '../../words.js'
import { addNodes, type Edge, edgesOf, type Fields, setNodes, withoutEdges } from './edit.js'
import { type Graph, type GraphNode, type GraphStatus, readGraph } from './read.js'
import type { Ticket } from './tickets.js'

export interface Refreshed {
  readonly text: string
  /** Ids of nodes that are new, and of those whose keys or edges are others now. */
  readonly added: readonly string[]
  readonly changed: readonly string[]
}

/**
 * The graph as its tickets have it.
 * @throws OompaError `flow-edges` (status 4) where an edge is to go that stands on a line with others
 */
export async function refreshedGraph(graph: Graph, tickets: readonly Ticket[], path: string): Promise<Refreshed> {
  const nodes = new Map(graph.nodes.map((node) => [node.task.id, node]))
  const wanted = new Map(tickets.map((ticket) => [ticket.task.id, ticket]))
  const known = tickets.filter(({ task }) => nodes.has(task.id))
  const fields = new Map(known.map(({ task }) => [task.id, fieldsOf(task, nodes.get(task.id)!)]))
  const changed = new Set([...fields].flatMap(([id, one]) => (Object.keys(one).length > 0 ? [id] : [])))
  const set = await readGraph(setNodes(graph, fields), path)
  const cut = withoutEdges(set, ({ from, to }) => {
    const isWanted = wanted.get(to)?.task.dependsOn.includes(from) ?? true
    if (!isWanted) changed.add(to)
    return isWanted
  })
  if (cut === undefined) throw flowEdges(path)
  const now = await readGraph(cut, path)
  const there = new Map(now.nodes.map(({ task }) => [task.id, task]))
  const edges: Edge[] = known.flatMap(({ task }) =>
    edgesOf({ ...task, dependsOn: task.dependsOn.filter((id) => !there.get(task.id)?.dependsOn.includes(id)) }),
  )
  for (const { to } of edges) changed.add(to)
  const fresh = tickets.filter(({ task }) => !nodes.has(task.id))
  const complete = new Set(
    [...graph.nodes, ...fresh].flatMap(({ task, status }) => (status === 'complete' ? task.id : [])),
  )
  const text = await addNodes(now, {
    nodes: fresh.map((ticket) => ({ task: ticket.task, status: statusOf(ticket, complete) })),
    edges: [...edges, ...fresh.flatMap(({ task }) => edgesOf(task))],
    path,
  })
  return { text, added: fresh.map(({ task }) => task.id), changed: [...changed] }
}

/** Keys of a node in which its ticket says something else. */
function fieldsOf(task: Task, { task: before, map }: GraphNode): Fields {
  const fields: Record<string, Fields[string]> = {}
  const set = (key: string, now: unknown, was: unknown) => {
    if (now === undefined || isDeepStrictEqual(now, was)) return
    if (typeof now === 'string' || typeof now === 'number') fields[key] = now
    else if (Array.isArray(now)) fields[key] = now.map(String)
  }
  set(map.has('summary') ? 'summary' : 'title', task.summary, before.summary)
  set('story', task.story, before.story)
  set('priority', task.priority, before.priority)
  for (const key of ['complexity', 'output', 'path', 'milestone']) set(key, task.extra[key], before.extra[key])
  // What stands in the node itself, beside its edges.
  if (map.has('depends_on')) set('depends_on', [...task.dependsOn], own(map.get('depends_on')))
  return fields
}

function own(list: unknown): unknown {
  const value =
    typeof list === 'object' && list !== null && 'toJSON' in list ? (list as { toJSON(): unknown }).toJSON() : []
  return Array.isArray(value) ? value.map(String) : []
}

/** Whether it is ready is known of what it waits for. */
function statusOf({ task, status }: Ticket, complete: ReadonlySet<string>): GraphStatus {
  if (status !== 'pending' && status !== 'ready') return status
  return task.dependsOn.every((id) => complete.has(id)) ? 'ready' : 'pending'
}

function flowEdges(path: string): OompaError {
  return new OompaError({
    code: 'flow-edges',
    message: `The edges in ${path} stand on one line, and one of them is in no ticket any more. Nothing was written.`,
    mend: 'Write each edge on lines of its own (- from: a, to: b), then: oompa tasks refresh',
    status: STATUS.refused,
  })
}
