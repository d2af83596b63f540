// Graphs that people work with as they stand: the shape of johnhkchen/solar-sim's public task-graph.yaml at four commits
// (790dbbe, 0d7c16b, d05237a and 0be9490), its ids, edges, statuses and keys, in words of our own.

import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import type { TaskListing } from '../../src/tasks/contract.js'
import { taskGraph } from '../../src/tasks/graph/task-graph.js'
import { requeueStale } from '../../src/tasks/requeue.js'
import { level2 } from '../support/loop.js'
import { packageRoot } from '../support/oompa.js'
import { repositoryWith, textOf } from './support.js'

const folder = path.join(packageRoot, 'test/tasks/fixtures/solar-sim')
const textAt = (name: string) => readFileSync(path.join(folder, name), 'utf8')
const ids = (tasks: TaskListing['complete']) => tasks.map(({ id }) => id)

test.each(readdirSync(folder))(
  '%s is taken over as it stands: no problem in it, and every node can be done',
  async (name) => {
    const before = textAt(name)
    const { root } = repositoryWith({ 'task-graph.yaml': before })
    const store = taskGraph(undefined, root)
    const { problems, current, complete } = await store.list()
    expect(problems).toEqual([])
    // What another tool was at work on is nobody's here, until a person says so.
    if (current.length > 0) await requeueStale(store, { ids: ids(current), by: 'me' })
    const order = ids(complete)
    for (;;) {
      const answer = await store.claim({ claimer: { worker: 'w1', pid: process.pid } })
      if (answer.answer !== 'claimed') break
      const { task } = answer.claim
      expect(task.dependsOn.filter((id) => !order.includes(id))).toEqual([])
      order.push(task.id)
      await store.complete(answer.claim, { by: 'w1', at: '2026-01-02T03:04:05.000Z' })
    }
    const after = textOf(root, 'task-graph.yaml')
    const [was, is] = [parse(before), parse(after)]
    expect(order.sort()).toEqual(was.nodes.map(({ id }: { id: string }) => id).sort())
    expect(is.meta.by_status).toEqual({ ready: 0, pending: 0, in_progress: 0, complete: order.length, blocked: 0 })
    expect([is.milestones, is.stories, is.edges]).toEqual([was.milestones, was.stories, was.edges])
    expect(after.split('nodes:')[0]).toBe(before.split('nodes:')[0])
  },
)

test('a swarm does the last of them, in the order of its edges', async () => {
  const loop = level2('ls "$OOMPA_WORKTREE" > "$OOMPA_WORKTREE/$OOMPA_TASK.txt"', {
    config: {
      workers: [{ model: 'command:worker', count: 2, iterations: 5, can_plan: false }],
      probe: false,
    },
    files: {
      'hooks/tasks.mjs': "import { taskGraph } from 'oompa-loompas'\nexport default taskGraph()\n",
      'task-graph.yaml': textAt('2026-02-05.yaml'),
    },
  })
  expect((await loop.oompa(['tasks', 'lint'])).status).toBe(0)
  const ended = await loop.run()
  expect(ended.status, ended.stdout + ended.stderr).toBe(0)
  const { git } = loop.repository
  const graph = parse(git(['show', 'main:task-graph.yaml']))
  expect(graph.meta.by_status).toEqual({ ready: 0, pending: 0, in_progress: 0, complete: 6, blocked: 0 })
  for (const { from, to } of graph.edges.slice(1)) expect(git(['show', `main:${to}.txt`])).toContain(`${from}.txt`)
  expect(git(['status', '--porcelain'])).toBe('')
}, 300_000)
