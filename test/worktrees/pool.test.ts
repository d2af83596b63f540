// Worktrees as git makes them, in less time: git knows them, and nothing of one iteration is in the next.

import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { clearFlags, mayHaveFlags } from '../../src/git/index-flags.js'
import { ownerName } from '../../src/processes/owner.js'
import { performCleanup, planCleanup } from '../../src/recovery/removable.js'
import { atMost } from '../../src/worktrees/at-most.js'
import { MADE_FILE, recordMade } from '../../src/worktrees/made.js'
import { worktreePool } from '../../src/worktrees/pool.js'
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

test('of what git ignores in a spare nothing stays but what the set-up made from an unchanged lock file', async () => {
  const repository = testRepository({ '.gitignore': 'out/\nnode_modules/\n', 'package-lock.json': '1\n' })
  const { pool, request, head } = poolOf(repository)
  const { root } = repository
  const there = (full: string) => readdirSync(full).filter((name) => name === 'out' || name === 'node_modules')
  const put = (name: string, file: string) => repository.write(path.join(name, file), 'made\n')
  let number = 0
  const opened = async (base = head) => pool.acquire(request(++number, base))

  const first = await opened()
  put(first.name, 'node_modules/deep/tool')
  await recordMade(root, first.path)
  put(first.name, 'out/x')
  put(first.name, 'node_modules/.cache/x')
  await pool.release(first)
  const second = await opened()
  expect(there(second.path), 'it is not set up twice').toEqual(['node_modules'])
  expect(readdirSync(path.join(second.path, 'node_modules'))).toEqual(['deep'])

  // An agent edits what was installed.
  await recordMade(root, second.path)
  const tool = path.join(second.path, 'node_modules/deep/tool')
  writeFileSync(tool, 'evil\n')
  utimesSync(tool, 1, 1)
  await pool.release(second)
  const third = await opened()
  expect(there(third.path)).toEqual([])

  // The lock file is another one at the next base.
  put(third.name, 'node_modules/deep/tool')
  await recordMade(root, third.path)
  await pool.release(third)
  repository.commit('Other packages', { 'package-lock.json': '2\n' })
  const fourth = await opened(repository.git(['rev-parse', 'HEAD']))
  expect(there(fourth.path)).toEqual([])

  // A record that an agent wrote says what it likes.
  put(fourth.name, 'node_modules/deep/tool')
  await recordMade(root, fourth.path)
  const record = path.join(root, '.git/worktrees', fourth.name.replace('.', '-'), MADE_FILE)
  writeFileSync(record, readFileSync(record, 'utf8').replace('deep', 'evil'))
  renameSync(path.join(fourth.path, 'node_modules/deep'), path.join(fourth.path, 'node_modules/evil'))
  await pool.release(fourth)
  const fifth = await opened(repository.git(['rev-parse', 'HEAD']))
  expect(there(fifth.path)).toEqual([])
})

test('what git ignored in a spare is gone where the person ignores it no more', async () => {
  const repository = testRepository({ '.gitignore': 'kept/\n', a: '1\n' })
  const { pool, request } = poolOf(repository)
  const first = await pool.acquire(request(1))
  repository.write('.git/info/exclude', 'own/\n')
  repository.write(`${first.name}/own/x`, 'built\n')
  expect(await pool.release(first)).toMatchObject({ gone: true })
  repository.write('.git/info/exclude', '')
  const second = await pool.acquire(request(2))
  expect(existsSync(path.join(second.path, 'own/x'))).toBe(false)
})

test('edits that an agent told git not to look at are seen, and hold the worktree; its flags are not in a spare', async () => {
  const repository = testRepository({ a: '1\n', b: '1\n', c: '1\n' })
  const { pool, request } = poolOf(repository)
  const first = await pool.acquire(request(1))
  repository.git(['update-index', '--skip-worktree', 'a'], first.path)
  repository.git(['update-index', '--assume-unchanged', 'b'], first.path)
  writeFileSync(path.join(first.path, 'a'), 'hidden\n')
  rmSync(path.join(first.path, 'b'))
  expect(repository.git(['status', '--porcelain'], first.path)).toBe('')
  expect(await pool.release(first)).toEqual({ gone: false, why: '2 uncommitted files' })
  repository.git(['checkout', '-q', '--', '.'], first.path)
  repository.git(['update-index', '--skip-worktree', 'c'], first.path)
  expect(await pool.release(first)).toMatchObject({ gone: true })
  const second = await pool.acquire(request(2))
  expect(repository.git(['ls-files', '-v'], second.path)).toBe('H a\nH b\nH c')
})

