// Draws what depends on what: text for a terminal, mermaid for a README, dot for a picture. Pure.

import type { Task } from '../words.js'
import type { TaskListing } from './contract.js'
import { cycles } from './order.js'

type State = 'ready' | 'pending' | 'current' | 'complete' | 'missing'

export interface TaskGraph {
  readonly nodes: readonly { readonly id: string; readonly summary: string; readonly state: State }[]
  /** `from` must be complete before `to`. */
  readonly edges: readonly { readonly from: string; readonly to: string }[]
  readonly cycles: readonly (readonly string[])[]
}

/** The tasks and their dependencies; what is depended on and is no task stands as `missing`. */
export function graphOf(listing: TaskListing): TaskGraph {
  const states = new Map<string, { task: Task; state: State }>()
  for (const task of listing.complete) states.set(task.id, { task, state: 'complete' })
  for (const task of listing.current) if (!states.has(task.id)) states.set(task.id, { task, state: 'current' })
  for (const task of listing.pending) {
    if (!states.has(task.id)) states.set(task.id, { task, state: task.ready ? 'ready' : 'pending' })
  }
  const tasks = [...states.values()].map(({ task }) => task)
  const edges = tasks.flatMap((task) => [...new Set(task.dependsOn)].map((from) => ({ from, to: task.id })))
  const missing = [...new Set(edges.map((edge) => edge.from))].filter((id) => !states.has(id))
  return {
    nodes: [
      ...[...states].map(([id, { task, state }]) => ({ id, summary: task.summary, state })),
      ...missing.map((id) => ({ id, summary: '', state: 'missing' as const })),
    ],
    edges,
    cycles: cycles(tasks.filter((task) => states.get(task.id)?.state !== 'complete')),
  }
}

/** The drawing in a format; `text` unless it is `mermaid` or `dot`. */
export function drawGraph(listing: TaskListing, format: string): string {
  const graph = graphOf(listing)
  if (format === 'mermaid') return mermaid(graph)
  return format === 'dot' ? dot(graph) : tree(graph)
}

const MARKS: Readonly<Record<State, string>> = { ready: '○', pending: '·', current: '●', complete: '✓', missing: '?' }

/** A tree from what depends on nothing; a task with several prerequisites is written out once. */
function tree(graph: TaskGraph): string {
  const nodes = new Map(graph.nodes.map((node) => [node.id, node]))
  const after = new Map<string, string[]>()
  const before = new Map<string, number>()
  for (const { from, to } of graph.edges) {
    addTo(after, from, to)
    before.set(to, (before.get(to) ?? 0) + 1)
  }
  const lines: string[] = []
  const drawn = new Set<string>()
  const draw = (root: string) => {
    const stack = [{ id: root, depth: 0 }]
    for (let top = stack.pop(); top; top = stack.pop()) {
      const { id, depth } = top
      const node = nodes.get(id)!
      const again = drawn.has(id) && after.has(id) ? ' …' : ''
      const summary = node.state === 'missing' ? '(no such task)' : node.summary
      lines.push(`${'  '.repeat(Math.min(depth, 40))}${MARKS[node.state]} ${safe(id)}: ${safe(summary)}${again}`)
      if (drawn.has(id)) continue
      drawn.add(id)
      for (const next of [...(after.get(id) ?? [])].reverse()) stack.push({ id: next, depth: depth + 1 })
    }
  }
  for (const { id } of graph.nodes) if (!before.has(id)) draw(id)
  for (const { id } of graph.nodes) if (!drawn.has(id)) draw(id)
  for (const cycle of graph.cycles) lines.push(`Cycle: ${[...cycle, cycle[0]!].map(safe).join(' → ')}`)
  if (lines.length === 0) return 'No tasks.'
  return [...lines, '', '✓ complete  ● current  ○ ready  · waiting  ? missing'].join('\n')
}

/** Adds to the list of a key. To copy a list each time would cost its square. */
function addTo(lists: Map<string, string[]>, key: string, value: string): void {
  const list = lists.get(key)
  if (list) list.push(value)
  else lists.set(key, [value])
}

function safe(text: string): string {
  return text.replace(/[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/g, ' ')
}

function numbered(graph: TaskGraph): (id: string) => string {
  const numbers = new Map(graph.nodes.map((node, index) => [node.id, `t${index + 1}`]))
  return (id) => numbers.get(id)!
}

function mermaid(graph: TaskGraph): string {
  const name = numbered(graph)
  const label = (text: string) => safe(text).replace(/[&"<>#;]/g, (char) => `#${char.charCodeAt(0)};`)
  return [
    'graph TD',
    ...graph.nodes.map(
      (node) =>
        `  ${name(node.id)}["${label(node.id)}${node.summary ? `: ${label(node.summary)}` : ''}"]:::${node.state}`,
    ),
    ...graph.edges.map(({ from, to }) => `  ${name(from)} --> ${name(to)}`),
    '  classDef complete fill:#cfc',
    '  classDef current fill:#ffc',
    '  classDef missing stroke-dasharray: 4',
  ].join('\n')
}

function dot(graph: TaskGraph): string {
  const quoted = (text: string) => `"${safe(text).replace(/["\\]/g, '\\$&')}"`
  const styles: Readonly<Record<State, string>> = {
    ready: '',
    pending: '',
    current: ', style=filled, fillcolor=lightyellow',
    complete: ', style=filled, fillcolor=palegreen',
    missing: ', style=dashed',
  }
  return [
    'digraph tasks {',
    '  node [shape=box];',
    ...graph.nodes.map(
      (node) =>
        `  ${quoted(node.id)} [label=${quoted(node.summary ? `${node.id}: ${node.summary}` : node.id)}${styles[node.state]}];`,
    ),
    ...graph.edges.map(({ from, to }) => `  ${quoted(from)} -> ${quoted(to)};`),
    '}',
  ].join('\n')
}
