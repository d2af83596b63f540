// A task graph: claims leave the file alone, completion changes a few characters of it.

import { describe, expect, it } from 'vitest'
import { taskGraph } from '../../src/tasks/graph/task-graph.js'
import { oompa } from '../support/oompa.js'
import { repositoryWith, textOf } from './support.js'

const file = 'docs/active/task-graph.yaml'
const text = `# The graph of the game
version: 1
stories:
  - {id: S1, title: "First story"}
nodes:
  - id: n1          # the first
    title: "Lay: the floor"
    story: S1
    priority: 1
    status: ready   # not long
    complexity: M
  - id: n2
    title: Paint
    status: pending
    priority: 0
    path: |
      a block
      of text
  # between
  - { id: n3, title: Flow, status: blocked }
  - id: n4
    title: Held by another tool
    status: in-progress
    claimed_at: 2020-01-01T00:00:00Z
edges:
  - from: n1
    to: n2
meta:
  by_status: { pending: 1, ready: 1, in-progress: 1, complete: 0, blocked: 1 }
  totals: { nodes: 4 }
`

describe('a task graph', () => {
  it('is read as it is written by the earlier system', async () => {
    const { root } = repositoryWith({ [file]: text })
    const { pending, current } = await taskGraph(undefined, root).list()
    expect(pending.map(({ id, ready, waitsFor }) => [id, ready, waitsFor])).toEqual([
      ['n2', false, ['n1']],
      ['n1', true, []],
      ['n3', false, []],
    ])
    expect(current).toMatchObject([
      { id: 'n4', stale: expect.stringMatching(/^it has been in current for \d+ hours without a claim record$/) },
    ])
  })

  it('stays as it is while a task is held, and keeps comments and order when it is complete', async () => {
    const { root } = repositoryWith({ [file]: text })
    const store = taskGraph(undefined, root)
    const answer = await store.claim({ claimer: { worker: 'w1' }, story: 'S1' })
    if (answer.answer !== 'claimed') throw new Error(answer.why)
    expect(textOf(root, file)).toBe(text)
    expect((await taskGraph(undefined, root).list()).current.map((task) => task.id)).toEqual(['n1', 'n4'])
    await store.complete(answer.claim, { by: 'w1', at: '2026-01-02T03:04:05Z' })
    expect(textOf(root, file)).toBe(
      text
        .replace(
          'status: ready   # not long\n',
          `status: complete   # not long\n    claimed_at: ${answer.claim.since}\n    claimed_by: w1\n    completed_at: 2026-01-02T03:04:05Z\n`,
        )
        .replace('ready: 1, in-progress: 1, complete: 0', 'ready: 0, in-progress: 1, complete: 1'),
    )
    expect(await store.claim({ claimer: { worker: 'w1' } })).toMatchObject({ claim: { task: { id: 'n2' } } })
  })

  it('keeps notes beside it, and takes over what another tool left in progress', async () => {
    const { root } = repositoryWith({ [file]: text })
    const store = taskGraph(undefined, root)
    const claim = await store.take!('n4', { worker: 'w2' }, undefined)
    await store.release(claim, 'Too hard')
    const { pending } = await store.list()
    expect(pending.find((task) => task.id === 'n4')?.notes).toMatch(/w2: Too hard$/)
    // What the other tool's claim wrote is not true any more.
    expect(textOf(root, file)).toContain('    title: Held by another tool\n    status: pending\nedges:')
  })

  it('gets new nodes and edges in its own layout', async () => {
    const { root } = repositoryWith({ [file]: text })
    const store = taskGraph(undefined, root)
    await store.add({ id: 'n5', summary: 'New: one', dependsOn: ['n1', 'n2'], priority: 2 })
    expect(textOf(root, file)).toBe(
      text
        .replace('edges:\n', '  - id: n5\n    title: "New: one"\n    priority: 2\n    status: pending\nedges:\n')
        .replace('    to: n2\n', '    to: n2\n  - from: n1\n    to: n5\n  - from: n2\n    to: n5\n')
        .replace('{ pending: 1, ready: 1', '{ pending: 2, ready: 1')
        .replace('totals: { nodes: 4 }', 'totals: { nodes: 5 }'),
    )
    expect((await store.list()).pending.find((task) => task.id === 'n5')).toMatchObject({ waitsFor: ['n1', 'n2'] })
  })

  it('is worked on by the same commands, and its outputs must be there', async () => {
    const repository = repositoryWith({ [file]: text.replace('complexity: M', 'output: dist/floor.txt') })
    const run = async (line: string) =>
      (await oompa(line.split(' '), { cwd: repository.root, env: repository.env })).status
    expect(await run('tasks claim n1 --worker w1')).toBe(0)
    expect(await run('tasks complete n1 --worker w1')).toBe(4)
    repository.write('dist/floor.txt', ' \n')
    expect(await run('tasks complete n1 --worker w1')).toBe(4)
    repository.write('dist/floor.txt', 'laid')
    expect(await run('tasks complete n1 --worker w1')).toBe(0)
    expect(await run('tasks reset n1')).toBe(0)
    expect(textOf(repository.root, file)).toContain('status: pending   # not long')
    // What the claim and the completion wrote is gone with them.
    const written = /claimed_at|claimed_by|completed_at|merged-commit/g
    expect(textOf(repository.root, file).match(written)).toEqual(text.match(written))
    expect(await run('tasks lint')).toBe(0)
  })

  it('that is broken is a problem with a line, and gives no task', async () => {
    const { root } = repositoryWith({ [file]: 'nodes:\n  - id: a\n   title: "x\n' })
    const listing = await taskGraph(undefined, root).list()
    expect(listing.pending).toEqual([])
    expect(listing.problems[0]).toMatchObject({ line: expect.any(Number) })
    expect(await taskGraph(undefined, root).claim({ claimer: { worker: 'w1' } })).toMatchObject({ answer: 'none' })
  })
})
