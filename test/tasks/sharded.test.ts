// Several stores as one (`tasks.stores`): what crosses them, what is wrong in one of them, and how they travel. That they
// are a store like any other is in conformance.test.ts.

import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it, onTestFinished, test, vi } from 'vitest'
import { resolveSettings } from '../../src/config/resolve.js'
import { overlapWords } from '../../src/swarm/same-store.js'
import type { Claim, ClaimRequest, TaskListing, TaskStore } from '../../src/tasks/contract.js'
import { taskFolder } from '../../src/tasks/folder/folder-store.js'
import { openTaskStore } from '../../src/tasks/index.js'
import { storesAt } from '../../src/tasks/sharded.js'
import { oompa } from '../support/oompa.js'
import { type TestRepository, temporaryFolder, testRepository } from '../support/repository.js'
import { landEdits } from './land.js'
import { type Files, repositoryWith, textOf } from './support.js'

const API = 'tasks/api'
const WEB = 'tasks/web/task-graph.yaml'
const STORES = [API, WEB]

const task = (id: string, dependsOn: readonly string[] = []) =>
  `${JSON.stringify({ id, summary: `The task ${id}`, depends_on: dependsOn })}\n`
const graph = (nodes: Readonly<Record<string, readonly string[]>>) =>
  `nodes: # by hand\n${Object.entries(nodes)
    .map(
      ([id, before]) =>
        `  - id: ${id}\n    title: The task ${id}\n    status: ready\n    depends_on: [${before.join(', ')}]\n`,
    )
    .join('')}`

/** Two in each, and one in each that waits for one of the other. */
const files = {
  [`${API}/pending/a1.json`]: task('a1'),
  [`${API}/pending/a2.json`]: task('a2', ['w1']),
  [WEB]: graph({ w1: [], w2: ['a1'] }),
}

function place(given: Files = files): { repository: TestRepository; store: TaskStore } {
  const repository = testRepository({ 'README.md': 'hello\n', '.gitignore': '/.oompa/\n', ...given })
  for (const [name, value] of Object.entries(repository.env)) vi.stubEnv(name, value)
  onTestFinished(() => void vi.unstubAllEnvs())
  return { repository, store: storesAt(STORES, repository.root) }
}

const claimer = { worker: 'w1', swarm: '0badcafe', pid: process.pid }
const done = { by: 'w1', at: '2026-01-02T03:04:05.000Z' }

async function claim(store: TaskStore, request: Partial<ClaimRequest> = {}): Promise<Claim> {
  const answer = await store.claim({ claimer, ...request })
  if (answer.answer !== 'claimed') throw new Error(answer.why)
  return answer.claim
}

const ids = (tasks: TaskListing['complete']) => tasks.map(({ id }) => id)

describe('a task that waits for one of another store', () => {
  it('is ready when that is complete, and not before', async () => {
    const { store } = place()
    expect((await store.list()).pending.map(({ id, ready, waitsFor }) => [id, ready, waitsFor])).toEqual([
      ['a1', true, []],
      ['a2', false, ['w1']],
      ['w1', true, []],
      ['w2', false, ['a1']],
    ])
    expect((await store.list()).problems).toEqual([])
    const first = await claim(store, { stores: [API] })
    expect([first.task.id, first.task.store]).toEqual(['a1', API])
    expect(await store.claim({ claimer, stores: [API] })).toMatchObject({ answer: 'none' })
    expect(await store.claim({ claimer, id: 'w2' })).toMatchObject({ answer: 'dependency-missing' })
    await store.complete(first, done)
    expect((await claim(store, { id: 'w2' })).task.store).toBe(WEB)
  })

  it('is in a cycle or waits for nothing as within one store', async () => {
    const { store } = place({ [`${API}/pending/a.json`]: task('a', ['w']), [WEB]: graph({ w: ['a'], x: ['nowhere'] }) })
    const reasons = (await store.list()).problems.map(({ reason }) => reason)
    expect(reasons).toEqual([
      '`x` depends on `nowhere`, which is no task',
      'these tasks wait for each other: `a` → `w` → `a`',
    ])
  })
})

