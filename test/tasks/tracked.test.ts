// Tasks that git tracks: what an agent does to its copy, what a landing writes, what the person sees afterwards.

import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import type { Claim, TaskStore } from '../../src/tasks/contract.js'
import { taskFolder } from '../../src/tasks/folder/folder-store.js'
import type { StatusEdits } from '../../src/words.js'
import { type TestRepository, testRepository } from '../support/repository.js'
import { landEdits } from './land.js'
import { namesIn, textOf } from './support.js'

const done = { by: 'w1', at: '2026-01-02T03:04:05.000Z', reviewRounds: 1 }

interface Place {
  readonly repository: TestRepository
  readonly store: TaskStore
  readonly worktree: string
  readonly base: string
}

/** A repository with tasks a and b, and a worktree of its own branch; tracked unless `ignored`. */
function place(ignored = false): Place {
  const repository = testRepository({ 'README.md': 'hello\n', ...(ignored ? { '.gitignore': '/tasks/\n' } : {}) })
  repository.write('tasks/pending/a.edn', '{:id "a" :summary "A"}\n')
  repository.write('tasks/pending/b.edn', '{:id "b" :summary "B"}\n')
  const base = repository.commit('Tasks')
  repository.git(['worktree', 'add', '-q', '.w1-i1', '-b', 'oompa/w1-i1'])
  repository.write('.git/info/exclude', '/.oompa/\n/.w[0-9]*-i[0-9]*/\n')
  for (const [name, value] of Object.entries(repository.env)) vi.stubEnv(name, value)
  onTestFinished(() => void vi.unstubAllEnvs())
  return {
    repository,
    base,
    store: taskFolder('tasks', repository.root),
    worktree: path.join(repository.root, '.w1-i1'),
  }
}

async function claim(store: TaskStore, id: string): Promise<Claim> {
  const answer = await store.claim({ claimer: { worker: 'w1', swarm: '0badcafe', pid: process.pid }, id })
  if (answer.answer !== 'claimed') throw new Error(answer.why)
  return answer.claim
}

async function land(repository: TestRepository, status: StatusEdits): Promise<string> {
  const commit = await landEdits(repository, await status.edits('c0ffee'))
  await status.settle({ commit, mergedCommit: 'c0ffee', into: 'main' })
  repository.git(['reset', '-q'])
  return commit
}

describe('what an agent does to its copy of the tasks', () => {
  it('is read as requests, committed or not, and taken out of the change', async () => {
    const { repository, store, worktree, base } = place()
    await claim(store, 'a')
    for (const folder of ['current', 'complete']) mkdirSync(path.join(worktree, 'tasks', folder), { recursive: true })
    renameSync(path.join(worktree, 'tasks/pending/a.edn'), path.join(worktree, 'tasks/complete/a.edn'))
    repository.write('.w1-i1/src.txt', 'work\n')
    repository.write('.w1-i1/tasks/pending/new.edn', '{:id "new" :summary "New one" :depends-on ["a"]}')
    repository.git(['add', '-A'], worktree)
    repository.git(['commit', '-qm', 'Work'], worktree)
    renameSync(path.join(worktree, 'tasks/pending/b.edn'), path.join(worktree, 'tasks/current/b.edn'))
    repository.write('.w1-i1/tasks/pending/later.json', '{"id":"later","summary":"Uncommitted"}')
    repository.write('.w1-i1/tasks/pending/bad.edn', '{:id "bad"\n :x}')

    const requests = await store.tracked!.requests(worktree, base, ['a'])
    expect(requests.ready).toBe(true)
    expect(requests.completed).toEqual(['a'])
    expect(requests.adds.map((add) => add.task.id).sort()).toEqual(['later', 'new'])
    expect(requests.ignored).toEqual([
      { path: 'tasks/pending/bad.edn', reason: 'line 2: the map has a key without a value: `:x`' },
      { path: 'tasks/current/b.edn', reason: "task `b` is not this worker's: its move to current does not count" },
    ])

    repository.git(['add', '-A'], worktree)
    repository.git(['commit', '-qm', 'Leftovers'], worktree)
    const commit = await store.tracked!.restore(worktree, base, requests.adds)
    expect(commit).toBe(repository.git(['rev-parse', 'oompa/w1-i1']))
    expect(repository.git(['diff', '--name-only', base, 'oompa/w1-i1'])).toBe('src.txt')
    expect(repository.git(['status', '--porcelain'], worktree)).toBe('')
    expect(namesIn(worktree, 'tasks/pending')).toEqual(['a.edn', 'b.edn'])
    expect(await store.tracked!.restore(worktree, base)).toBeUndefined()
    expect(await store.tracked!.requests(worktree, base, ['a'])).toEqual({
      adds: [],
      ready: false,
      completed: [],
      ignored: [],
    })
  })

  it('is read where tasks are ignored, and an added task is not asked for twice', async () => {
    const { repository, store, worktree, base } = place(true)
    repository.write('.w1-i1/tasks/pending/new.edn', '{:id "new" :summary "New one"}')
    const requests = await store.tracked!.requests(worktree, base, [])
    expect(requests.adds.map((add) => add.path)).toEqual(['tasks/pending/new.edn'])
    await store.add(requests.adds[0]!.task)
    expect(await store.tracked!.restore(worktree, base, requests.adds)).toBeUndefined()
    expect((await store.tracked!.requests(worktree, base, [])).adds).toEqual([])
    expect(namesIn(repository.root, 'tasks/pending')).toEqual(['a.edn', 'b.edn', 'new.edn'])
  })
})

