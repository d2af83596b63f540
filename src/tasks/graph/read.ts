// Reads a task graph (docs/contract.md): YAML with nodes and edges, with the places of what an edit has to change.

import type { Document, visit as visitDocument, YAMLMap, YAMLSeq } from 'yaml'
import { lineCounter } from '../../files/lines.js'
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

const TWICE = 'Map keys must be unique'
/** A file that is no YAML has an error on each line. */
const MOST_ERRORS = 20

/** How a status is spelt, here and by others. */
export const STATUSES: Readonly<Record<string, GraphStatus>> = {
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
  try {
    return await read(text, path)
  } catch (error) {
    // The library goes down by calling itself.
    if (!(error instanceof RangeError)) throw error
    const { Document: YamlDocument } = await import('yaml')
    const problems = [{ path, line: 1, reason: 'it is nested too deep' }]
    return { text, document: new YamlDocument({}), nodes: [], problems }
  }
}

async function read(text: string, path: string): Promise<Graph> {
  const { isMap, isSeq, parseDocument, visit } = await import('yaml')
  const lineOf = lineCounter(text)
  // The library compares each key with all others of its map; twins are looked for below.
  const document = parseDocument(text, { uniqueKeys: false })
  if (document.errors.some(({ message }) => message.startsWith('Maximum call stack'))) throw new RangeError('nested')
  const problems: TaskProblem[] = [
    ...document.errors.slice(0, MOST_ERRORS).map((error) => ({
      path,
      line: error.linePos?.[0].line,
      reason: error.message.split('\n')[0]!.replace(/ at line \d+.*$/, ''),
    })),
    ...(document.errors.length > 0
      ? []
      : twins(document, visit).map((at) => ({ path, line: lineOf(at), reason: TWICE }))),
  ]
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
    const at = isMap(item) ? item.range?.[0] : undefined
    const line = at === undefined ? undefined : lineOf(at)
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

/** Where keys stand that a map has already. */
function twins(document: Document, visit: typeof visitDocument): number[] {
  const found: number[] = []
  visit(document, {
    Map(_, map) {
      const seen = new Set<unknown>()
      for (const { key } of map.items) {
        const value = typeof key === 'object' && key !== null && 'value' in key ? key.value : undefined
        if (value === undefined || value === null) continue
        if (seen.has(value)) found.push(rangeOf(key))
        seen.add(value)
      }
    },
  })
  return found.slice(0, MOST_ERRORS)
}

function rangeOf(node: unknown): number {
  const range = typeof node === 'object' && node !== null && 'range' in node ? node.range : undefined
  return Array.isArray(range) ? Number(range[0]) : 0
}

/** What comes before each node, as the edges say it: `from` is the prerequisite of `to`. */
function prerequisites(edges: unknown): Map<string, string[]> {
  const before = new Map<string, string[]>()
  for (const edge of Array.isArray(edges) ? edges : []) {
    if (typeof edge !== 'object' || edge === null) continue
    const { from, to } = edge
    if (from === undefined || to === undefined) continue
    const known = before.get(String(to))
    if (known) known.push(String(from))
    else before.set(String(to), [String(from)])
  }
  return before
}