const wrong: Readonly<Record<string, { given: Files; named: readonly RegExp[]; ready: readonly string[] }>> = {
  'an id that stands in two stores': {
    given: { ...files, [WEB]: graph({ a1: [], w1: [], w3: ['a1'] }) },
    named: [
      /tasks\/(api\/pending\/a1\.json|web\/task-graph\.yaml):.*its id `a1` is also that of .*tasks\/(api\/pending\/a1\.json|web\/task-graph\.yaml)/,
    ],
    ready: ['w1'],
  },
  'a store that is missing': {
    given: { [`${API}/pending/a1.json`]: task('a1') },
    named: [/tasks\/web\/task-graph\.yaml:.*there is nothing/],
    ready: ['a1'],
  },
  'a store with a syntax error': {
    given: { ...files, [WEB]: 'nodes:\n  - id: w1\n   title: [\n' },
    named: [/tasks\/web\/task-graph\.yaml:\d+:/],
    ready: ['a1'],
  },
  'a store in whose place something else stands': {
    given: { [API]: 'no folder\n', [WEB]: graph({ w1: [] }) },
    named: [/tasks\/api.*it is a file/],
    ready: ['w1'],
  },
}

test.each(Object.entries(wrong))(
  '%s is named, status 1, and stops no other',
  async (_name, { given, named, ready }) => {
    const repository = repositoryWith({ ...given, 'oompa.json': JSON.stringify({ tasks: { stores: STORES } }) })
    const lint = await oompa(['tasks', 'lint'], { cwd: repository.root, env: repository.env })
    expect(lint.status, lint.stderr).toBe(1)
    for (const line of named) expect(lint.stdout).toMatch(line)
    const store = storesAt(STORES, repository.root)
    for (const id of ready) expect((await claim(store)).task.id).toBe(id)
    expect(await store.claim({ claimer })).toMatchObject({ answer: 'none' })
  },
)

it('an id is given once, in whichever store, and a store that there is not is refused', async () => {
  const { store, repository } = place()
  await expect(store.add({ id: 'a1', summary: 'Again', store: WEB })).rejects.toMatchObject({ code: 'duplicate-task' })
  await expect(store.add({ summary: 'New', store: 'tasks/x' })).rejects.toMatchObject({
    code: 'unknown-store',
    status: 2,
  })
  const config = { tasks: { stores: ['./tasks/api/', WEB] } }
  repository.write('oompa.json', JSON.stringify(config))
  const run = (...args: string[]) => oompa(args, { cwd: repository.root, env: repository.env })
  expect(await run('tasks', 'add', 'Draw it', '--store', WEB)).toMatchObject({ status: 0, stdout: 'draw-it\n' })
  expect(textOf(repository.root, WEB)).toContain('id: draw-it')
  expect(await run('tasks', 'claim', '--store', WEB, '--json')).toMatchObject({
    status: 0,
    stdout: expect.stringContaining(`"store": "${WEB}"`),
  })
  expect(await run('tasks', 'claim', '--store', 'tasks/x')).toMatchObject({ status: 2 })
  const named = { config: { ...config, workers: [{ stores: ['tasks/x'] }] }, flags: {}, env: {} }
  expect(() => resolveSettings(named)).toThrow('There is no task store `tasks/x`: there are tasks/api, tasks/web')
})

it('who works with all stores and who works with one of them never have the same task', async () => {
  const root = temporaryFolder()
  const all = () => storesAt(STORES, root)
  for (let index = 0; index < 20; index++) {
    await all().add({ id: `a${index}`, summary: 'A', store: API })
    await all().add({ id: `w${index}`, summary: 'W', store: WEB })
  }
  const takeAll = async (store: TaskStore, request: Partial<ClaimRequest> = {}) => {
    const taken: string[] = []
    for (;;) {
      const answer = await store.claim({ claimer, ...request })
      if (answer.answer !== 'claimed') return taken
      taken.push(answer.claim.task.id)
    }
  }
  const taken = await Promise.all([
    takeAll(all()),
    takeAll(all(), { stores: [WEB] }),
    takeAll(taskFolder(API, root)),
    takeAll(all()),
  ])
  expect(new Set(taken.flat()).size).toBe(40)
  expect(taken.flat()).toHaveLength(40)
  expect(taken[1]!.every((id) => id.startsWith('w'))).toBe(true)
})

