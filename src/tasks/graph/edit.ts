// Changes a task graph in its text: the library would re-indent it, so only the few characters of a value change.

import { isMap, isScalar, isSeq, type Pair, stringify, type YAMLMap } from 'yaml'
import type { Task } from '../../words.js'
import { wrongCounts } from './meta.js'
import { type Graph, type GraphNode, type GraphStatus, readGraph } from './read.js'

interface Edit {
  readonly start: number
  readonly end: number
  readonly text: string
}

/** The text with `edits`, which do not overlap. */
function apply(text: string, edits: readonly Edit[]): string {
  const parts: string[] = []
  let from = 0
  for (const edit of [...edits].reverse().sort((a, b) => a.start - b.start)) {
    parts.push(text.slice(from, edit.start), edit.text)
    from = edit.end
  }
  return parts.join('') + text.slice(from)
}

type Value = string | number | readonly string[]

/** A value as YAML on one line. */
function scalar(value: Value): string {
  // JSON is YAML on one line.
  if (typeof value === 'object') return JSON.stringify(value)
  return stringify(value, { lineWidth: 0, defaultStringType: 'PLAIN', blockQuote: false }).trimEnd()
}

/** `null` takes a key away. */
export type Fields = Readonly<Record<string, Value | null | undefined>>

/** Sets keys of nodes by their ids, all in one edit of the text, and the totals of `meta` where they are kept. */
export function setNodes(graph: Graph, changes: ReadonlyMap<string, Fields>): string {
  const edits: Edit[] = []
  const statuses = new Map<string, string>()
  for (const node of graph.nodes) {
    const fields = changes.get(node.task.id)
    if (!fields) continue
    edits.push(...nodeEdits(graph.text, node, fields))
    const { status } = fields
    if (typeof status === 'string' && status !== node.status) statuses.set(node.task.id, status)
  }
  if (statuses.size > 0) edits.push(...countEdits(graph, statuses))
  return apply(graph.text, edits)
}

function nodeEdits(text: string, node: GraphNode, fields: Fields): Edit[] {
  const edits: Edit[] = []
  const added: [string, Value][] = []
  for (const [key, value] of Object.entries(fields)) {
    if (value === undefined) continue
    const there = pairOf(node.map, key)
    if (value === null) {
      const gone = there && withoutKey(text, node.map, there)
      if (gone) edits.push(gone)
      continue
    }
    const edit = there && replaceValue(text, there, value)
    if (edit) edits.push(edit)
    else added.push([key, value])
  }
  if (added.length) edits.push(addKeys(text, node.map, added))
  return edits
}

/** Takes away a key with its line; one inside braces, or in front of the others, stays. */
function withoutKey(text: string, map: YAMLMap, pair: Pair): Edit | undefined {
  const keyStart = isScalar(pair.key) ? pair.key.range?.[0] : undefined
  const valueEnd = isScalar(pair.value) ? pair.value.range?.[1] : undefined
  if (map.flow || keyStart === undefined || valueEnd === undefined) return undefined
  const start = text.lastIndexOf('\n', keyStart - 1) + 1
  if (text.slice(start, keyStart).trim() !== '') return undefined
  const end = text.indexOf('\n', valueEnd)
  return end < 0 ? { start: Math.max(0, start - 1), end: text.length, text: '' } : { start, end: end + 1, text: '' }
}

function pairOf(map: YAMLMap, key: string): Pair | undefined {
  return map.items.find((pair) => isScalar(pair.key) && pair.key.value === key)
}

function replaceValue(text: string, pair: Pair, value: Value): Edit | undefined {
  const { value: old } = pair
  const range = isScalar(old) || isMap(old) || isSeq(old) ? old.range : undefined
  if (!range) return undefined
  // A list of lines ends behind its last line end.
  const [start, end] = [
    range[0],
    isSeq(old) && !old.flow ? range[0] + text.slice(range[0], range[1]).trimEnd().length : range[1],
  ]
  // `key:` with nothing after it has an empty value right behind the colon.
  return { start, end, text: start === end && text[start - 1] === ':' ? ` ${scalar(value)}` : scalar(value) }
}

/** New keys on lines of their own behind `status` (or the first key), or inside the braces. */
function addKeys(text: string, map: YAMLMap, keys: readonly (readonly [string, Value])[]): Edit {
  const after = pairOf(map, 'status') ?? map.items[0]!
  const keyStart = (isScalar(after.key) ? after.key.range?.[0] : undefined) ?? map.range![0]
  const valueEnd = (isScalar(after.value) ? after.value.range?.[1] : undefined) ?? keyStart
  if (map.flow) {
    return { start: valueEnd, end: valueEnd, text: keys.map(([key, value]) => `, ${key}: ${scalar(value)}`).join('') }
  }
  const newline = text.includes('\r\n') ? '\r\n' : '\n'
  const lineStart = text.lastIndexOf('\n', keyStart - 1) + 1
  const indent = ' '.repeat(keyStart - lineStart)
  const lineEnd = text.indexOf('\n', valueEnd)
  const lines = keys.map(([key, value]) => `${indent}${key}: ${scalar(value)}${newline}`).join('')
  if (lineEnd < 0) return { start: text.length, end: text.length, text: newline + lines.trimEnd() }
  return { start: lineEnd + 1, end: lineEnd + 1, text: lines }
}

