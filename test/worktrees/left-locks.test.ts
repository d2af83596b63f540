// What a killed git has left in a worktree of ours is cleared away; what a living one holds, and the person's, is not.

import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { clearLeftLocks, clearMaintenanceLock } from '../../src/git/left-locks.js'
import { pointRef } from '../../src/git/refs.js'
import { commitLeftovers } from '../../src/merge/commit.js'
import { keepCommit } from '../../src/recovery/keep.js'
import { performCleanup, planCleanup } from '../../src/recovery/removable.js'
import { worktreePool } from '../../src/worktrees/pool.js'
import { until } from '../support/loop.js'
import { testRepository } from '../support/repository.js'

async function opened() {
  const repository = testRepository({ a: '1\n' })
  repository.git(['config', 'user.name', 'A'])
  repository.git(['config', 'user.email', 'a@example.com'])
  const { root, home } = repository
  const pool = worktreePool({ root, cache: path.join(home, 'cache') })
  const base = repository.git(['rev-parse', 'HEAD'])
  const worktree = await pool.acquire({ name: '.w1-i1', branch: 'oompa/w1-i1', base })
  return { repository, root, pool, base, worktree, own: path.join(root, '.git/worktrees/-w1-i1') }
}

/** Long ago enough that no git holds it. */
function old(file: string): string {
  writeFileSync(file, '')
  utimesSync(file, Date.now() / 1000 - 60, Date.now() / 1000 - 60)
  return file
}

test('every lock of a killed git, and its temporary files, are gone before we work there', async () => {
  const { root, worktree, own } = await opened()
  const left = [
    ...['index.lock', 'HEAD.lock', 'next-index-4711.lock', 'index.stash.4711', 'config.worktree.lock'].map((name) =>
      old(path.join(own, name)),
    ),
    old(path.join(root, '.git/refs/heads/oompa/w1-i1.lock')),
    old(path.join(worktree.path, '.merge_file_a1B2c3')),
  ]
  writeFileSync(path.join(worktree.path, 'work'), 'x')
  const done = await commitLeftovers(worktree, { message: 'Work' })
  expect(done).toMatchObject({ left: [], commit: expect.any(String) })
  expect(left.filter((file) => existsSync(file))).toEqual([])
})

test('a worktree whose branch is locked by a git that was killed is made all the same', async () => {
  const { root, pool, base } = await opened()
  old(path.join(root, '.git/refs/heads/oompa/w1-i2.lock'))
  const second = await pool.acquire({ name: '.w1-i2', branch: 'oompa/w1-i2', base })
  expect(readdirSync(second.path)).toContain('a')
})

test('a ref of ours that is locked by a git that was killed is written all the same; another’s is not', async () => {
  const { root, base, repository } = await opened()
  for (const ref of ['refs/oompa/held/landing', 'refs/oompa/kept/0123/w1-1']) {
    mkdirSync(path.join(root, '.git', path.dirname(ref)), { recursive: true })
    old(path.join(root, `.git/${ref}.lock`))
    await pointRef(root, ref, base, 'held')
    expect(repository.git(['rev-parse', ref])).toBe(base)
  }
  old(path.join(root, '.git/refs/heads/main.lock'))
  await expect(pointRef(root, 'refs/heads/main', base, 'moved')).rejects.toThrow(/main\.lock/)
})

test('the lock of a git that is at work is waited for, and not taken away', async () => {
  const { worktree, own, repository } = await opened()
  writeFileSync(path.join(worktree.path, 'b'), 'x')
  repository.git(['add', 'b'], worktree.path)
  // Its editor keeps the commit, and with it the lock on the index, until it is told to go on.
  const editor = `until [ -e '${repository.home}/go' ]; do sleep 0.05; done; echo message > "$1"`
  writeFileSync(path.join(repository.home, 'editor'), `#!/bin/sh\n${editor}\n`, { mode: 0o755 })
  const child = spawn('git', ['commit', '-a'], {
    cwd: worktree.path,
    env: { ...repository.env, GIT_EDITOR: path.join(repository.home, 'editor') },
    stdio: 'ignore',
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const lock = path.join(own, 'index.lock')
  await until(() => existsSync(lock), 'git to lock the index')
  let cleared: readonly string[] | undefined
  const clearing = clearLeftLocks(worktree.path).then((files) => {
    cleared = files
  })
  expect(cleared).toBeUndefined()
  expect(existsSync(lock)).toBe(true)
  writeFileSync(path.join(repository.home, 'go'), '')
  await clearing
  expect(cleared).toEqual([])
  await until(() => repository.git(['log', '-1', '--format=%s'], worktree.path) === 'message', 'the commit')
})

test('nothing of the person’s is cleared', async () => {
  const { root } = await opened()
  const theirs = ['index.lock', 'HEAD.lock', 'packed-refs.lock', 'refs/heads/main.lock'].map((name) =>
    old(path.join(root, '.git', name)),
  )
  expect(await clearLeftLocks(root)).toEqual([])
  expect(theirs.filter((file) => existsSync(file))).toEqual(theirs)
})

test('the lock of a maintenance goes that was left while we ran, and no earlier one', async () => {
  const { root } = await opened()
  const common = path.join(root, '.git')
  const lock = old(path.join(common, 'objects/maintenance.lock'))
  expect(clearMaintenanceLock(common, Date.now() - 30_000)).toBe(false)
  expect(existsSync(lock)).toBe(true)
  await until(() => clearMaintenanceLock(common, Date.now() - 120_000), 'no other git of this machine to pack')
  expect(existsSync(lock)).toBe(false)
})

test('work is kept under another name where the lock of a killed git is on its own', async () => {
  const { repository, root, base } = await opened()
  mkdirSync(path.join(root, '.git/refs/oompa/kept/x'), { recursive: true })
  old(path.join(root, '.git/refs/oompa/kept/x/w1-1.lock'))
  const ref = await keepCommit(root, 'refs/oompa/kept/x/w1-1', base)
  expect(repository.git(['rev-parse', ref])).toBe(base)
})

test('the clean-up clears them, too, from a worktree that stays', async () => {
  const { repository, root, worktree, own } = await opened()
  repository.write('.w1-i1/work', 'not committed\n')
  const lock = old(path.join(own, 'index.lock'))
  const where = { root, gitDir: path.join(root, '.git'), here: root }
  const done = await performCleanup(where, await planCleanup(where, () => undefined))
  expect(done.left).toMatchObject([{ name: '.w1-i1', why: '1 uncommitted file' }])
  expect(existsSync(lock)).toBe(false)
  expect(existsSync(path.join(worktree.path, 'work'))).toBe(true)
})
