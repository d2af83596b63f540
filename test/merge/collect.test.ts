// `git gc --prune=now` beside us: what no ref leads to yet is held, or made again, and nothing that is kept is lost.

import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import path from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { held, isWhole } from '../../src/git/collect.js'
import { commitTree } from '../../src/git/commits.js'
import { sharedObjects } from '../../src/git/objects.js'
import { editTree } from '../../src/git/trees.js'
import { mergeQueue } from '../../src/merge/hook.js'
import { isRefusal } from '../../src/words.js'
import { worktreePool } from '../../src/worktrees/pool.js'
import { type LandingRepository, landingRepository, submit } from './support.js'

const collect = (repository: LandingRepository) => repository.git(['gc', '--quiet', '--prune=now'])
const sound = (repository: LandingRepository) => repository.git(['fsck', '--no-dangling', '--no-progress'])
const refs = (repository: LandingRepository) => repository.git(['for-each-ref', '--format=%(refname)', 'refs/oompa'])

/** Makes a commit over main that no ref leads to. */
async function unnamed({ root, git }: LandingRepository, text: string): Promise<string> {
  const objects = sharedObjects(root)
  const content = Buffer.from(text)
  const tree = await editTree(root, objects, git(['rev-parse', 'main^{tree}']), [{ path: 'dir/made.txt', content }])
  return commitTree(root, { tree, parents: [git(['rev-parse', 'main'])], message: 'Made' })
}

describe('a commit that no ref leads to yet', () => {
  test.each([
    ['gc', '--quiet', '--force', '--prune=now'],
    ['prune', '--expire=now'],
  ])('is made again where `git %s` takes it away before it is named', async (...command) => {
    const repository = landingRepository()
    const from = repository.git(['rev-parse', 'main'])
    let calls = 0
    const { made, release } = await held(repository.root, { name: 'landing', from }, async () => {
      const commit = await unnamed(repository, 'text')
      if (++calls === 1) repository.git(command)
      return { commit, made: commit }
    })
    expect(calls).toBe(2)
    repository.git(command)
    expect(await isWhole(repository.root, made, from)).toBe(true)
    await release()
    expect(refs(repository)).toBe('')
  })

  test('waits for a collection that is at work, lets none begin, and waits for none that was killed', async () => {
    const repository = landingRepository()
    const from = repository.git(['rev-parse', 'main'])
    const { pid } = spawn('sleep', ['1000'], { stdio: 'ignore' })
    const file = path.join(repository.root, '.git/gc.pid')
    onTestFinished(() => void process.kill(pid!, 'SIGKILL'))
    const order: string[] = []
    const one = async () => {
      expect(() => collect(repository)).toThrow('already running')
      const commit = await unnamed(repository, 'text')
      order.push('made')
      return { commit, made: commit }
    }
    writeFileSync(file, `999999999 ${hostname()}`)
    await (await held(repository.root, { name: 'landing', from }, one)).release()
    expect(existsSync(file)).toBe(false)
    writeFileSync(file, `${pid} ${hostname()}`)
    const waiting = held(repository.root, { name: 'landing', from }, one)
    await new Promise((resolve) => setTimeout(resolve, 200))
    order.push('collected')
    rmSync(file)
    await (await waiting).release()
    expect(order).toEqual(['made', 'collected', 'made'])
    collect(repository)
  })

  test('that cannot be made for another reason is not tried again', async () => {
    const repository = landingRepository()
    let calls = 0
    const failing = held(repository.root, { name: 'landing', from: 'main' }, async () => {
      calls++
      throw new Error('for another reason')
    })
    await expect(failing).rejects.toThrow('for another reason')
    expect(calls).toBe(1)
  })
})

test('landings beside one collection after another: each value of main is whole, and so is what is kept', async () => {
  const repository = landingRepository({ 'a.txt': 'a\n' })
  const names = Array.from({ length: 12 }, (_, at) => `work-${at}`)
  const commits = names.map((name) => repository.branch(name, { [`${name}/file.txt`]: `${name}\n` }))
  repository.git(['update-ref', 'refs/oompa/kept/00000000/w1-1', repository.branch('kept', { 'kept.txt': 'k\n' })])
  repository.git(['branch', '-D', '-q', 'kept'])
  const loop = spawn('sh', ['-c', 'while :; do git gc --quiet --prune=now; done'], {
    cwd: repository.root,
    env: repository.env,
    stdio: 'ignore',
    detached: true,
  })
  try {
    const hook = mergeQueue({ test: 'test -e a.txt', batch: 3 })
    for (let at = 0; at < names.length; at += 3) {
      const answers = await submit(repository, hook, names.slice(at, at + 3))
      expect(answers.map(isRefusal)).toEqual([false, false, false])
    }
    expect(isRefusal(await repository.land('work-0', { strategy: 'rebase' }))).toBe(false)
  } finally {
    process.kill(-loop.pid!, 'SIGKILL')
  }
  rmSync(path.join(repository.root, '.git/gc.pid'), { force: true })
  rmSync(path.join(repository.root, '.git/gc.pid.lock'), { force: true })
  for (const commit of commits) repository.git(['merge-base', '--is-ancestor', commit, 'main'])
  expect(sound(repository)).toBe('')
  expect(repository.git(['show', 'refs/oompa/kept/00000000/w1-1:kept.txt'])).toBe('k')
  expect(refs(repository)).toBe('refs/oompa/kept/00000000/w1-1')
})

test('a spare worktree whose index names what was taken away is a whole checkout again', async () => {
  const repository = landingRepository()
  const cache = path.join(repository.home, 'cache')
  mkdirSync(cache)
  const pool = worktreePool({ root: repository.root, cache })
  const first = await pool.acquire({
    name: '.w1-i1',
    branch: 'oompa/w1-i1',
    base: repository.git(['rev-parse', 'main']),
  })
  writeFileSync(path.join(first.path, 'mine.txt'), 'only here\n')
  repository.git(['add', '-A'], first.path)
  repository.git(['commit', '-qm', 'Mine'], first.path)
  expect(await pool.release(first)).toMatchObject({ gone: true })
  repository.git(['update-ref', '-d', 'refs/heads/oompa/w1-i1'])
  collect(repository)
  const base = repository.commit('Goes on', { 'more.txt': 'more\n' })
  const second = await pool.acquire({ name: '.w1-i2', branch: 'oompa/w1-i2', base })
  expect(repository.git(['status', '--porcelain'], second.path)).toBe('')
  expect(repository.git(['ls-files'], second.path)).toBe('README.md\nmore.txt')
  expect(sound(repository)).toBe('')
})