test.each([
  [2, 'sha1'],
  [3, 'sha1'],
  [4, 'sha1'],
  [2, 'sha256'],
  [4, 'sha256'],
] as const)('flags of an index of version %s with ids of %s are found as git finds them', async (version, format) => {
  const repository = testRepository()
  const root = path.join(repository.home, 'other')
  mkdirSync(root)
  const git = (...args: string[]) => repository.git(args, root)
  git('init', '-q', `--object-format=${format}`)
  for (const name of ['a', 'bb', 'ccc', 'd'.repeat(63), 'e'.repeat(64)])
    writeFileSync(path.join(root, name), `${name}\n`)
  git('config', 'index.version', String(version))
  git('add', '-A')
  const has = () => mayHaveFlags(readFileSync(path.join(root, '.git/index')), format === 'sha1' ? 20 : 32)
  const before = has()
  expect(before).toBe(version === 4)
  for (const flag of ['assume-unchanged', 'skip-worktree']) {
    git('update-index', `--${flag}`, 'e'.repeat(64))
    expect(has()).toBe(true)
    await clearFlags(root)
    expect(git('ls-files', '-v')).not.toMatch(/^[^H]/m)
    expect(has()).toBe(before)
  }
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

test('in a repository whose worktrees have configurations of their own, each has its sparse checkout', async () => {
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
  const own = await registerWorktree(repository.root, full, request(1))
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

test('one whose folder goes while it is filled leaves no entry; one of a crash goes with the clean-up', async () => {
  const repository = testRepository({ a: '1\n' })
  const { root } = repository
  const { pool, request } = poolOf(repository)
  const taker = setInterval(() => rmSync(path.join(root, '.w1-i1'), { recursive: true, force: true }), 0)
  await pool.acquire(request(1)).catch(() => undefined)
  clearInterval(taker)
  const entries = () => listed(repository).filter((line) => line.startsWith('worktree '))
  if (!existsSync(path.join(root, '.w1-i1'))) repository.git(['worktree', 'prune', '--expire=now'])
  expect(repository.git(['worktree', 'list', '--porcelain'])).not.toContain('locked')

  const full = path.join(root, '.w2-i1')
  const own = await registerWorktree(root, full, { ...request(1), name: '.w2-i1', branch: 'oompa/w2-i1' })
  writeFileSync(path.join(own, 'locked'), readFileSync(path.join(own, 'locked'), 'utf8').replace(/\d+ /, '999999999 '))
  rmSync(full, { recursive: true })
  const where = { root, gitDir: path.join(root, '.git'), here: root }
  const plan = await planCleanup(where, () => undefined)
  expect(plan.removed).toContainEqual({ worktree: '.w2-i1', branch: 'oompa/w2-i1' })
  await performCleanup(where, plan)
  expect(entries()).not.toContain(`worktree ${full}`)
  expect(existsSync(own)).toBe(false)
})

test('what a crash left between a worktree and a spare goes with the next one that is put away', async () => {
  const repository = testRepository({ a: '1\n' })
  const { pool, request } = poolOf(repository)
  const first = await pool.acquire(request(1))
  const spares = path.join(repository.home, 'cache/spares')
  const earlier = {
    living: [`taken-${process.pid}-1-2`, `${process.pid}-3.making`],
    dead: ['taken-999999999-1-2', '999999999-3.making'],
  }
  // A pid of another container says nothing here; of our own space it does, with the start.
  const living = [...earlier.living, `taken-${ownerName()}-4-5`, '1-0badcafe.1-6.making']
  const dead = [...earlier.dead, `taken-${ownerName()}0-7-8`, `${ownerName()}0-9.making`]
  for (const name of [...dead, ...living]) {
    mkdirSync(path.join(spares, name, 'files'), { recursive: true })
  }
  expect(await pool.release(first)).toMatchObject({ gone: true })
  const left = readdirSync(spares)
  expect(left).toEqual(expect.arrayContaining(living))
  expect(left).toHaveLength(living.length + 1)
})
