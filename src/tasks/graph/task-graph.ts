// A task graph as a document with tasks. Claims are records in `.oompa/claims/` and the file changes only when a task is
// complete, so that the main checkout stays clean while a swarm works (docs/contract.md, 13), and every worktree's copy
// of it is as good as any.

import path from 'node:path'
import type { Task } from '../../words.js'
import type { TaskState, TaskStore } from '../contract.js'
import type { Document, Entry, Format, Texts } from '../document/contract.js'
import { documentStore } from '../document/document-store.js'
import type { Fields } from './edit.js'
import { findGraph, GRAPH_FILES } from './files.js'
import { type Graph, type GraphNode, type GraphStatus, readGraph } from './read.js'

interface GraphEntry extends Entry {
  readonly node: GraphNode
}

interface GraphDocument extends Document {
  readonly entries: readonly GraphEntry[]
  readonly graph: Graph
}

/**
 * The store of a task graph.
 * @param file below the main checkout, or absolute; otherwise the first of `GRAPH_FILES` that is there
 * @param root the main checkout; that of the hook which makes it, else `OOMPA_ROOT`, else the working directory
 */
export function taskGraph(file?: string, root?: string): TaskStore {
  return documentStore(graph, { root, path: (base) => file ?? findGraph(base) ?? path.join(base, GRAPH_FILES[0]) })
}

const STATES: Readonly<Record<GraphStatus, TaskState>> = {
  pending: 'pending',
  ready: 'pending',
  blocked: 'pending',
  'in-progress': 'current',
  complete: 'complete',
}

/** What the claim and the completion wrote into a node is not true any more. */
const PENDING = { status: 'pending', claimed_at: null, claimed_by: null, completed_at: null, 'merged-commit': null }

const graph: Format = {
  name: 'graph',
  files: [''],
  says: {
    where: (file) => `in ${file}`,
    gone: 'it is not in the graph any more',
    unclaimed: 'it went back to pending',
  },
  async read(texts): Promise<GraphDocument> {
    const read = await readGraph(texts.get('') || 'nodes: []\n', '')
    const entries = read.nodes.map(
      (node): GraphEntry => ({
        task: node.task,
        state: STATES[node.status],
        file: '',
        blocked: node.status === 'blocked',
        node,
      }),
    )
    return { texts, entries, problems: read.problems, graph: read }
  },
  content: ({ task }) => JSON.stringify(task),
  sinceMs({ task }) {
    const since = Date.parse(String(task.extra.claimed_at ?? ''))
    return Number.isNaN(since) ? undefined : since
  },
  // A node that another tool has set to in-progress is nobody's of ours, until it is taken over.
  hold: async (doc: GraphDocument, entry) =>
    entry.state === 'current' ? withFields(doc, new Map([[entry.task.id, PENDING]])) : undefined,
  release: async (doc: GraphDocument, entry) =>
    entry.state === 'complete' ? withFields(doc, new Map([[entry.task.id, PENDING]])) : undefined,
  written: (_, claim, completion) => ({
    status: 'complete',
    claimed_at: claim.since || undefined,
    claimed_by: claim.holder.worker,
    completed_at: completion.at,
    'merged-commit': completion.mergedCommit,
  }),
  writtenIn: completionOf,
  complete: withFields,
  async add(doc: GraphDocument, tasks: readonly (GraphEntry | { readonly task: Task })[]) {
    const { addNodes, edgesOf } = await import('./edit.js')
    // Without the notes that are kept beside it.
    const own = tasks.map((one) => ('node' in one ? one.node.task : one.task))
    const nodes = own.map((task) => ({ task, status: 'pending' as const }))
    return new Map([['', await addNodes(doc.graph, { nodes, edges: own.flatMap(edgesOf), path: '' })]])
  },
  recovered: (doc: GraphDocument, left, { entries }) =>
    withFields(
      doc,
      new Map(
        left.flatMap(({ task: { id } }) => {
          const there = entries.find(({ task }) => task.id === id)
          return there ? [[id, completionOf(there)]] : []
        }),
      ),
    ),
}

/** What completion wrote into a node. */
function completionOf({ task: { extra } }: Entry): Fields {
  const said = Object.keys(PENDING).filter((key) => key !== 'status' && typeof extra[key] === 'string')
  return { status: 'complete', ...Object.fromEntries(said.map((key) => [key, String(extra[key])])) }
}

/** With keys set in nodes; what a complete one says of its completion stays. */
async function withFields(doc: GraphDocument, fields: ReadonlyMap<string, Fields>): Promise<Texts> {
  const { setNodes } = await import('./edit.js')
  const changes = new Map(fields)
  for (const { task, state } of doc.entries) {
    if (state === 'complete' && changes.get(task.id)?.status === 'complete') changes.delete(task.id)
  }
  return new Map([['', setNodes(doc.graph, changes)]])
}