describe('a landing', () => {
  it('writes pending to complete with the work, and the person sees nothing of it afterwards', async () => {
    const { repository, store } = place()
    const held = await claim(store, 'a')
    expect(repository.git(['status', '--porcelain'])).toBe(' D tasks/pending/a.edn\n?? tasks/current/')
    const status = store.tracked!.statusEdits({ into: 'main', claims: [held], completion: done })
    await land(repository, status)
    expect(repository.git(['status', '--porcelain'])).toBe('')
    expect(repository.git(['ls-files', 'tasks'])).toBe('tasks/complete/a.edn\ntasks/pending/b.edn')
    expect(textOf(repository.root, 'tasks/complete/a.edn')).toBe(
      '{:id "a" :summary "A" :completed-by "w1" :completed-at "2026-01-02T03:04:05.000Z" :review-rounds 1 :merged-commit "c0ffee"}\n',
    )
    await status.settle({ commit: 'x', mergedCommit: 'c0ffee', into: 'main' })
    expect(repository.git(['status', '--porcelain'])).toBe('')
    await expect(store.complete(held, done)).rejects.toMatchObject({ code: 'not-yours' })
  })

  it('commits added tasks with the change that asked for them', async () => {
    const { repository, store } = place()
    const held = await claim(store, 'a')
    vi.stubEnv('OOMPA_SWARM', '0badcafe')
    await store.add({ id: 'new', summary: 'New' })
    const next = await claim(store, 'new')
    await land(
      repository,
      store.tracked!.statusEdits({ into: 'main', claims: [held], completion: done, added: ['new'] }),
    )
    expect(repository.git(['ls-tree', '-r', '--name-only', 'HEAD', 'tasks/'])).toBe(
      'tasks/complete/a.edn\ntasks/pending/b.edn\ntasks/pending/new.edn',
    )
    await land(repository, store.tracked!.statusEdits({ into: 'main', claims: [next], completion: done }))
    expect(repository.git(['ls-tree', '-r', '--name-only', 'HEAD', 'tasks/'])).toBe(
      'tasks/complete/a.edn\ntasks/complete/new.edn\ntasks/pending/b.edn',
    )
    expect(repository.git(['status', '--porcelain'])).toBe('')
  })

  it('is given up where the target has the task complete, or the claim is lost', async () => {
    const { repository, store } = place()
    const held = await claim(store, 'a')
    const status = store.tracked!.statusEdits({ into: 'main', claims: [held], completion: done })
    const other = await store.take!('a', { worker: 'w2' }, held.fence)
    await expect(status.edits('c0ffee')).rejects.toMatchObject({ code: 'not-yours', status: 4 })
    await landEdits(repository, [
      { path: 'tasks/complete/a.edn', content: Buffer.from('{:id "a" :summary "done elsewhere"}') },
    ])
    await expect(
      store.tracked!.statusEdits({ into: 'main', claims: [other], completion: done }).edits(undefined),
    ).rejects.toMatchObject({ code: 'already-complete', status: 4 })
  })

  it('writes nothing of tasks that git does not know, and completes them all the same', async () => {
    const { repository, store } = place(true)
    const held = await claim(store, 'a')
    const status = store.tracked!.statusEdits({ into: 'main', claims: [held], completion: done })
    expect(await status.edits('c0ffee')).toEqual([])
    await status.settle({ commit: repository.git(['rev-parse', 'HEAD']), mergedCommit: 'c0ffee', into: 'main' })
    expect((await store.list()).complete.map((task) => task.id)).toEqual(['a'])
    expect(repository.git(['status', '--porcelain'])).toBe('')
  })

  it('that crashed before its files were moved is finished by the next start: committed-complete wins', async () => {
    const { repository, store } = place()
    const held = await claim(store, 'a')
    const status = store.tracked!.statusEdits({ into: 'main', claims: [held], completion: done })
    await landEdits(repository, await status.edits('c0ffee'))
    await store.release(held, 'the swarm had crashed')
    expect(await store.tracked!.recover('main')).toEqual(['a'])
    repository.git(['reset', '-q'])
    expect(repository.git(['status', '--porcelain'])).toBe('')
    expect(await store.tracked!.recover('main')).toEqual([])
  })

  it('does not undo a person who wants a task done again', async () => {
    const { repository, store } = place()
    const held = await claim(store, 'a')
    await land(repository, store.tracked!.statusEdits({ into: 'main', claims: [held], completion: done }))
    renameSync(path.join(repository.root, 'tasks/complete/a.edn'), path.join(repository.root, 'tasks/pending/a.edn'))
    expect(await store.tracked!.recover('main')).toEqual([])
    expect(existsSync(path.join(repository.root, 'tasks/pending/a.edn'))).toBe(true)
  })
})

