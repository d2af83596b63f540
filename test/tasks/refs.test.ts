// Tasks on a ref of a real bare remote, by the handles of two clones in turn, pass the suite that we ship.

import { execFileSync } from 'node:child_process'
import { renameSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { conformance } from '../../src/tasks/conformance.js'
import { type Entry, readBook, writeBook } from '../../src/tasks/refs/book.js'
import { gitTasks } from '../../src/tasks/refs/refs-store.js'
import { team } from '../support/clones.js'
import { repositoryAt, type TestRepository, testRepository } from '../support/repository.js'

const REF = 'refs/oompa/tasks/all'

interface Clones {
  readonly bare: TestRepository
  readonly roots: readonly [string, string]
}

function twoClones(): Clones {
  const first = testRepository()
  const base = path.dirname(first.root)
  const bare = path.join(base, 'bare.git')
  first.git(['clone', '-q', '--bare', first.root, bare])
  const roots = [path.join(base, 'one'), path.join(base, 'two')] as const
  for (const root of roots) first.git(['clone', '-q', bare, root])
  return { bare: repositoryAt(bare, first.home), roots }
}

/** Changes what the remote's ref says, as nobody but a test does. */
function rewrite(bare: TestRepository, change: (entries: readonly Entry[]) => readonly Entry[]): void {
  let before: readonly Entry[] = []
  try {
    before = readBook(bare.git(['cat-file', 'blob', `${REF}:tasks.json`]))!
  } catch {
    // There is no such ref yet.
  }
  const put = (args: string[], input: string) =>
    execFileSync('git', args, { cwd: bare.root, env: { ...bare.env, ...AS_ME }, input, encoding: 'utf8' }).trim()
  const blob = put(['hash-object', '-w', '--stdin'], writeBook(change(before)))
  const tree = put(['mktree'], `100644 blob ${blob}\ttasks.json\n`)
  bare.git(['update-ref', REF, put(['commit-tree', '-m', 'Rewritten', tree], '')])
}

const AS_ME = {
  GIT_AUTHOR_NAME: 'me',
  GIT_AUTHOR_EMAIL: 'me@localhost',
  GIT_COMMITTER_NAME: 'me',
  GIT_COMMITTER_EMAIL: 'me@localhost',
}

describe('tasks on a ref of the remote', () => {
  const tests = conformance(
    () => {
      const { bare, roots } = twoClones()
      let opened = 0
      const changed = (id: string, change: (entry: Entry) => Entry) =>
        rewrite(bare, (entries) => entries.map((entry) => (entry.task.id === id ? change(entry) : entry)))
      return {
        open: () => gitTasks({}, roots[opened++ % 2]!),
        age: (id: string, ms: number) => changed(id, (entry) => ({ ...entry, seenMs: entry.seenMs! - ms })),
        elsewhere: (id: string) =>
          changed(id, (entry) => ({
            ...entry,
            claim: { ...entry.claim!, owner: { pid: 1, host: 'elsewhere', start: 'another-system.1' } },
          })),
        fill: (tasks: readonly { readonly id: string; readonly summary: string }[]) =>
          rewrite(bare, () =>
            tasks.map((task) => ({
              state: 'pending',
              task: { ...task, acceptance: [], files: [], dependsOn: [], extra: {} },
            })),
          ),
        async away() {
          renameSync(bare.root, `${bare.root}.away`)
          return () => renameSync(`${bare.root}.away`, bare.root)
        },
      }
    },
    { tasks: 6, many: 100 },
  )
  for (const test of tests) it(test.name, () => test.run())

  it('the ref is one small commit, however much was done, and nothing of it is in the branches', async () => {
    const { bare, roots } = twoClones()
    const store = gitTasks({}, roots[0])
    for (const id of ['a', 'b']) await store.add({ id, summary: `The task ${id}` })
    const answer = await gitTasks({}, roots[1]).claim({ claimer: { worker: 'w1' } })
    expect(answer.answer).toBe('claimed')
    expect(bare.git(['log', '--format=%s', REF])).toBe('claim a for w1')
    expect(bare.git(['show', `${REF}:tasks.json`]).split('\n')).toHaveLength(4)
    expect(bare.git(['for-each-ref', '--format=%(refname)', 'refs/heads'])).toBe('refs/heads/main')
  })

  it('what a later oompa wrote is not written over', async () => {
    const { bare, roots } = twoClones()
    const store = gitTasks({}, roots[0])
    await store.add({ id: 'a', summary: 'A' })
    const put = (args: string[], input: string) =>
      execFileSync('git', args, { cwd: bare.root, env: { ...bare.env, ...AS_ME }, input, encoding: 'utf8' }).trim()
    const tree = put(['mktree'], `100644 blob ${put(['hash-object', '-w', '--stdin'], '{"format":2}')}\ttasks.json\n`)
    const commit = put(['commit-tree', '-m', 'Later', tree], '')
    bare.git(['update-ref', REF, commit])
    await expect(store.add({ summary: 'B' })).rejects.toMatchObject({ code: 'store-new', status: 2 })
    expect(bare.git(['rev-parse', REF])).toBe(commit)
  })

  it('a server that takes no such ref is quoted', async () => {
    const { bare, roots } = twoClones()
    bare.write(
      'hooks/update',
      '#!/bin/sh\ncase "$1" in refs/oompa/*) echo "no refs of machines here"; exit 1;; esac\n',
      0o755,
    )
    await expect(gitTasks({}, roots[0]).add({ summary: 'A' })).rejects.toMatchObject({
      code: 'store-refused',
      message: expect.stringContaining('no refs of machines here'),
    })
  })

  it('two clones do each task once, and what depends on another begins with it', async () => {
    const { bare, clones } = team(
      'cd "$OOMPA_WORKTREE"; ls *.txt > "saw-$OOMPA_TASK" 2> /dev/null; echo > "$OOMPA_TASK.txt"',
      {
        worker: { count: 1, iterations: 4, max_wait_for_tasks: 120 },
        files: { 'hooks/tasks.ts': "import { gitTasks } from 'oompa-loompas'\nexport default gitTasks()\n" },
      },
    )
    const store = gitTasks({}, clones[0]!.repository.root)
    for (const id of ['a', 'b']) await store.add({ id, summary: `The task ${id}` })
    await store.add({ id: 'top', summary: 'After both', dependsOn: ['a', 'b'] })
    const ended = await Promise.all(clones.map((clone) => clone.run()))
    expect(ended.map(({ status }) => status)).toEqual([0, 0])
    const listing = await store.list()
    expect([listing.pending, listing.current, listing.complete].map(({ length }) => length)).toEqual([0, 0, 3])
    expect(bare.git(['show', 'main:saw-top']).split('\n').sort()).toEqual(['a.txt', 'b.txt'])
    const completed = clones.flatMap((clone) => clone.events('task.completed').map((event) => event.task))
    expect(completed.sort()).toEqual(['a', 'b', 'top'])
  })
})

const TASK = {
  id: 'a',
  summary: 'A',
  acceptance: ['x'],
  files: ['f'],
  dependsOn: ['b'],
  priority: 1,
  extra: { k: [1] },
}
const CLAIM = { id: 'a', worker: 'w1', fence: 'f', since: '2026-01-01T00:00:00Z' }
const bookOf = (...tasks: readonly unknown[]) => JSON.stringify({ format: 1, tasks })

it('a book is read as it was written', () => {
  const book: readonly Entry[] = [
    { state: 'current', task: TASK, claim: { ...CLAIM, owner: undefined }, seenMs: 5 },
    { state: 'pending', task: { ...TASK, id: 'b', notes: 'one\ntwo', story: 's', role: 'r' } },
  ]
  expect(readBook(writeBook(book))).toEqual(book)
})

it.each([
  ['no JSON', '{'],
  ['no object', 'null'],
  ['a task that is none', bookOf({ state: 'pending' })],
  ['null in place of one', bookOf(null)],
  ['an id that leads elsewhere', bookOf({ state: 'pending', task: { ...TASK, id: '../../x' } })],
  ['an id that is an option', bookOf({ state: 'pending', task: { ...TASK, id: '--force' } })],
  ['prerequisites that are no ids', bookOf({ state: 'pending', task: { ...TASK, dependsOn: [{}] } })],
  ['a state that there is not', bookOf({ state: 'constructor', task: TASK })],
  ['a claim without a fence', bookOf({ state: 'current', task: TASK, claim: { ...CLAIM, fence: 1 } })],
  ['a task twice', bookOf({ state: 'pending', task: TASK }, { state: 'complete', task: TASK })],
])('a book that somebody else has pushed is none of ours: %s', (_what, text) => {
  expect(readBook(text)).toBeUndefined()
})
