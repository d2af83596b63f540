// Lists and graphs that git tracks: one file for many tasks, changed task by task.

import path from 'node:path'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import type { Claim, TaskStore } from '../../src/tasks/contract.js'
import { taskGraph } from '../../src/tasks/graph/task-graph.js'
import { markdownLists } from '../../src/tasks/lists/markdown-lists.js'
import { type TestRepository, testRepository } from '../support/repository.js'
import { landEdits } from './land.js'
import { textOf } from './support.js'

const done = { by: 'w1', at: '2026-01-02T03:04:05.000Z' }

interface Kind {
  readonly open: (root: string) => TaskStore
  readonly files: Record<string, string>
  /** The agent's own copy: a-1 is complete, b-1 in progress, n-1 new. */
  readonly copy: Record<string, string>
  /** What stands where a-1 has gone. */
  readonly without: Record<string, string>
}

const kinds: Record<string, Kind> = {
  'markdown lists': {
    open: (root) => markdownLists('tasks', root),
    files: {
      'tasks/pending.md': '# Tasks\n\n- [ ] a-1: One\n- [ ] b-1: Two\n- [ ] c-1: Three\n',
      'tasks/complete.md': '',
    },
    copy: {
      'tasks/pending.md': '# Tasks\n\n- [ ] c-1: Three\n- [ ] n-1: New\n',
      'tasks/in_progress.md': '- [ ] b-1: Two\n',
      'tasks/complete.md': '- [x] a-1: One\n',
    },
    without: { 'tasks/complete.md': '' },
  },
  'a graph': {
    open: (root) => taskGraph(undefined, root),
    files: {
      'task-graph.yaml':
        'nodes:\n  - id: a-1\n    title: One\n    status: ready # first\n  - id: b-1\n    title: Two\n    status: ready\n  - id: c-1\n    title: Three\n    status: ready\nedges: []\n',
    },
    copy: {
      'task-graph.yaml':
        'nodes:\n  - id: a-1\n    title: One\n    status: complete\n  - id: b-1\n    title: Two\n    status: in-progress\n  - id: c-1\n    title: Three\n    status: ready\n  - id: n-1\n    title: New\n    status: pending\nedges: []\n',
    },
    without: {
      'task-graph.yaml':
        'nodes:\n  - id: b-1\n    title: Two\n    status: ready\n  - id: c-1\n    title: Three\n    status: ready\nedges: []\n',
    },
  },
}

function place(kind: Kind): { repository: TestRepository; store: TaskStore; base: string; worktree: string } {
  const repository = testRepository({ 'README.md': 'hello\n', ...kind.files })
  repository.write('.git/info/exclude', '/.oompa/\n/.w[0-9]*-i[0-9]*/\n')
  repository.git(['worktree', 'add', '-q', '.w1-i1', '-b', 'oompa/w1-i1'])
  for (const [name, value] of Object.entries(repository.env)) vi.stubEnv(name, value)
  onTestFinished(() => void vi.unstubAllEnvs())
  return {
    repository,
    store: kind.open(repository.root),
    base: repository.git(['rev-parse', 'HEAD']),
    worktree: path.join(repository.root, '.w1-i1'),
  }
}

async function claim(store: TaskStore, id: string): Promise<Claim> {
  const answer = await store.claim({ claimer: { worker: 'w1', swarm: '0badcafe', pid: process.pid }, id })
  if (answer.answer !== 'claimed') throw new Error(answer.why)
  return answer.claim
}

