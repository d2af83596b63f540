import { existsSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { filesIn } from '../../src/files/seen.js'
import { installCommand } from '../../src/worktrees/dependencies.js'
import { oompa } from '../support/oompa.js'
import { temporaryFolder, testRepository } from '../support/repository.js'

function repository() {
  const made = testRepository()
  const folder = path.join(made.root, '../repo-login')
  return {
    ...made,
    folder,
    worktree: (...args: string[]) => oompa(['worktree', ...args], { cwd: made.root, env: made.env }),
    commitThere: (file: string) => {
      writeFileSync(path.join(folder, file), 'x\n')
      made.git(['add', '-A'], folder)
      made.git(['commit', '-q', '-m', file], folder)
    },
  }
}

test('new makes ../<repo>-NAME on feature/NAME, and list shows it', async () => {
  const { worktree, folder, git } = repository()
  expect(await worktree('new', 'login', '--story', 'S-1')).toMatchObject({
    status: 0,
    stdout: expect.stringContaining('made '),
  })
  expect(git(['symbolic-ref', '--short', 'HEAD'], folder)).toBe('feature/login')
  const { stdout } = await worktree('list', '--json')
  expect(JSON.parse(stdout)).toEqual([
    {
      name: 'login',
      path: folder,
      branch: 'feature/login',
      story: 'S-1',
      unsaved: 0,
      ahead: 0,
      merged: true,
      gone: false,
    },
  ])
  expect((await worktree()).stdout).toContain('login  feature/login  landed on main, story S-1')
})

test('new goes on with a branch that is there, and refuses a folder that is there', async () => {
  const { worktree, folder, git } = repository()
  git(['branch', 'feature/login'])
  expect((await worktree('new', 'login')).status).toBe(0)
  expect(await worktree('new', 'login')).toMatchObject({
    status: 4,
    stderr: expect.stringContaining(`${folder} is there already`),
  })
})

test.each(['../x', 'a/b', '-x', 'a b', 'ä', ''])('`%s` is no name', async (name) => {
  const { worktree } = repository()
  expect((await worktree('new', '--', name)).status).toBe(2)
  expect((await worktree('remove', `./${name}`)).status).toBe(2)
})

describe('remove', () => {
  test('takes a worktree and its branch once they have landed', async () => {
    const { worktree, folder, commitThere, git } = repository()
    await worktree('new', 'login')
    commitThere('a.txt')
    git(['merge', '-q', '--no-ff', '--no-edit', 'feature/login'])
    expect(await worktree('remove', 'login')).toMatchObject({ status: 0 })
    expect(existsSync(folder)).toBe(false)
    expect(git(['branch', '--list', 'feature/login'])).toBe('')
  })

  test('knows work that landed as a squash', async () => {
    const { worktree, commitThere, git } = repository()
    await worktree('new', 'login')
    commitThere('a.txt')
    commitThere('b.txt')
    git(['merge', '-q', '--squash', 'feature/login'])
    git(['commit', '-q', '-m', 'squashed'])
    expect(await worktree('remove', 'login')).toMatchObject({ status: 0 })
    expect(git(['branch', '--list', 'feature/login'])).toBe('')
  })

  test('refuses what is not committed, untracked files too', async () => {
    const { worktree, folder } = repository()
    await worktree('new', 'login')
    writeFileSync(path.join(folder, 'new.txt'), 'x')
    expect(await worktree('remove', 'login')).toMatchObject({
      status: 4,
      stderr: expect.stringContaining('1 file not committed'),
    })
    expect(existsSync(path.join(folder, 'new.txt'))).toBe(true)
  })

  test('refuses what has landed nowhere, and says how to land it', async () => {
    const { worktree, folder, commitThere, git } = repository()
    await worktree('new', 'login')
    commitThere('a.txt')
    expect(await worktree('remove', 'login')).toMatchObject({
      status: 4,
      stderr: expect.stringContaining('oompa merge feature/login'),
    })
    expect(existsSync(folder)).toBe(true)
    expect(git(['branch', '--list', 'feature/login'])).toContain('feature/login')
  })

  test('refuses a detached HEAD with commits of its own', async () => {
    const { worktree, folder, commitThere, git } = repository()
    await worktree('new', 'login')
    git(['checkout', '-q', '--detach'], folder)
    commitThere('a.txt')
    expect(await worktree('remove', 'login')).toMatchObject({ status: 4, stderr: expect.stringContaining('switch -c') })
  })

  test('leaves another branch that is checked out there, whatever is on it', async () => {
    const { worktree, folder, commitThere, git } = repository()
    await worktree('new', 'login')
    git(['checkout', '-q', '-b', 'other'], folder)
    commitThere('a.txt')
    expect(await worktree('remove', 'login')).toMatchObject({ status: 0 })
    expect(git(['branch', '--list', 'other'])).toContain('other')
  })

  test('of a name that is not there is status 2', async () => {
    expect(await repository().worktree('remove', 'nobody')).toMatchObject({ status: 2 })
  })
})

test('hooks/worktree sets a new worktree up, and its failure is said with its output', async () => {
  const { root, worktree, folder, write } = repository()
  write('hooks/worktree', '#!/bin/sh\npwd > "$OOMPA_WORKTREE/where"\n', 0o755)
  expect(await worktree('new', 'login')).toMatchObject({ status: 0 })
  expect(existsSync(path.join(folder, 'where'))).toBe(true)
  write('hooks/worktree', '#!/bin/sh\necho no network; exit 1\n', 0o755)
  const failed = await worktree('new', 'other')
  expect(failed.status).not.toBe(0)
  expect(failed.stderr).toContain('no network')
  expect(existsSync(path.join(root, '../repo-other'))).toBe(true)
})

test('without a hook the lock file says what to install', () => {
  const folder = temporaryFolder()
  expect(installCommand(filesIn(folder))).toBeUndefined()
  writeFileSync(path.join(folder, 'package-lock.json'), '{}')
  expect(installCommand(filesIn(folder))).toEqual(['npm', 'ci'])
  writeFileSync(path.join(folder, 'pnpm-lock.yaml'), '')
  expect(installCommand(filesIn(folder))).toEqual(['pnpm', 'install', '--frozen-lockfile'])
})
