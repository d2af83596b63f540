// Tasks of other tools are taken over right, or refused with what was expected.

import { describe, expect, it } from 'vitest'
import type { NewTask } from '../../src/tasks/contract.js'
import { taskFolder } from '../../src/tasks/folder/folder-store.js'
import { taskGraph } from '../../src/tasks/graph/task-graph.js'
import { ranked } from '../../src/tasks/import/rank.js'
import { readImport } from '../../src/tasks/import.js'
import { markdownLists } from '../../src/tasks/lists/markdown-lists.js'
import { oompa } from '../support/oompa.js'
import { linesOf, namesIn, repositoryWith, textOf } from './support.js'

const read = async (name: string, text: unknown, list?: string) =>
  readImport(typeof text === 'string' ? text : JSON.stringify(text), { name, ...(list ? { list } : {}) })
const tasks = async (name: string, text: unknown, list?: string) => (await read(name, text, list)).tasks

/** Id, summary and what it waits for. */
const short = (task: NewTask) =>
  `${task.id}: ${task.summary}${task.dependsOn?.length ? ` < ${task.dependsOn.join(' ')}` : ''}`

async function refusal(name: string, text: unknown, list?: string): Promise<string> {
  const error: unknown = await read(name, text, list).catch((thrown: unknown) => thrown)
  expect(error).toMatchObject({ status: 2 })
  return error instanceof Error ? error.message : ''
}

describe('a list as data', () => {
  it('has acceptance in every spelling, dependencies as ids, numbers, objects and text, and priorities in words', async () => {
    const made = await tasks('prd.json', {
      userStories: [
        { id: 'US-1', title: 'Log in', acceptanceCriteria: ['says wrong passwords', 'has a link'], priority: 'high' },
        { id: 'US-2', title: 'Log out', acceptance: 'ends it\n- says so', dependencies: ['US-1'], priority: 2 },
        { id: 3, title: 'Reset', dependencies: [{ id: 'US-2' }], 'depends-on': null, priority: 'P0' },
        { id: 'US-4', title: 'Invite', blockedBy: 'US-1, US-2', acceptance_criteria: 'one line' },
      ],
    })
    expect(made.map(short)).toEqual([
      'US-1: Log in',
      'US-2: Log out < US-1',
      '3: Reset < US-2',
      'US-4: Invite < US-1 US-2',
    ])
    expect(made.map((task) => task.acceptance)).toEqual([
      ['says wrong passwords', 'has a link'],
      ['ends it', 'says so'],
      [],
      ['one line'],
    ])
    expect(made.map((task) => task.priority)).toEqual([1, 2, 0, undefined])
  })

  it('leaves out what is done, however that is said, and what waits for it does not', async () => {
    const done = [
      { id: 'a', title: 'x', passes: true },
      { id: 'b', title: 'x', complete: true },
      { id: 'c', title: 'x', completed: '2026-01-01' },
      { id: 'd', title: 'x', status: 'Completed' },
      { id: 'e', title: 'x', done: 'yes' },
      { id: 'f', title: 'x', closed_at: '2026-01-01T00:00:00Z' },
      { id: 'g', title: 'x', state: 'CLOSED' },
      { id: 'h', title: 'x', status: "won't do" },
    ]
    const open = [
      { id: 'i', title: 'x', passes: false, complete: 'false', completed: null, status: 'in_progress', closed_at: '' },
      { id: 'j', title: 'x', dependencies: [...done.map((one) => one.id), 'i'] },
    ]
    expect((await tasks('list.json', [...done, ...open])).map(short)).toEqual(['i: x', 'j: x < i'])
    expect(await tasks('list.json', done)).toEqual([])
  })

  it('takes its words from wherever they stand, and tells the worker all of them', async () => {
    const [feature, plain, named, text, issue] = await tasks('features.json', {
      features: [
        { category: 'ui', description: 'The button is blue', steps: ['Open the page', 'Look'], passes: false },
        'Write the docs',
        { name: 'Deploy', details: 'By hand.', testStrategy: 'Look at it.', design: 'Simple' },
        { description: 'First line\nand more' },
        { number: 7, title: 'Crash', body: 'It crashes.', state: 'OPEN' },
      ],
    })
    expect(feature).toMatchObject({ id: 'the-button-is-blue', summary: 'The button is blue' })
    expect(feature?.description).toBe('Steps:\n- Open the page\n- Look')
    expect(plain).toMatchObject({ id: 'write-the-docs', summary: 'Write the docs' })
    expect(named?.description).toBe('Details: By hand.\n\nDesign: Simple\n\nHow to test it: Look at it.')
    expect(text).toMatchObject({ id: 'first-line', summary: 'First line', description: 'First line\nand more' })
    expect(issue).toMatchObject({ id: '7', summary: 'Crash', description: 'It crashes.' })
    for (const task of [feature, plain, named, text, issue])
      expect(JSON.stringify(task)).not.toMatch(/passes|OPEN|"title"/)
  })

  it('gives entries of one title different ids', async () => {
    expect((await tasks('x.json', ['Fix it', 'Fix it', { title: 'Fix it' }])).map((task) => task.id)).toEqual([
      'fix-it',
      'fix-it-2',
      'fix-it-3',
    ])
  })

  it.each([
    [
      'an entry without words',
      [
        { id: 'a', title: 'A' },
        { id: 'b', priority: 1 },
      ],
      /task 2: it says nothing .*Expected is a summary, title or description/,
    ],
    ['an entry that is none', [{ id: 'a', title: 'A' }, 7], /task 2: expected is a map/],
    [
      'a dependency that is none',
      [{ id: 'a', title: 'A', dependencies: [{ kind: 'x' }] }],
      /waits for \{"kind":"x"\}\. Expected are ids/,
    ],
    ['an id that is a path', [{ id: '../x', title: 'A' }], /its id .* is a path/],
    [
      'no list',
      { version: 1 },
      /holds no list of tasks\. Expected is a list, or a map with one of: tasks, user_stories/,
    ],
    ['no list at all', 'true', /holds no list of tasks/],
  ])('is refused whole for %s', async (_, value, says) => {
    expect(await refusal('list.json', value)).toMatch(says)
  })

  it('says of a priority that means nothing that it comes last', async () => {
    const { tasks: made, remarks } = await read('x.json', [{ id: 'a', title: 'A', priority: 'someday' }])
    expect(made[0]?.priority).toBeUndefined()
    expect(remarks).toEqual([expect.stringContaining('a: its priority "someday" is neither a number')])
  })

  it('may be EDN, whose keys are keywords', async () => {
    const made = await tasks(
      'x.edn',
      '[{:id "a" :summary "A" :depends-on ["b"]} {:id "b" :summary "B" :completed true}]',
    )
    expect(made.map(short)).toEqual(['a: A'])
    expect(await refusal('x.edn', '[{:summary "A"}\n {summary "B"}]')).toMatch(
      /line 2: the key `summary` is a symbol: write `:summary`/,
    )
  })

  it('may be YAML', async () => {
    expect(
      (await tasks('x.yaml', 'tasks:\n  - title: One\n    dependencies: [two]\n  - id: two\n    title: Two\n')).map(
        short,
      ),
    ).toEqual(['one: One < two', 'two: Two'])
    expect(await refusal('x.yaml', 'tasks: [\n')).toMatch(/line \d/)
  })
})

