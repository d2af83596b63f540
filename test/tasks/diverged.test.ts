// Two clones have completed different tasks, and their histories become one: nobody is asked, nothing is done again.

import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { sharedObjects } from '../../src/git/objects.js'
import { settleStatus } from '../../src/merge/settled.js'
import { openTools } from '../../src/merge/tools.js'
import type { TaskStore } from '../../src/tasks/contract.js'
import { taskFolder } from '../../src/tasks/folder/folder-store.js'
import { taskGraph } from '../../src/tasks/graph/task-graph.js'
import { markdownLists } from '../../src/tasks/lists/markdown-lists.js'
import { type TestRepository, testRepository } from '../support/repository.js'

const ids = ['one', 'two', 'three']

const stores: Record<string, { open(root: string): TaskStore; files: Record<string, string>; file: string }> = {
  'the folder': {
    open: (root) => taskFolder('tasks', root),
    files: Object.fromEntries(ids.map((id) => [`tasks/pending/${id}.edn`, `{:id "${id}" :summary "Task ${id}"}\n`])),
    file: 'tasks/pending/three.edn',
  },
  'markdown lists': {
    open: (root) => markdownLists('tasks', root),
    files: {
      'tasks/pending.md': ids.map((id) => `- [ ] Task ${id}\n  - id: ${id}\n`).join(''),
      'tasks/in_progress.md': '',
      'tasks/complete.md': '',
    },
    file: 'tasks/pending.md',
  },
  'a task graph': {
    open: (root) => taskGraph(undefined, root),
    files: {
      'task-graph.yaml': `nodes:\n${ids.map((id) => `  - id: ${id} # kept\n    title: Task ${id}\n    status: ready\n`).join('')}`,
    },
    file: 'task-graph.yaml',
  },
}

async function complete(store: TaskStore, id: string, by: string): Promise<void> {
  const answer = await store.claim({ claimer: { worker: by, pid: process.pid }, id })
  if (answer.answer !== 'claimed') throw new Error(answer.why)
  await store.complete(answer.claim, { by, at: '2026-01-02T03:04:05.000Z' })
}

/** A branch from `main` on which `by` has completed tasks. */
async function branch(
  { repository, open }: { repository: TestRepository; open(root: string): TaskStore },
  by: string,
  done: readonly string[],
): Promise<string> {
  repository.git(['checkout', '-q', '-B', by, 'main'])
  for (const id of done) await complete(open(repository.root), id, by)
  repository.git(['add', '-A'])
  repository.git(['commit', '-q', '-m', `By ${by}`])
  return repository.git(['rev-parse', 'HEAD'])
}

async function merged(repository: TestRepository, store: TaskStore, ours: string, theirs: string) {
  const tools = openTools(repository.root)
  try {
    const base = repository.git(['merge-base', ours, theirs])
    const merge = await tools.merger.merge(ours, theirs)
    return await settleStatus(tools, merge, await store.tracked!.history(), { base, ours, theirs })
  } finally {
    tools.close()
  }
}

for (const [name, { open, files, file }] of Object.entries(stores)) {
  describe(name, () => {
    test('has what either side has done, once', async () => {
      const repository = testRepository({ 'README.md': 'hello\n', '.gitignore': '/.oompa/\n', ...files })
      const ours = await branch({ repository, open }, 'a', ['one'])
      const theirs = await branch({ repository, open }, 'b', ['two'])
      const store = open(repository.root)
      const merge = await merged(repository, store, ours, theirs)
      expect(merge.clean).toBe(true)
      const commit = repository.git(['commit-tree', merge.tree, '-p', ours, '-p', theirs, '-m', 'Both'])
      repository.git(['checkout', '-q', '-f', '-B', 'both', commit])
      const listing = await open(repository.root).list()
      expect(listing.complete.map(({ id }) => id).sort()).toEqual(['one', 'two'])
      expect(listing.pending.map(({ id }) => id)).toEqual(['three'])
      expect(listing.problems).toEqual([])
      const history = await store.tracked!.history()
      expect((await history.completeIn(commit)).size).toBe(2)
      expect((await history.completeIn('main')).size).toBe(0)
      expect((await sharedObjects(repository.root).info(`${commit}^{tree}`))?.oid).toBe(merge.tree)
    })

    test('is a conflict where both have rewritten more of it than that', async () => {
      const repository = testRepository({ 'README.md': 'hello\n', '.gitignore': '/.oompa/\n', ...files })
      const sides = ['a', 'b'].map((by) => {
        repository.git(['checkout', '-q', '-B', by, 'main'])
        const full = path.join(repository.root, file)
        writeFileSync(full, readFileSync(full, 'utf8').replace('Task three', `Task three, as ${by} has it`))
        repository.git(['commit', '-q', '-a', '-m', by])
        return repository.git(['rev-parse', 'HEAD'])
      })
      const merge = await merged(repository, open(repository.root), sides[0]!, sides[1]!)
      // In a folder a file is a task: theirs was there first.
      expect(merge.clean).toBe(name === 'the folder')
    })
  })
}
