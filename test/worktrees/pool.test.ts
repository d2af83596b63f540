// Worktrees as git makes them, in less time: git knows them, and nothing of one iteration is in the next.

import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { worktreePool } from '../../src/worktrees/pool.js'
import { atMost } from '../../src/worktrees/queue.js'
import { registerWorktree } from '../../src/worktrees/register.js'
import { type TestRepository, testRepository } from '../support/repository.js'

function poolOf(repository: TestRepository) {
  const head = repository.git(['rev-parse', 'HEAD'])
  const pool = worktreePool({ root: repository.root, cache: path.join(repository.home, 'cache') })
  const request = (number: number, base = head) => ({ name: `.w1-i${number}`, branch: `oompa/w1-i${number}`, base })
  return { pool, request, head }
}

const listed = (repository: TestRepository) =>
  repository
    .git(['worktree', 'list', '--porcelain'])
    .split('\n')
    .filter((line) => /^(worktree|branch|HEAD) /.test(line))

test('a new one, and one from a spare, are what `git worktree add` makes', async () => {
  const repository = testRepository({ 'a/b': '1\n', run: '2\n' })
  const { pool, request, head } = poolOf(repository)
  for (const number of [1, 2]) {
    const { path: full } = await pool.acquire(request(number))
    expect(listed(repository).slice(3)).toEqual([
      `worktree ${full}`,
      `HEAD ${head}`,
      `branch refs/heads/oompa/w1-i${number}`,
    ])
    expect(repository.git(['status', '--porcelain', '--branch'], full)).toBe(`## oompa/w1-i${number}`)
    expect(readFileSync(path.join(full, 'a/b'), 'utf8')).toBe('1\n')
    repository.git(['worktree', 'prune', '--expire=now'])
    expect(repository.git(['fsck', '--strict'])).toBe('')
    repository.git(['commit', '-q', '--allow-empty', '-m', 'Work'], full)
    expect(repository.git(['log', '-g', '--format=%gs', `oompa/w1-i${number}`])).toContain('commit: Work')
    expect(await pool.release({ path: full })).toEqual({
      gone: true,
      commit: repository.git(['rev-parse', `oompa/w1-i${number}`]),
    })
    expect(existsSync(full)).toBe(false)
    expect(listed(repository)).toHaveLength(3)
  }
})

test('what git ignored in a spare is gone where the next base, or the person, ignores it no more', async () => {
  const repository = testRepository({ '.gitignore': 'out/\nkept/\n', a: '1\n' })
  const { pool, request } = poolOf(repository)
  const build = (full: string) => {
    for (const name of ['out', 'kept']) repository.write(path.join(path.basename(full), name, 'x'), 'built\n')
  }
  const first = await pool.acquire(request(1))
  build(first.path)
  await pool.release(first)
  const second = await pool.acquire(request(2))
  expect(existsSync(path.join(second.path, 'out/x')), 'dependencies are not installed twice').toBe(true)
  await pool.release(second)
  const base = repository.commit('Ignore less', { '.gitignore': 'kept/\n' })
  const third = await pool.acquire(request(3, repository.git(['rev-parse', base || 'HEAD'])))
  expect(existsSync(path.join(third.path, 'out/x'))).toBe(false)
  expect(existsSync(path.join(third.path, 'kept/x'))).toBe(true)
  repository.write('.git/info/exclude', 'own/\n')
  repository.write(`${third.name}/own/x`, 'built\n')
  expect(await pool.release(third)).toMatchObject({ gone: true })
  repository.write('.git/info/exclude', '')
  const fourth = await pool.acquire(request(4, repository.git(['rev-parse', 'HEAD'])))
  expect(existsSync(path.join(fourth.path, 'own/x'))).toBe(false)
})

test('a branch that is checked out elsewhere is refused in the words of git', async () => {
  const repository = testRepository()
  const { pool, request } = poolOf(repository)
  const elsewhere = path.join(repository.home, 'elsewhere')
  repository.git(['worktree', 'add', '-q', '-b', 'oompa/w1-i1', elsewhere])
  await expect(pool.acquire(request(1))).rejects.toMatchObject({
    code: 'worktree-failed',
    message: expect.stringMatching(/already (checked out|used by worktree)/),
  })
  expect(existsSync(path.join(repository.root, '.w1-i1'))).toBe(false)
})

test('one whose folder went without git is made again, and what it was on is still there', async () => {
  const repository = testRepository()
  const { pool, request, head } = poolOf(repository)
  const { path: full } = await pool.acquire(request(1))
  rmSync(full, { recursive: true })
  await pool.acquire(request(1))
  expect(listed(repository).slice(3)).toEqual([`worktree ${full}`, `HEAD ${head}`, 'branch refs/heads/oompa/w1-i1'])
  // A detached HEAD may be all that names a commit: that one is git's to judge, and the person's.
  repository.git(['checkout', '-q', '--detach'], full)
  repository.git(['commit', '-q', '--allow-empty', '-m', 'Only here'], full)
  rmSync(full, { recursive: true })
  await expect(pool.acquire(request(1))).rejects.toMatchObject({ code: 'worktree-failed' })
})