describe('with the work', () => {
  it('a landing has the status of every store in one commit, and a copy in a worktree is read store by store', async () => {
    const { repository, store } = place()
    const base = repository.git(['rev-parse', 'HEAD'])
    const claims = [await claim(store, { id: 'a1' }), await claim(store, { id: 'w1' })]
    repository.git(['worktree', 'add', '-q', '.w1-i1', '-b', 'oompa/w1-i1'])
    repository.write('.git/info/exclude', '/.w[0-9]*-i[0-9]*/\n')
    const worktree = path.join(repository.root, '.w1-i1')
    mkdirSync(path.join(worktree, API, 'complete'))
    renameSync(path.join(worktree, API, 'pending/a1.json'), path.join(worktree, API, 'complete/a1.json'))
    repository.write(`.w1-i1/${WEB}`, graph({ w1: [], w2: ['a1'], w3: [] }))
    repository.git(['add', '-A'], worktree)
    repository.git(['commit', '-q', '-m', 'Work'], worktree)
    const requests = await store.tracked!.requests(worktree, base, ['a1', 'w1'])
    expect([requests.ready, requests.completed, requests.ignored]).toEqual([true, ['a1'], []])
    expect(requests.adds.map(({ task: { id, store: where } }) => [id, where])).toEqual([['w3', WEB]])
    for (const { task: added } of requests.adds) await store.add(added)
    await store.tracked!.restore(worktree, base, requests.adds)
    expect(repository.git(['status', '--porcelain'], worktree)).toBe('')

    const status = store.tracked!.statusEdits({ into: 'main', claims, completion: done, added: ['w3'] })
    const commit = await landEdits(repository, await status.edits('c0ffee'))
    await status.settle({ commit, mergedCommit: 'c0ffee', into: 'main' })
    repository.git(['reset', '-q'])
    expect(repository.git(['diff', '--no-renames', '--name-only', base, commit]).split('\n')).toEqual([
      `${API}/complete/a1.json`,
      `${API}/pending/a1.json`,
      WEB,
    ])
    expect(textOf(repository.root, WEB)).toMatch(/^nodes: # by hand\n[\s\S]*status: complete[\s\S]*id: w3/)
    expect(repository.git(['status', '--porcelain'])).toBe('')
    expect(ids((await store.list()).complete)).toEqual(['a1', 'w1'])
  })

  it('each store stays with its branch, whatever is checked out', async () => {
    const { repository } = place()
    const store = await openTaskStore(repository.root, { stores: STORES, into: 'main' })
    const held = await claim(store, { id: 'a1' })
    repository.git(['checkout', '-q', '-b', 'elsewhere'])
    rmSync(path.join(repository.root, 'tasks/web'), { recursive: true })
    expect(ids((await store.list()).pending)).toEqual(['a2', 'w1', 'w2'])
    await store.complete(held, done)
    repository.git(['checkout', '-q', '-f', 'main'])
    expect(ids((await store.list()).complete)).toEqual(['a1'])
    expect(existsSync(path.join(repository.root, API, 'complete/a1.json'))).toBe(true)
    await store.close!()
    expect(readdirSync(path.join(repository.root, '.oompa/away')).filter((name) => name.startsWith('main'))).toEqual([])
  })
})

describe('two loops that take tasks of one store', () => {
  const other = (stores?: string[], story?: string) => ({
    swarm: '0badcafe',
    named: 'alpha',
    workers: [{ worker: 'w1', agent: 'x', iterations: 1, stores, story }],
  })
  const cases = [
    ['each with its own', [{ stores: [API] }], other([WEB]), undefined],
    ['one with all, the other with one', [{}], other([WEB]), WEB],
    ['both with all', [{}], other(), `${API} and ${WEB}`],
    ['of two stories', [{ story: 'a' }], other([API], 'b'), undefined],
    ['one of a story, the other of any', [{ story: 'a' }], other([API]), API],
    ['some workers with the same', [{ stores: [API] }, { stores: [WEB] }], other([WEB]), WEB],
  ] as const
  test.each(cases)('%s', (_name, own, loop, shared) => {
    const words = overlapWords(STORES, own, [loop])
    expect(words.map((text) => text.split(', too')[0])).toEqual(
      shared === undefined ? [] : [`The loop in alpha (swarm 0badcafe) takes tasks of ${shared}`],
    )
  })
})

test('two whose claims would be in one place are refused', () => {
  expect(() => storesAt(['tasks/api', 'tasks', 'tasks-api'], repositoryWith({}).root)).toThrow(
    /tasks\/api and tasks-api would have their claims in one place/,
  )
})
