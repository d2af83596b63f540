// Markdown lists: everything but the item that moves stays byte for byte.

import { describe, expect, it } from 'vitest'
import { readItems } from '../../src/tasks/lists/markdown.js'
import { markdownLists } from '../../src/tasks/lists/markdown-lists.js'
import { repositoryWith, textOf } from './support.js'

const pending = `# Pending

Some words, * with a star.

- [ ] Write the parser
  - id: parser
  - priority: 2
  - handles comments
    and strings

  A description
  of two lines.
- P0: Fix the build {#build}
* [ ] T-7: Test it (depends on: parser, build)

\`\`\`
- [ ] not a task
\`\`\`
Notes at the end, no line end`

describe('a list', () => {
  it('is read with ids, priorities, prerequisites and text', () => {
    const { items, problems } = readItems(pending)
    expect(problems).toEqual([])
    expect(items.map(({ task }) => task)).toMatchObject([
      {
        id: 'parser',
        summary: 'Write the parser',
        priority: 2,
        acceptance: ['handles comments', 'and strings'],
        description: 'A description\nof two lines.',
      },
      { id: 'build', summary: 'Fix the build', priority: 0 },
      { id: 'T-7', summary: 'Test it', dependsOn: ['parser', 'build'] },
    ])
  })

  it('keeps the rest as it is while items are claimed, released and completed', async () => {
    const { root } = repositoryWith({
      'tasks/pending.md': pending,
      'tasks/in_progress.md': '# In progress\r\n\r\nNothing yet.\r\n',
      'tasks/complete.md': '# Done\n\n- [x] Old\n\nThe end.\n',
    })
    const store = markdownLists('tasks', root)
    const first = await store.claim({ claimer: { worker: 'w1' } })
    if (first.answer !== 'claimed') throw new Error(first.why)
    expect(first.claim.task.id).toBe('build')
    expect(textOf(root, 'tasks/pending.md')).toBe(pending.replace('- P0: Fix the build {#build}\n', ''))
    expect(textOf(root, 'tasks/in_progress.md')).toBe(
      '# In progress\r\n\r\nNothing yet.\r\n\r\n- P0: Fix the build {#build}\r\n',
    )
    await store.complete(first.claim, { by: 'w1', at: '2026-01-02T03:04:05Z', mergedCommit: 'c0ffee' })
    expect(textOf(root, 'tasks/in_progress.md')).toBe('# In progress\r\n\r\nNothing yet.\r\n\r\n')
    expect(textOf(root, 'tasks/complete.md')).toBe(
      '# Done\n\n- [x] Old\n- P0: Fix the build {#build}\n  - completed-by: w1\n  - completed-at: 2026-01-02T03:04:05Z\n  - merged-commit: c0ffee\n\nThe end.\n',
    )
    const second = await store.claim({ claimer: { worker: 'w1' } })
    if (second.answer !== 'claimed') throw new Error(second.why)
    await store.release(second.claim, 'first line\nsecond line')
    const [task] = (await store.list()).pending.filter((one) => one.id === 'parser')
    expect(task?.notes).toMatch(/ w1: first line\nsecond line$/)
    expect(task).toMatchObject({ priority: 2, acceptance: ['handles comments', 'and strings'] })
    expect(await store.claim({ claimer: { worker: 'w1' }, id: 'T-7' })).toMatchObject({ answer: 'dependency-missing' })
  })

  it('counts a ticked box as complete, wherever it is', async () => {
    const { root } = repositoryWith({ 'tasks/pending.md': '- [x] a-1: One\n- [ ] b-1: Two (depends on: a-1)\n' })
    const store = markdownLists('tasks', root)
    expect((await store.list()).complete.map((task) => task.id)).toEqual(['a-1'])
    const answer = await store.claim({ claimer: { worker: 'w1' } })
    expect(answer).toMatchObject({ answer: 'claimed', claim: { task: { id: 'b-1' } } })
    expect(await store.reopen!('a-1', '', 'me')).toBe(true)
    expect(textOf(root, 'tasks/pending.md')).toBe('- [ ] a-1: One\n')
  })

  it('reads back what it wrote, whatever the words', async () => {
    const { root } = repositoryWith({ 'tasks/pending.md': '' })
    const store = markdownLists('tasks', root)
    const wanted = [
      {
        id: 'x',
        summary: 'P1: looks like a priority',
        description: 'a\n- b',
        notes: 'n1\nn2',
        acceptance: ['one', 'two'],
      },
      { summary: '[ ] a box (depends on: nobody)' },
      { id: 'y z', summary: 'Plain', dependsOn: ['x'], files: ['a.ts', 'b/c.ts'], priority: 3, role: 'r', story: 's' },
    ]
    const added = []
    for (const task of wanted) added.push(await store.add(task))
    const { pending: read, problems } = await store.list()
    expect(problems).toEqual([])
    for (const task of added)
      expect(read.find((one) => one.id === task.id)).toMatchObject({
        summary: task.summary,
        dependsOn: task.dependsOn,
        files: task.files,
        acceptance: task.acceptance,
      })
    expect(read.find((one) => one.id === 'x')?.notes).toBe('n1\nn2')
  })

  it('finishes a move that was cut short, and loses nothing', async () => {
    const { root, write } = repositoryWith({
      'tasks/pending.md': '- [ ] a-1: One\n- [ ] b-1: Two\n',
      'tasks/in_progress.md': '- [ ] a-1: One\n',
      '.oompa/claims/tasks-lists/moving.json': '{"id":"a-1","from":"pending","to":"in_progress"}',
    })
    const store = markdownLists('tasks', root)
    expect(await store.claim({ claimer: { worker: 'w1' } })).toMatchObject({ claim: { task: { id: 'b-1' } } })
    expect(textOf(root, 'tasks/in_progress.md')).toBe('- [ ] a-1: One\n- [ ] b-1: Two\n')
    expect(textOf(root, 'tasks/pending.md')).toBe('')
    write('.oompa/claims/tasks-lists/moving.json', 'not json')
    expect(await store.claim({ claimer: { worker: 'w1' } })).toMatchObject({ answer: 'none' })
  })
})
