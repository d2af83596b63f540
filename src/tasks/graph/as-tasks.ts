// The open nodes of a task graph as tasks for another store.

import { usageError } from '../../errors.js'
import type { NewTask } from '../contract.js'
import { readGraph } from './read.js'

/**
 * Every node that is not complete; a prerequisite that is complete already is left out of what they wait for.
 * @throws OompaError (status 2) if the text is no graph, or a node is none
 */
export async function graphTasks(text: string, name: string): Promise<NewTask[]> {
  const graph = await readGraph(text, name)
  const [problem] = graph.problems
  if (problem) {
    throw usageError(`Cannot import ${name}: ${problem.line ? `line ${problem.line}: ` : ''}${problem.reason}.`)
  }
  const nameless = graph.nodes.find(({ task }) => task.summary === task.id && !task.extra.title && !task.description)
  if (nameless) {
    throw usageError(
      `Cannot import ${name}: node \`${nameless.task.id}\` says nothing of what is to be done: a title is missing.`,
    )
  }
  const done = new Set(graph.nodes.flatMap((node) => (node.status === 'complete' ? node.task.id : [])))
  return graph.nodes.flatMap(({ task, status }) =>
    status === 'complete' ? [] : { ...task, dependsOn: task.dependsOn.filter((id) => !done.has(id)) },
  )
}