describe('issues as JSON lines', () => {
  const issue = (id: string, more: object) =>
    JSON.stringify({ id, title: `Do ${id}`, status: 'open', priority: 2, ...more })
  const link = (from: string, to: string, type: string) => ({ issue_id: from, depends_on_id: to, type })

  it('are open ones, with what blocks them; an epic comes after its parts', async () => {
    const text = [
      issue('bd-1', { issue_type: 'epic', priority: 1, acceptance_criteria: 'all of it\nreally', notes: 'see bd-2' }),
      issue('bd-2', { dependencies: [link('bd-2', 'bd-1', 'parent-child'), link('bd-2', 'bd-9', 'blocks')] }),
      issue('bd-3', {
        dependencies: [link('bd-3', 'bd-1', 'parent-child'), link('bd-3', 'bd-2', 'blocks')],
        status: 'in_progress',
      }),
      issue('bd-4', {
        dependencies: [link('bd-4', 'bd-2', 'discovered-from'), link('bd-4', 'bd-3', 'related')],
        status: 'blocked',
      }),
      issue('bd-9', { status: 'closed', closed_at: '2026-01-01T00:00:00Z' }),
    ].join('\n')
    for (const name of ['.beads/issues.jsonl', 'issues.json', '-']) {
      const made = await tasks(name, `${text}\n\n`)
      expect(made.map(short)).toEqual([
        'bd-1: Do bd-1 < bd-2 bd-3',
        'bd-2: Do bd-2',
        'bd-3: Do bd-3 < bd-2',
        'bd-4: Do bd-4',
      ])
      expect(made[0]).toMatchObject({ acceptance: ['all of it', 'really'], priority: 1, notes: 'see bd-2' })
    }
  })

  it('are refused with the line that is none', async () => {
    expect(await refusal('x.jsonl', `${issue('a', {})}\n{"id": \n`)).toMatch(
      /x\.jsonl, line 2: .*Expected is one JSON object a line/,
    )
    expect(await refusal('x.jsonl', `${issue('a', {})}\n{"id": "b"}\n`)).toMatch(/x\.jsonl, line 2: it says nothing/)
  })
})

