// Claims whose records somebody has removed: `rm -rf .oompa/claims`, `git clean -fdx`.

import { renameSync, rmSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Claim, TaskStore } from '../../src/tasks/contract.js'
import { taskFolder } from '../../src/tasks/folder/folder-store.js'
import { taskGraph } from '../../src/tasks/graph/task-graph.js'
import { markdownLists } from '../../src/tasks/lists/markdown-lists.js'
import { oompa } from '../support/oompa.js'
import type { TestRepository } from '../support/repository.js'
import { repositoryWith } from './support.js'

const stores: Record<string, { files: Record<string, string>; open(root: string): TaskStore }> = {
  'the folder': {
    files: { 'tasks/pending/T-7.edn': '{:id "T-7" :summary "First"}\n' },
    open: (root) => taskFolder('tasks', root),
  },
  'markdown lists': {
    files: { 'tasks/pending.md': '- [ ] T-7: First\n' },
    open: (root) => markdownLists('tasks', root),
  },
  'a task graph': {
    files: { 'task-graph.yaml': 'nodes:\n  - id: T-7\n    title: First\n    status: pending\n' },
    open: (root) => taskGraph(undefined, root),
  },
}

const done = { by: 'w1', at: '2026-01-02T03:04:05.000Z' }

async function claimed(store: TaskStore): Promise<Claim> {
  const answer = await store.claim({ claimer: { worker: 'w1', swarm: '0a0b0c0d', pid: process.pid } })
  if (answer.answer !== 'claimed') throw new Error(answer.why)
  return answer.claim
}

const forget = ({ root }: TestRepository) => rmSync(path.join(root, '.oompa'), { recursive: true })

for (const [name, { files, open }] of Object.entries(stores)) {
  describe(`a claim in ${name} whose record was removed`, () => {
    it('is completed by its holder all the same', async () => {
      const repository = repositoryWith(files)
      const store = open(repository.root)
      const claim = await claimed(store)
      forget(repository)
      await store.complete(claim, done)
      expect((await store.list()).complete).toMatchObject([{ id: 'T-7' }])
    })

    it('is given back by its holder all the same', async () => {
      const repository = repositoryWith(files)
      const store = open(repository.root)
      const claim = await claimed(store)
      forget(repository)
      await store.release(claim, 'The test failed.')
      expect((await store.list()).pending).toMatchObject([{ id: 'T-7', ready: true }])
    })

    it('has a record again at the next heartbeat', async () => {
      const repository = repositoryWith(files)
      const store = open(repository.root)
      const claim = await claimed(store)
      forget(repository)
      await store.renew!([claim])
      expect((await store.list()).current).toMatchObject([{ id: 'T-7', claim: { fence: claim.fence } }])
    })

    it('is not its holder’s any more where somebody else has ended it', async () => {
      const repository = repositoryWith(files)
      const { root, env } = repository
      const store = open(root)
      const claim = await claimed(store)
      expect((await oompa(['tasks', 'release', 'T-7', '--force'], { cwd: root, env })).status).toBe(0)
      await store.renew!([claim])
      await expect(store.complete(claim, done)).rejects.toMatchObject({ code: 'not-yours' })
      // Somebody claims it by hand, without a record.
      if (name === 'the folder') {
        renameSync(path.join(root, 'tasks/pending/T-7.edn'), path.join(root, 'tasks/current/T-7.edn'))
        await expect(store.complete(claim, done)).rejects.toMatchObject({ code: 'not-yours' })
      }
    })
  })
}

describe('a claim whose file was swept away with its record', () => {
  const sweep = ({ git }: TestRepository) => git(['clean', '-fdxq'])

  it('is completed by its holder: the file comes back', async () => {
    const repository = repositoryWith(stores['the folder']!.files)
    repository.commit('Tasks')
    const store = taskFolder('tasks', repository.root)
    const claim = await claimed(store)
    sweep(repository)
    await store.renew!([claim])
    expect((await store.list()).current).toMatchObject([{ id: 'T-7', claim: { fence: claim.fence } }])
    sweep(repository)
    await store.complete(claim, done)
    expect((await store.list()).complete).toMatchObject([{ id: 'T-7', summary: 'First' }])
  })

  it('has ended where somebody has removed its file alone', async () => {
    const repository = repositoryWith(stores['the folder']!.files)
    const store = taskFolder('tasks', repository.root)
    const claim = await claimed(store)
    rmSync(path.join(repository.root, 'tasks/current/T-7.edn'))
    await store.renew!([claim])
    await expect(store.complete(claim, done)).rejects.toMatchObject({ code: 'not-yours' })
  })
})

describe('a task in current that is nobody’s', () => {
  it('is named by `tasks stale` and by `requeue`, and put back only if it is named', async () => {
    const { root, env } = repositoryWith({ 'tasks/current/a.edn': '{:id "a" :summary "First"}\n' })
    const run = (...args: string[]) => oompa(args, { cwd: root, env })
    const stale = await run('tasks', 'stale')
    expect(stale.stdout).toMatch(/nobody’s; it has been in current for 0 minutes without a claim record; left/)
    expect(stale.stdout).toContain('oompa requeue a')
    const none = await run('requeue')
    expect(none).toMatchObject({ status: 3, stdout: expect.stringContaining('oompa requeue a') })
    expect((await run('requeue', 'a')).status).toBe(0)
    expect((await taskFolder('tasks', root).list()).pending).toMatchObject([{ id: 'a' }])
  })
})
