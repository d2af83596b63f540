// Where a task graph is looked for.

import { existsSync } from 'node:fs'
import path from 'node:path'

export const GRAPH_FILES = ['docs/active/task-graph.yaml', 'task-graph.yaml', 'task-graph.yml'] as const

/** The graph file of a repository, or undefined. */
export function findGraph(root: string): string | undefined {
  return GRAPH_FILES.map((name) => path.join(root, name)).find((file) => existsSync(file))
}
