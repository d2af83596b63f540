// What an agent left uncommitted is committed; what must not be in a repository is not.

import { existsSync, mkdirSync, rmSync, symlinkSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { describeCommit } from '../../src/git/changes.js'
import { commitLeftovers } from '../../src/merge/commit.js'
import { testRepository } from '../support/repository.js'

function agentWorktree(files: Record<string, string> = { 'README.md': 'hello\n', 'run.sh': 'echo 1\n' }) {
  const repository = testRepository(files)
  for (const [name, value] of Object.entries({ 'user.name': 'Agent', 'user.email': 'agent@example.com' })) {
    repository.git(['config', name, value])
  }
  const worktree = path.join(repository.root, '.w1-i1')
  repository.git(['worktree', 'add', '-q', '-b', 'oompa/w1-i1', worktree])
  const write = (file: string, content: string) => repository.write(path.join('.w1-i1', file), content)
  return { repository, worktree: { path: worktree }, write, git: (args: string[]) => repository.git(args, worktree) }
}

describe('what an agent left uncommitted', () => {
  test('is committed: new, changed, removed and staged files, with names of any kind', async () => {
    const { worktree, write, git } = agentWorktree()
    write('a b/ü "quoted".txt', 'new\n')
    write('--option', 'new\n')
    write('README.md', 'changed\n')
    git(['rm', '-q', 'run.sh'])
    const done = await commitLeftovers(worktree, { message: 'Work of w1\n\nMore.' })
    expect(done).toMatchObject({ left: [], unresolved: [] })
    expect(git(['status', '--porcelain'])).toBe('')
    expect(git(['rev-parse', 'HEAD'])).toBe(done.commit)
    expect(git(['log', '-1', '--format=%an %s'])).toBe('Agent Work of w1')
    expect((await describeCommit(worktree.path, git(['rev-parse', 'HEAD']), 'main')).files).toHaveLength(4)
  })

  test('gives no commit if there is nothing', async () => {
    const { worktree, git } = agentWorktree()
    const head = git(['rev-parse', 'HEAD'])
    const nothing = { left: [], unresolved: [], head }
    expect(await commitLeftovers(worktree, { message: 'x' })).toEqual(nothing)
  })

  test('is committed without what .gitignore names', async () => {
    const { worktree, write, git } = agentWorktree({ '.gitignore': 'out/\n' })
    write('out/x', '1')
    write('y', '1')
    await commitLeftovers(worktree, { message: 'x' })
    expect(git(['ls-files'])).toBe('.gitignore\ny')
  })

  test('is committed without secrets, huge files and installed packages, which stay and are named', async () => {
    const { worktree, write, git } = agentWorktree()
    write('.env', 'A=1')
    write('.env.example', 'A=')
    write('deploy/id_rsa', 'x')
    write('staged.pem', 'x')
    git(['add', 'staged.pem'])
    write('notes.txt', `token ghp_${'a'.repeat(36)}`)
    write('big.bin', 'x'.repeat(2000))
    mkdirSync(path.join(worktree.path, 'sub'))
    symlinkSync('/nowhere', path.join(worktree.path, 'node_modules'))
    write('sub/node_modules/p/index.js', '1')
    const { left } = await commitLeftovers(worktree, { message: 'x', maxBytes: 1000 })
    expect(left.map((one) => one.path).sort()).toEqual(
      [
        '.env',
        'big.bin',
        'deploy/id_rsa',
        'node_modules',
        'notes.txt',
        'staged.pem',
        'sub/node_modules/p/index.js',
      ].sort(),
    )
    expect(git(['ls-files'])).toBe('.env.example\nREADME.md\nrun.sh')
    expect(existsSync(path.join(worktree.path, '.env'))).toBe(true)
  })

  test('keeps a change to a tracked file that is named like a secret', async () => {
    const { worktree, write, git } = agentWorktree({ '.env': 'A=1\n' })
    write('.env', 'A=2\n')
    expect((await commitLeftovers(worktree, { message: 'x' })).left).toEqual([])
    expect(git(['show', 'HEAD:.env'])).toBe('A=2')
  })

  test('does not run the person’s hooks', async () => {
    const { repository, worktree, write } = agentWorktree()
    repository.write('.git/hooks/pre-commit', '#!/bin/sh\nexit 1\n', 0o755)
    write('x', '1')
    expect((await commitLeftovers(worktree, { message: 'x' })).commit).toMatch(/^[0-9a-f]{40}$/)
  })

  test('concludes a merge whose conflicts are mended, and leaves one that still has markers', async () => {
    const { repository, worktree, write, git } = agentWorktree()
    write('README.md', 'theirs\n')
    await commitLeftovers(worktree, { message: 'x' })
    repository.commit('mine', { 'README.md': 'mine\n' })
    expect(() => git(['merge', '-q', 'main'])).toThrow()
    expect(await commitLeftovers(worktree, { message: 'm' })).toMatchObject({ unresolved: ['README.md'] })
    write('README.md', 'both\n=======\n')
    const { commit } = await commitLeftovers(worktree, { message: 'm' })
    expect(git(['rev-list', '--parents', '-1', commit!]).split(' ')).toHaveLength(3)
  })

  test('says how to mend a missing identity', async () => {
    const { repository, worktree, write } = agentWorktree()
    repository.git(['config', 'user.name', ''])
    repository.git(['config', 'user.email', ''])
    repository.git(['config', 'user.useConfigOnly', 'true'])
    write('x', '1')
    await expect(commitLeftovers(worktree, { message: 'x' })).rejects.toMatchObject({
      code: 'commit-failed',
      mend: expect.stringContaining('user.email'),
    })
  })
})

describe('a change', () => {
  test('is described by its merge base, its tip and its files with renames and modes', async () => {
    const body = Array.from({ length: 30 }, (_, i) => `line ${i}\n`).join('')
    const { repository, worktree, write, git } = agentWorktree({ 'a.txt': body, 'run.sh': 'x\n', gone: '1\n' })
    const base = git(['rev-parse', 'HEAD'])
    git(['mv', 'a.txt', 'b.txt'])
    git(['update-index', '--chmod=+x', 'run.sh'])
    git(['rm', '-q', 'gone'])
    write('new', '1')
    git(['add', 'new'])
    git(['commit', '-q', '-m', 'x'])
    repository.commit('elsewhere', { other: '1' })
    const facts = await describeCommit(worktree.path, git(['rev-parse', 'HEAD']), 'main')
    expect(facts).toMatchObject({ base, commit: git(['rev-parse', 'HEAD']) })
    expect(facts.files).toEqual([
      { path: 'b.txt', from: 'a.txt', status: 'renamed' },
      { path: 'gone', status: 'removed' },
      { path: 'new', status: 'added' },
      { path: 'run.sh', status: 'mode' },
    ])
  })

  test('is empty where nothing was committed', async () => {
    const { worktree, git } = agentWorktree()
    expect(await describeCommit(worktree.path, git(['rev-parse', 'HEAD']), 'main')).toMatchObject({ files: [] })
  })
})

test('where git writes no markers, a file is not resolved until somebody has decided about it', async () => {
  const base = { binary: 'a\0\n', removed: '1\n', 'removed here': '1\n', text: '1\n' }
  const conflicting = () => {
    const one = agentWorktree(base)
    one.repository.write('.git/info/exclude', '/.w1-i1/\n')
    one.repository.commit('Theirs', { binary: 'b\0\n', 'removed here': '2\n', text: '2\n' })
    one.repository.git(['rm', '-q', 'removed'])
    one.repository.git(['commit', '-q', '-m', 'Removed'])
    one.write('binary', 'c\0\n')
    one.write('removed', '3\n')
    one.write('text', '3\n')
    one.git(['rm', '-q', 'removed here'])
    one.git(['commit', '-q', '-a', '-m', 'Ours'])
    expect(() => one.git(['merge', '-q', 'main'])).toThrow()
    return one
  }
  const left = conflicting()
  expect(await commitLeftovers(left.worktree, { message: 'm' })).toMatchObject({
    unresolved: ['binary', 'removed', 'removed here', 'text'],
  })
  const { worktree, write, git } = conflicting()
  git(['checkout', '-q', '--theirs', 'binary'])
  write('removed', 'both\n')
  rmSync(path.join(worktree.path, 'removed here'))
  write('text', 'both\n')
  expect(await commitLeftovers(worktree, { message: 'm' })).toMatchObject({
    unresolved: [],
    commit: expect.any(String),
  })
  expect(git(['log', '-1', '--format=%P']).split(' ')).toHaveLength(2)
  expect(git(['ls-files'])).toBe('binary\nremoved\ntext')
})
