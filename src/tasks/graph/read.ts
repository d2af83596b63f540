// Reads a task graph (compat.md): YAML with nodes and edges, with the places of what an edit has to change.

import type { Document, YAMLMap, YAMLSeq } from 'yaml'
import type { Task } from '../../words.js'
import type { TaskProblem } from '../contract.js'
import { decodeTask } from '../decode.js'

export type GraphStatus = 'pending' | 'ready' | 'in-progress' | 'complete' | 'blocked'

export interface GraphNode {
  readonly task: Task
  readonly status: GraphStatus
  readonly map: YAMLMap
}

export interface Graph {
  readonly text: string
  readonly document: Document
  readonly nodes: readonly GraphNode[]
  readonly list?: YAMLSeq
  readonly edges?: YAMLSeq
  readonly problems: readonly TaskProblem[]
}

const STATUSES: Readonly<Record<string, GraphStatus>> = {
  pending: 'pending',
  ready: 'ready',
  'in-progress': 'in-progress',
  in_progress: 'in-progress',
  complete: 'complete',
  completed: 'complete',
  done: 'complete',
  blocked: 'blocked',
}

/** The graph of a text. Mistakes are problems, never an exception: the good nodes can still be worked on. */
export async function readGraph(text: string, path: string): Promise<Graph> {
  const { isMap, isSeq, parseDocument } = await import('yaml')
  const document = parseDocument(text, { uniqueKeys: true })
  const problems: TaskProblem[] = document.errors.map((error) => ({
    path,
    line: error.linePos?.[0].line,
    reason: error.message.split('\n')[0]!.replace(/ at line \d+.*$/, ''),
  }))
  const empty = { text, document, nodes: [], problems }
  if (problems.length) return empty
  if (!isMap(document.contents))
    return { ...empty, problems: [{ path, line: 1, reason: 'it is not a map with nodes' }] }
  const list = document.contents.get('nodes')
  const edgeList = document.contents.get('edges')
  const edges = isSeq(edgeList) ? edgeList : undefined
  const before = prerequisites(edges?.toJSON())
  const nodes: GraphNode[] = []
  for (const item of isSeq(list) ? list.items : []) {
    const line = lineOf(text, isMap(item) ? item.range?.[0] : undefined)
    if (!isMap(item)) {
      problems.push({ path, line, reason: 'a node is not a map' })
      continue
    }
    const value: Record<string, unknown> = item.toJSON()
    const status = STATUSES[String(value.status ?? 'pending')]
    if (!status)
      problems.push({ path, line, reason: `node \`${value.id}\` has the unknown status \`${value.status}\`` })
    const own = Array.isArray(value.depends_on) ? value.depends_on : []
    const dependsOn = [...new Set([...own, ...(before.get(String(value.id)) ?? [])].map(String))]
    const decoded = decodeTask({ ...value, depends_on: dependsOn })
    if ('reason' in decoded) problems.push({ path, line, reason: decoded.reason })
    else nodes.push({ task: decoded.task, status: status ?? 'blocked', map: item })
  }
  return { text, document, nodes, problems, ...(isSeq(list) ? { list } : {}), ...(edges ? { edges } : {}) }
}

/** What comes before each node, as the edges say it: `from` is the prerequisite of `to`. */
function prerequisites(edges: unknown): Map<string, string[]> {
  const before = new Map<string, string[]>()
  for (const edge of Array.isArray(edges) ? edges : []) {
    if (typeof edge !== 'object' || edge === null) continue
    const { from, to } = edge
    if (from === undefined || to === undefined) continue
    before.set(String(to), [...(before.get(String(to)) ?? []), String(from)])
  }
  return before
}

function lineOf(text: string, offset: number | undefined): number | undefined {
  return offset === undefined ? undefined : text.slice(0, offset).split('\n').length
}