/** Where `meta` counts nodes, it is kept right. */
function countEdits(graph: Graph, statuses?: ReadonlyMap<string, string>): Edit[] {
  const added = new Map<YAMLMap, [string, number][]>()
  const edits = wrongCounts(graph, statuses).flatMap(({ map, key, value }) => {
    const pair = pairOf(map, key)
    if (pair) return replaceValue(graph.text, pair, value) ?? []
    added.set(map, [...(added.get(map) ?? []), [key, value]])
    return []
  })
  return [...edits, ...[...added].map(([map, keys]) => addKeys(graph.text, map, keys))]
}

const GRAPH_KEYS = new Set([
  'id',
  'title',
  'status',
  'depends_on',
  'dependencies',
  'claimed_at',
  'claimed_by',
  'completed_at',
  'assignee',
])

/** A node that is to be there, and how it stands. */
export interface NewNode {
  readonly task: Task
  readonly status: GraphStatus
}

export interface Edge {
  readonly from: string
  readonly to: string
}

/** What the task of a node waits for. */
export function edgesOf(task: Task): Edge[] {
  return task.dependsOn.map((from) => ({ from, to: task.id }))
}

/** The text with more nodes and edges, and with what `meta` counts. */
export async function addNodes(
  graph: Graph,
  {
    nodes,
    edges,
    path,
  }: { readonly nodes: readonly NewNode[]; readonly edges: readonly Edge[]; readonly path: string },
): Promise<string> {
  const newline = graph.text.includes('\r\n') ? '\r\n' : '\n'
  let all = graph
  if (nodes.length > 0) all = await readGraph(appendItems(all, 'nodes', nodes.map(linesOf), newline), path)
  if (edges.length > 0) {
    const lines = edges.map(({ from, to }) => [`from: ${scalar(from)}`, `to: ${scalar(to)}`])
    all = await readGraph(appendItems(all, 'edges', lines, newline), path)
  }
  return apply(all.text, countEdits(all))
}

function linesOf({ task, status }: NewNode): string[] {
  const fields: [string, string | number | undefined][] = [
    ['id', task.id],
    ['title', task.summary],
    ['story', task.story],
    ['description', task.description],
    ['priority', task.priority],
    ['difficulty', task.difficulty],
    ['role', task.role],
    ['notes', task.notes],
    ['status', status],
  ]
  const more: [string, unknown][] = [
    ['acceptance', task.acceptance.length ? task.acceptance : undefined],
    ['files', task.files.length ? task.files : undefined],
    // The node's own status and place in the graph are those above.
    ...Object.entries(task.extra).filter(([key]) => !GRAPH_KEYS.has(key)),
  ]
  return [
    ...fields.flatMap(([key, value]) => (value === undefined ? [] : `${key}: ${scalar(value)}`)),
    // JSON is YAML on one line.
    ...more.flatMap(([key, value]) => (value === undefined ? [] : `${scalar(key)}: ${JSON.stringify(value)}`)),
  ]
}

/** The text without the edges that are not wanted; undefined where they do not stand on lines of their own. */
export function withoutEdges(graph: Graph, isWanted: (edge: Edge) => boolean): string | undefined {
  const { text, edges: list } = graph
  const edits: Edit[] = []
  for (const item of list?.items ?? []) {
    if (!isMap(item)) continue
    const { from, to }: Record<string, unknown> = item.toJSON()
    if (isWanted({ from: String(from), to: String(to) })) continue
    if (list?.flow) return undefined
    const start = text.lastIndexOf('\n', item.range![0] - 1) + 1
    const end = text.indexOf('\n', contentEnd(item))
    edits.push({ start, end: end < 0 ? text.length : end + 1, text: '' })
  }
  return apply(text, edits)
}

function appendItems(
  graph: Graph,
  name: 'nodes' | 'edges',
  items: readonly (readonly string[])[],
  newline: string,
): string {
  const list = name === 'nodes' ? graph.list : graph.edges
  const { text } = graph
  const write = (indent: string) =>
    items
      .flatMap((lines) => lines.map((line, index) => `${indent}${index === 0 ? '- ' : '  '}${line}${newline}`))
      .join('')
  const last = list?.items.at(-1)
  if (!list) return `${text}${text === '' || text.endsWith('\n') ? '' : newline}${name}:${newline}${write('  ')}`
  if (list.flow || !isMap(last)) {
    const flow = items.map((lines) => `{ ${lines.join(', ')} }`).join(', ')
    if (!list.items.length) {
      const [start, end] = list.range!
      return `${text.slice(0, start).trimEnd()}${newline}${write('  ').replace(/\r?\n$/, '')}${text.slice(end)}`
    }
    const at = list.range![1] - 1
    return `${text.slice(0, at).trimEnd()}, ${flow}${text.slice(at)}`
  }
  const start = last.range![0]
  const lineStart = text.lastIndexOf('\n', start - 1) + 1
  const indent = /^ */.exec(text.slice(lineStart))![0]
  const lineEnd = text.indexOf('\n', contentEnd(last))
  if (lineEnd < 0) return `${text}${newline}${write(indent).trimEnd()}`
  return text.slice(0, lineEnd + 1) + write(indent) + text.slice(lineEnd + 1)
}

/** Where the last value of a map ends, before comments that belong to what follows. */
function contentEnd(map: YAMLMap): number {
  if (map.flow) return map.range![1] - 1
  const last = map.items.at(-1)
  const value = last?.value
  if (isMap(value)) return contentEnd(value)
  // A block value (`|`) ends behind its line end; its last line is what we want.
  const end = (isScalar(value) || isSeq(value) ? value.range?.[1] : undefined) ?? map.range![1]
  return Math.max(0, end - 1)
}