describe('a task master’s file', () => {
  const list = [
    { id: 1, title: 'Set up', status: 'done', dependencies: [] },
    {
      id: 2,
      title: 'Parse',
      status: 'pending',
      priority: 'high',
      dependencies: [1],
      details: 'By hand.',
      testStrategy: 'Samples.',
      subtasks: [
        { id: 1, title: 'Lex', status: 'done' },
        { id: 2, title: 'Read', description: 'Reads.', status: 'pending', dependencies: [1] },
        { id: 3, title: 'Report', status: 'pending', dependencies: [2, '2.1'] },
      ],
    },
    { id: 3, title: 'Ship', status: 'pending', dependencies: [2] },
    { id: 4, title: 'Never', status: 'cancelled' },
  ]

  it.each([
    ['tagged', { master: { tasks: list, metadata: {} }, empty: { tasks: [] } }],
    ['old', { tasks: list, metadata: {} }],
  ])('(%s) gives tasks and subtasks; a task comes after its parts', async (_, value) => {
    const made = await tasks('tasks.json', value)
    expect(made.map(short)).toEqual(['2: Parse < 2.2 2.3', '2.2: Read', '2.3: Report < 2.2', '3: Ship < 2'])
    expect(made[0]).toMatchObject({ priority: 1, description: 'Details: By hand.\n\nHow to test it: Samples.' })
    expect(made[1]?.description).toBe('Part of 2: Parse\n\nReads.')
  })

  it('with several lists asks which', async () => {
    const value = { master: { tasks: list }, next: { tasks: [{ id: 1, title: 'Other' }] } }
    expect(await refusal('tasks.json', value)).toMatch(/it holds the lists `master`, `next`/)
    expect((await tasks('tasks.json', value, 'next')).map(short)).toEqual(['1: Other'])
    expect(await refusal('tasks.json', value, 'nope')).toMatch(/it holds the lists/)
  })
})

describe('markdown', () => {
  it('takes ticked boxes, and no prose', async () => {
    const text = `# Notes

- Remember: this is prose
- so is T-1: this

1. and this

## To do

- [ ] Write docs
  - priority: 1
  - all of them
- [x] Done
- [ ] P2: Ship it (depends on: write-docs)
* prose again
`
    const made = await tasks('TODO.md', text)
    expect(made.map(short)).toEqual(['write-docs: Write docs', 'ship-it: Ship it < write-docs'])
    expect(made[0]).toMatchObject({ acceptance: ['all of them'], priority: 1 })
  })

  it('takes bullets without boxes only if they say themselves that they are tasks', async () => {
    expect(
      (await tasks('x.md', '- P0: Fix the build {#build}\n- prose\n- Test it\n  - depends on: build\n')).map(short),
    ).toEqual(['build: Fix the build', 'test-it: Test it < build'])
    expect(await refusal('x.md', '# Ideas\n\n- one\n- two: three\n')).toMatch(
      /there is no task in it\. Expected are `- \[ \]` items, or headings with facts/,
    )
    expect(await tasks('x.md', '- [x] All done\n')).toEqual([])
  })

  it('takes headings with facts below them', async () => {
    const text = `# The plan

Some words. Priority: is not a fact here, for prose follows.

## Task 1: Write the lexer

**Status:** ✅ Done
**Priority**: high

## Task 2: Write the parser

- **Priority:** P1
- **Depends on:** Task 1
- **Files:** \`src/parser.ts\`, src/ast.ts
- **Complexity:** M

It reads what the lexer gives.

### Acceptance criteria

- [ ] reads every sample
- names the line

\`\`\`
## Task 9: not one
Status: x
\`\`\`

## 3. Test it
Status: pending
Dependencies: 2, #1 and none
Done when:
  1. all samples pass

## Background

Words.

## [ ] T-7: Ship it
Depends on: Test it
Description: To everybody.

## [x] Old one
Priority: 1
`
    const made = await tasks('PLAN.md', text)
    expect(made.map(short)).toEqual(['task-2: Write the parser', 'task-3: Test it < task-2', 'T-7: Ship it < task-3'])
    expect(made[0]).toMatchObject({
      priority: 1,
      files: ['src/parser.ts', 'src/ast.ts'],
      acceptance: ['reads every sample', 'names the line'],
      extra: { complexity: 'M' },
    })
    expect(made[0]?.description).toContain('It reads what the lexer gives.')
    expect(made[1]).toMatchObject({ acceptance: ['all samples pass'] })
    expect(made[2]).toMatchObject({ description: 'To everybody.' })
  })

  it('takes the boxes below a heading, and not the heading, where both are there', async () => {
    const text = '## Milestone 1\nStatus: open\n\n- [ ] Parser\n- [ ] Lexer\n\n## Later\nPriority: 3\n\nOne day.\n'
    expect((await tasks('x.md', text)).map(short)).toEqual(['parser: Parser', 'lexer: Lexer', 'later: Later'])
  })
})