test('a checkout that fails leaves nothing, and says why', async () => {
  const repository = testRepository({ '.gitattributes': 'data filter=broken\n', data: '1\n' })
  repository.git(['config', 'filter.broken.smudge', 'false'])
  repository.git(['config', 'filter.broken.required', 'true'])
  const { pool, request } = poolOf(repository)
  await expect(pool.acquire(request(1))).rejects.toMatchObject({
    code: 'worktree-failed',
    message: expect.stringContaining('smudge filter broken failed'),
  })
  expect(existsSync(path.join(repository.root, '.w1-i1'))).toBe(false)
  expect(listed(repository)).toHaveLength(3)
})

test('a repository whose worktrees have configurations of their own is left to git', async () => {
  const repository = testRepository({ 'in/a': '1\n', 'out/b': '2\n' })
  repository.git(['sparse-checkout', 'set', 'in'])
  const { pool, request } = poolOf(repository)
  for (const number of [1, 2]) {
    const { path: full } = await pool.acquire(request(number))
    expect(existsSync(path.join(full, 'in/a'))).toBe(true)
    expect(existsSync(path.join(full, 'out/b'))).toBe(false)
    await pool.release({ path: full })
  }
})

test('a sparse checkout as older gits write it is one in each worktree, too', async () => {
  const repository = testRepository({ 'in/a': '1\n', 'out/b': '2\n' })
  repository.git(['config', 'core.sparseCheckout', 'true'])
  repository.write('.git/info/sparse-checkout', '/in/\n')
  const { pool, request } = poolOf(repository)
  const { path: full } = await pool.acquire(request(1))
  expect([existsSync(path.join(full, 'in/a')), existsSync(path.join(full, 'out/b'))]).toEqual([true, false])
})

test('one whose .git file says nothing stays, with the reason', async () => {
  const repository = testRepository()
  const { pool, request } = poolOf(repository)
  const { path: full } = await pool.acquire(request(1))
  repository.write('.w1-i1/.git', 'no gitdir\n')
  expect(await pool.release({ path: full })).toMatchObject({
    gone: false,
    why: expect.stringContaining('does not say'),
  })
  expect(existsSync(path.join(full, 'README.md'))).toBe(true)
})

test('one that somebody has locked, or has files in, stays', async () => {
  const repository = testRepository()
  const { pool, request } = poolOf(repository)
  const { path: full } = await pool.acquire(request(1))
  repository.git(['worktree', 'lock', full])
  expect(await pool.release({ path: full })).toMatchObject({ gone: false, why: expect.stringContaining('locked') })
  repository.git(['worktree', 'unlock', full])
  mkdirSync(path.join(full, 'new'))
  repository.write('.w1-i1/new/file', 'x\n')
  expect(await pool.release({ path: full })).toEqual({ gone: false, why: '1 uncommitted file' })
  expect(existsSync(path.join(full, 'new/file'))).toBe(true)
})

test('those that somebody waits for come before those that are made ahead', async () => {
  const turns = atMost(1)
  const order: string[] = []
  let go = () => {}
  const first = turns(false, () => new Promise<void>((resolve) => (go = resolve)))
  const others = [
    turns(true, async () => order.push('ahead')),
    turns(false, async () => order.push('needed')),
    turns(false, async () => order.push('needed too')),
  ]
  go()
  await Promise.all([first, ...others])
  expect(order).toEqual(['needed', 'needed too', 'ahead'])
})

test('one that a crash left half made is made anew; one that is being made, or is somebody’s, stays', async () => {
  const repository = testRepository({ a: '1\n' })
  const { pool, request, head } = poolOf(repository)
  const full = path.join(repository.root, '.w1-i1')
  const own = registerWorktree(repository.root, full, 'oompa/w1-i1')!
  repository.write('.w1-i1/half', 'of a checkout\n')
  expect(pool.discardHalfMade('.w1-i1'), 'we are making it').toBe(false)
  repository.git(['worktree', 'prune', '--expire=now'])
  expect(existsSync(own)).toBe(true)
  writeFileSync(path.join(own, 'locked'), readFileSync(path.join(own, 'locked'), 'utf8').replace(/\d+ /, '999999999 '))
  expect(pool.discardHalfMade('.w1-i1')).toBe(true)
  expect(existsSync(full)).toBe(false)
  const made = await pool.acquire(request(1))
  expect(listed(repository).slice(3)).toEqual([`worktree ${full}`, `HEAD ${head}`, 'branch refs/heads/oompa/w1-i1'])
  expect(repository.git(['worktree', 'list', '--porcelain'])).not.toContain('locked')
  expect(pool.discardHalfMade('.w1-i1'), 'it is made').toBe(false)
  expect(await pool.release(made)).toMatchObject({ gone: true })
})

test('what a crash left between a worktree and a spare goes with the next one that is put away', async () => {
  const repository = testRepository({ a: '1\n' })
  const { pool, request } = poolOf(repository)
  const first = await pool.acquire(request(1))
  const spares = path.join(repository.home, 'cache/spares')
  const ours = [`taken-${process.pid}-1-2`, `${process.pid}-3.making`]
  for (const name of ['taken-999999999-1-2', '999999999-3.making', ...ours]) {
    mkdirSync(path.join(spares, name, 'files'), { recursive: true })
  }
  expect(await pool.release(first)).toMatchObject({ gone: true })
  const left = readdirSync(spares)
  expect(left).toEqual(expect.arrayContaining(ours))
  expect(left).toHaveLength(3)
})
