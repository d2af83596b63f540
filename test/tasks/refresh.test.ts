// A graph that is rebuilt from its tickets: they say what there is to do, the graph how far it is.

import { describe, expect, test } from 'vitest'
import { readGraph } from '../../src/tasks/graph/read.js'
import { refreshedGraph } from '../../src/tasks/graph/refresh.js'
import { readTickets } from '../../src/tasks/graph/tickets.js'
import { ticketOf } from '../../src/tasks/ticket.js'
import { oompa } from '../support/oompa.js'
import { repositoryWith, textOf } from './support.js'

const GRAPH = `# by hand
stories:
  - id: S1 # kept
nodes:
  - id: a # the first
    title: Old words
    priority: 2
    status: complete # long ago
    completed_at: "2026-01-27"
  - id: b
    title: Second
    status: in-progress
    claimed_by: alpha
    output:
      - one.ts
      - two.ts
  # without a ticket
  - id: old
    title: Archived
    status: complete
edges:
  - from: a
    to: b
  # an old one
  - from: old
    to: b
meta:
  total_tasks: 3
  by_status: { pending: 0, ready: 0, in_progress: 1, complete: 2 }
  by_priority:
    p2: 1
`

const ticket = (id: string, facts = '', title = `The task ${id}`) => ({
  path: `docs/active/tickets/${id}.md`,
  text: `---\nid: ${id}\ntitle: ${title}\n${facts}---\n\n# Words\n---\nmore\n`,
})

const tickets = [
  ticket('a', 'priority: 1\n', `'New words: "quoted"'`),
  ticket('b', 'output: [one.ts]\ndepends_on:\n  - a\n', 'Second'),
  ticket('c', 'status: ready\npriority: 0\nstory: S1\ndepends_on: [b]\n'),
  ticket('d', 'status: pending\ndepends_on: [a, old]\n'),
]

async function refreshed(text: string, files: readonly { path: string; text: string }[]) {
  const graph = await readGraph(text, 'task-graph.yaml')
  const { tickets, problems } = await readTickets(files, graph.nodes)
  expect(problems).toEqual([])
  return refreshedGraph(graph, tickets, 'task-graph.yaml')
}

describe('a graph that is rebuilt from tickets', () => {
  test('keeps statuses, comments and what has no ticket; a second time nothing changes', async () => {
    const { text, added, changed } = await refreshed(GRAPH, tickets)
    expect(text).toBe(
      GRAPH.replace(
        'title: Old words\n    priority: 2\n    status: complete # long ago',
        `title: 'New words: "quoted"'\n    priority: 1\n    status: complete # long ago\n    path: docs/active/tickets/a.md`,
      )
        .replace('status: in-progress\n', 'status: in-progress\n    path: docs/active/tickets/b.md\n')
        .replace('      - one.ts\n      - two.ts\n', '      ["one.ts"]\n')
        .replace(
          'edges:\n',
          `  - id: c
    title: The task c
    story: S1
    priority: 0
    status: pending
    path: "docs/active/tickets/c.md"
  - id: d
    title: The task d
    status: ready
    path: "docs/active/tickets/d.md"
edges:
`,
        )
        .replace(
          '  # an old one\n  - from: old\n    to: b\n',
          '  - from: b\n    to: c\n  - from: a\n    to: d\n  - from: old\n    to: d\n  # an old one\n',
        )
        .replace('total_tasks: 3', 'total_tasks: 5')
        .replace('pending: 0, ready: 0', 'pending: 1, ready: 1')
        .replace('    p2: 1\n', '    p2: 0\n    p1: 1\n    p0: 1\n'),
    )
    expect([added, changed]).toEqual([
      ['c', 'd'],
      ['a', 'b'],
    ])
    const again = await refreshed(text, tickets)
    expect([again.text === text, again.added, again.changed]).toEqual([true, [], []])
  })

  test.each([
    [
      'a prerequisite that is nowhere',
      [ticket('x', 'depends_on: [nowhere]\n')],
      'x.md: `x` depends on `nowhere`, which is neither a ticket nor a node',
    ],
    [
      'an id twice',
      [ticket('x'), { ...ticket('x'), path: 'y.md' }],
      'y.md: its id `x` is also that of docs/active/tickets/x.md',
    ],
    [
      'a cycle',
      [ticket('x', 'depends_on: [y]\n'), ticket('y', 'depends_on: [x]\n')],
      'x.md: these wait for each other: `x` → `y` → `x`',
    ],
    [
      'a cycle by a node without a ticket',
      [ticket('old', 'depends_on: [b]\n')],
      'these wait for each other: `b` → `old` → `b`',
    ],
    ['an unknown status', [ticket('x', 'status: perhaps\n')], 'it has the unknown status `perhaps`'],
    ['a broken front matter', [ticket('x', 'a: [\n')], 'x.md:'],
    ['an id that is a path', [ticket('../x')], 'is a path'],
    ['no title', [{ path: 'x.md', text: '---\nid: x\n---\n' }], 'x.md: it has no title'],
    ['an alias bomb', [ticket('x', 'a: &a [1]\nb: [*a, *a]\n')], 'x.md:'],
  ])('refuses %s by name', async (_, files, said) => {
    const { problems } = await readTickets(files, (await readGraph(GRAPH, 'g')).nodes)
    expect(problems.map(({ path, reason }) => `${path}: ${reason}`).join('\n')).toContain(said)
  })

  test('by its command: nothing is written where a ticket is wrong, and the ticket’s text is the worker’s', async () => {
    const { path, text } = ticket('c', 'depends_on: [b]\n')
    const repository = repositoryWith({
      'task-graph.yaml': GRAPH,
      [path]: text,
      'docs/active/tickets/README.md': 'How.\n',
    })
    const { root } = repository
    const run = (env = repository.env) => oompa(['tasks', 'refresh'], { cwd: root, env })
    repository.write('docs/active/tickets/z.md', ticket('z', 'depends_on: [zz]\n').text)
    const refused = await run()
    expect([refused.status, refused.stderr]).toEqual([4, expect.stringContaining('docs/active/tickets/z.md')])
    expect(textOf(root, 'task-graph.yaml')).toBe(GRAPH)
    repository.write('docs/active/tickets/z.md', ticket('z', 'depends_on: [c]\n').text)
    expect(await run({ ...repository.env, OOMPA_SWARM: '12345678' })).toMatchObject({ status: 4 })
    expect(await run()).toMatchObject({
      status: 0,
      stdout: 'Added c.\nAdded z.\n',
      stderr: expect.stringContaining('README.md'),
    })
    expect(await run()).toMatchObject({ status: 3, stdout: '' })
    const node = (await readGraph(textOf(root, 'task-graph.yaml'), 'g')).nodes.find((one) => one.task.id === 'c')
    expect(ticketOf(node?.task, root)).toEqual({ path, text: text.trim() })
  })
})