describe('when the swarm drains', () => {
  it('what no landing carried is committed, and the person’s own edits are not', async () => {
    const { repository, store } = place()
    await store.release(await claim(store, 'a'), 'Rejected three times. Work: refs/oompa/kept/x')
    repository.write('tasks/pending/b.edn', '{:id "b" :summary "edited by hand"}\n')
    repository.write('tasks/pending/mine.edn', '{:id "mine" :summary "added by hand"}\n')
    vi.stubEnv('OOMPA_SWARM', '0badcafe')
    await store.add({ id: 'planned', summary: 'Planned' })
    await store.add({ id: 'done', summary: 'Done without a change' })
    await store.complete(await claim(store, 'done'), done)
    const edits = await store.tracked!.drain('main')
    expect(edits.map((edit) => edit.path).sort()).toEqual([
      'tasks/complete/done.edn',
      'tasks/pending/a.edn',
      'tasks/pending/planned.edn',
    ])
    await landEdits(repository, edits)
    repository.git(['reset', '-q'])
    expect(repository.git(['status', '--porcelain'])).toBe(' M tasks/pending/b.edn\n?? tasks/pending/mine.edn')
    expect(await store.tracked!.drain('main')).toEqual([])
  })

  it('what agents asked for by files in their worktrees is committed, though no change of theirs landed', async () => {
    const { repository, store, worktree, base } = place()
    repository.write('.w1-i1/tasks/pending/new.edn', '{:id "new" :summary "New one"}')
    for (const { task } of (await store.tracked!.requests(worktree, base, [])).adds) await store.add(task)
    expect((await store.tracked!.drain('main')).map((edit) => edit.path)).toEqual(['tasks/pending/new.edn'])
  })

  it('a status folder that git keeps empty is no obstacle', async () => {
    const { repository, store } = place()
    rmSync(path.join(repository.root, 'tasks/pending/b.edn'))
    repository.commit('Only one', { 'tasks/current/.gitkeep': '', 'tasks/complete/.gitkeep': '' })
    await land(
      repository,
      store.tracked!.statusEdits({ into: 'main', claims: [await claim(store, 'a')], completion: done }),
    )
    expect(repository.git(['status', '--porcelain'])).toBe('')
    expect(await store.claim({ claimer: { worker: 'w1' } })).toMatchObject({ answer: 'none' })
  })
})