it('a graph is refused for a node that is none, and one without a title', async () => {
  expect(await refusal('g.yaml', 'nodes:\n  - {id: a, title: A}\n  - {title: B}\n')).toMatch(/line 3: it has no id/)
  expect(await refusal('g.yaml', 'nodes:\n  - {id: a, title: A}\n  - {id: b}\n')).toMatch(/node `b` says nothing/)
})

describe('the order of a list', () => {
  const order = (list: NewTask[]) =>
    [...list]
      .sort((a, b) => (a.priority ?? 1e9) - (b.priority ?? 1e9) || ((a.id ?? '') < (b.id ?? '') ? -1 : 1))
      .map((task) => task.id)
  const list = (...given: [string, number?][]) =>
    given.map(([id, priority]): NewTask => ({ id, summary: id, priority }))

  it('is kept by priorities, where names would change it, and priorities stay what they were', () => {
    expect(order(ranked(list(['zoo'], ['ant'], ['bee'])))).toEqual(['zoo', 'ant', 'bee'])
    expect(ranked(list(['a'], ['b'], ['c']))).toEqual(list(['a'], ['b'], ['c']))
    const mixed = ranked(list(['z', 1], ['y', 1], ['x'], ['w', 0], ['v']))
    expect(order(mixed)).toEqual(['w', 'z', 'y', 'x', 'v'])
    expect(mixed.map((task) => Math.floor(task.priority ?? 0))).toEqual([1, 1, 2, 0, 3])
    expect(
      order(ranked(Array.from({ length: 120 }, (_, at) => ({ id: `t${119 - at}`, summary: 'x', priority: 4 })))),
    ).toEqual(Array.from({ length: 120 }, (_, at) => `t${119 - at}`))
    expect(ranked(list(['b'], ['a']), [7]).map((task) => task.priority)).toEqual([8, 9])
  })

  it('is that of the claims, in a folder, in lists and in a graph', async () => {
    const text = '- [ ] Zoo\n- [ ] Ant\n- [ ] Bee\n  - acceptance: buzzes\n  - output: hive.txt\n'
    const stores = [
      ['tasks/pending/.gitkeep', '', (root: string) => taskFolder('tasks', root)],
      ['tasks/pending.md', '', (root: string) => markdownLists('tasks', root)],
      ['task-graph.yaml', 'nodes: []\n', (root: string) => taskGraph(undefined, root)],
    ] as const
    for (const [file, content, open] of stores) {
      const { root, env } = repositoryWith({ [file]: content, 'TODO.md': text })
      const ended = await oompa(['tasks', 'import', 'TODO.md'], { cwd: root, env })
      expect(linesOf(ended.stdout), ended.stderr).toEqual(['zoo', 'ant', 'bee'])
      const { pending } = await open(root).list()
      expect(pending.map((task) => task.id)).toEqual(['zoo', 'ant', 'bee'])
      expect(pending[2]).toMatchObject({ acceptance: ['buzzes'] })
      expect([pending[2]?.extra.output].flat()).toEqual(['hive.txt'])
    }
  })
})

it('what waits for no task is said, and a file that is not text is refused', async () => {
  const repository = repositoryWith({ 'x.json': '[{"id": "a", "title": "A", "dependencies": ["gone"]}]' })
  repository.write('latin.md', Buffer.from('- [ ] Caf\xe9\n', 'latin1'))
  const run = (...args: string[]) => oompa(['tasks', 'import', ...args], { cwd: repository.root, env: repository.env })
  expect((await run('x.json')).stderr).toContain('a waits for gone, which is no task here.')
  expect(namesIn(repository.root, 'tasks/pending')).toEqual(['a.edn'])
  expect(textOf(repository.root, 'tasks/pending/a.edn')).toContain(':depends-on ["gone"]')
  const latin = await run('latin.md')
  expect([latin.status, latin.stderr]).toEqual([2, expect.stringContaining('iconv -f LATIN1')])
})

it('texts that are long, or made to be slow, are read in time', async () => {
  const many = Array.from({ length: 5000 }, (_, at) => `## Task ${at}: Do ${at}\nPriority: 1\n\nWords.\n`).join('\n')
  expect(await tasks('x.md', many)).toHaveLength(5000)
  const hostile = [
    '#'.repeat(300_000),
    `# ${' '.repeat(300_000)}x`,
    `Priority:${' '.repeat(300_000)}x`,
    `{}${'\n'.repeat(300_000)}`,
  ]
  for (const text of hostile) await refusal('x', `${text}\n`)
})