for (const [name, kind] of Object.entries(kinds)) {
  describe(name, () => {
    it('are read as requests and put back', async () => {
      const { repository, store, base, worktree } = place(kind)
      await claim(store, 'a-1')
      for (const [file, text] of Object.entries(kind.copy)) repository.write(`.w1-i1/${file}`, text)
      repository.git(['add', '-A'], worktree)
      repository.git(['commit', '-qm', 'Moves'], worktree)
      const requests = await store.tracked!.requests(worktree, base, ['a-1'])
      expect(requests.ready).toBe(true)
      expect(requests.adds.map((add) => add.task.id)).toEqual(['n-1'])
      expect(requests.ignored.map((one) => one.reason)).toEqual([
        "task `b-1` is not this worker's: its move to current does not count",
      ])
      expect(await store.tracked!.restore(worktree, base, requests.adds)).toMatch(/^[0-9a-f]{40}$/)
      expect(repository.git(['diff', '--name-only', base, 'oompa/w1-i1'])).toBe('')
      expect(repository.git(['status', '--porcelain'], worktree)).toBe('')
    })

    it('are written by landings, alone and stacked, and the person sees nothing afterwards', async () => {
      const { repository, store } = place(kind)
      const [a, b] = [await claim(store, 'a-1'), await claim(store, 'b-1')]
      const first = store.tracked!.statusEdits({ into: 'main', claims: [a], completion: done })
      const second = store.tracked!.statusEdits({ into: 'main', claims: [b], completion: done })
      // A batch: the second change is stacked on the first, before either has landed.
      const below = await landEdits(repository, await first.edits('c1'), 'refs/heads/stack')
      const commit = await landEdits(repository, await second.edits('c2', below), 'refs/heads/main', below)
      await first.settle({ commit, mergedCommit: 'c1', into: 'main' })
      await second.settle({ commit, mergedCommit: 'c2', into: 'main' })
      repository.git(['reset', '-q'])
      expect(repository.git(['status', '--porcelain'])).toBe('')
      const { pending, current, complete } = await store.list()
      expect([pending, current, complete].map((list) => list.map((task) => task.id))).toEqual([
        ['c-1'],
        [],
        ['a-1', 'b-1'],
      ])
      await expect(store.complete(a, done)).rejects.toMatchObject({ code: 'not-yours' })
    })

    it('are given up where the target has the task complete', async () => {
      const { repository, store } = place(kind)
      const a = await claim(store, 'a-1')
      const edits = await store.tracked!.statusEdits({ into: 'main', claims: [a], completion: done }).edits('c1')
      await landEdits(repository, edits)
      await expect(
        store.tracked!.statusEdits({ into: 'main', claims: [a], completion: done }).edits('c1'),
      ).rejects.toMatchObject({ code: 'already-complete', status: 4 })
      expect(await store.tracked!.recover('main')).toEqual(['a-1'])
      const { current, complete } = await store.list()
      expect([current, complete].map((list) => list.map((task) => task.id))).toEqual([[], ['a-1']])
      repository.git(['reset', '-q'])
      expect(repository.git(['status', '--porcelain'])).toBe('')
    })

    it('that are complete on the target stay so, though they are gone from the disk', async () => {
      const { repository, store } = place(kind)
      await store.complete(await claim(store, 'a-1'), done)
      await landEdits(repository, await store.tracked!.drain('main'))
      repository.git(['reset', '-q'])
      for (const [file, text] of Object.entries(kind.without)) repository.write(file, text)
      await store.complete(await claim(store, 'b-1'), done)
      expect(await store.tracked!.drain('main')).toEqual([])
    })

    it('that no landing carried are committed when the swarm drains', async () => {
      const { repository, store } = place(kind)
      await store.complete(await claim(store, 'a-1'), done)
      await store.release(await claim(store, 'b-1'), 'Rejected. Work: refs/oompa/kept/x')
      await landEdits(repository, await store.tracked!.drain('main'))
      repository.git(['reset', '-q'])
      expect(repository.git(['status', '--porcelain'])).toBe('')
      repository.write(
        Object.keys(kind.files)[0]!,
        `${textOf(repository.root, Object.keys(kind.files)[0]!)}\n# by hand\n`,
      )
      await store.complete(await claim(store, 'c-1'), done)
      expect(await store.tracked!.drain('main')).toEqual([])
    })
  })
}
