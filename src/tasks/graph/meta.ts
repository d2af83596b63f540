// What `meta` of a task graph counts, as it has to stand there: only what is kept is kept right.

import { isMap, isScalar, type YAMLMap } from 'yaml'
import type { Graph } from './read.js'

/** A number of `meta` that is not true any more: the map and the key in it, and what it is. */
export interface Count {
  readonly map: YAMLMap
  readonly key: string
  readonly value: number
}

/** Whatever is counted by nodes: how many there are, by status and by priority. */
export function wrongCounts(graph: Graph, statuses: ReadonlyMap<string, string> = new Map()): Count[] {
  const meta = isMap(graph.document.contents) ? graph.document.contents.get('meta') : undefined
  if (!isMap(meta)) return []
  const byStatus = tally(graph.nodes.map((node) => statuses.get(node.task.id) ?? node.status))
  const byPriority = tally(graph.nodes.flatMap(({ task }) => (task.priority === undefined ? [] : `${task.priority}`)))
  const all = graph.nodes.length
  return [
    ...wrongIn(meta, (key) => (/^total_(tasks|nodes)$/.test(key) ? all : undefined)),
    ...wrongIn(meta.get('totals'), (key) => (/^(tasks|nodes)$/.test(key) ? all : undefined)),
    ...wrongIn(meta.get('by_status'), (key) => byStatus.get(key.replace('_', '-')) ?? 0),
    ...wrongIn(meta.get('by_priority'), (key) => byPriority.get(key.replace(/^p/i, '')) ?? 0),
    ...newPriorities(meta.get('by_priority'), byPriority),
  ]
}

function wrongIn(map: unknown, countOf: (key: string) => number | undefined): Count[] {
  if (!isMap(map)) return []
  return map.items.flatMap((pair) => {
    const key = isScalar(pair.key) ? String(pair.key.value) : ''
    const value = countOf(key)
    return value === undefined || !isScalar(pair.value) || pair.value.value === value ? [] : { map, key, value }
  })
}

/** A priority that no node has had so far, spelt as the others are. */
function newPriorities(map: unknown, counts: ReadonlyMap<string, number>): Count[] {
  if (!isMap(map)) return []
  const keys = map.items.map((pair) => (isScalar(pair.key) ? String(pair.key.value) : ''))
  const letter = /^p/i.exec(keys[0] ?? '')?.[0] ?? ''
  const known = new Set(keys.map((key) => key.replace(/^p/i, '')))
  return [...counts].flatMap(([priority, value]) =>
    known.has(priority) || keys.length === 0 ? [] : { map, key: `${letter}${priority}`, value },
  )
}

function tally(words: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1)
  return counts
}
