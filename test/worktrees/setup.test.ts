// What a worktree is given before an agent starts: never over tracked files, never to be committed, never by a detour.

import { existsSync, lstatSync, mkdirSync, readFileSync, readlinkSync, rmSync, symlinkSync } from 'node:fs'
import path from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import { setup } from '../../src/hooks/setup.js'
import { includeFiles } from '../../src/worktrees/include.js'
import { contextFor } from '../hooks/context.js'
import { type TestRepository, temporaryFolder, testRepository } from '../support/repository.js'

let repository: TestRepository
let worktree: { name: string; path: string; branch: string; base: string }

beforeEach(() => {
  repository = testRepository({
    '.gitignore': 'node_modules/\n.env\n*.local\n',
    'tracked.local.md': 'from git\n',
    'package.json': '{}\n',
  })
  worktree = addWorktree('.w1-i1')
})

function addWorktree(name: string) {
  repository.git(['worktree', 'add', '-q', '-b', `oompa/${name.slice(1)}`, name])
  return {
    name,
    path: path.join(repository.root, name),
    branch: `oompa/${name.slice(1)}`,
    base: repository.git(['rev-parse', 'HEAD']),
  }
}

const inside = (file: string) => readFileSync(path.join(worktree.path, file), 'utf8')
const status = () => repository.git(['status', '--porcelain', '--untracked-files=all'], worktree.path)

test('copies, links and commands, in this order', async () => {
  const { write, root } = repository
  write('.env', 'KEY=1\n')
  write('node_modules/a/index.js', 'a\n')
  const { context } = contextFor(repository, { env: { OOMPA_WORKER: 'w1' } })
  const hook = setup({
    copy: ['.env'],
    link: ['node_modules'],
    run: 'cat .env node_modules/a/index.js > "out-$OOMPA_WORKER.local"',
  })
  await hook(worktree, context)
  expect(inside('out-w1.local')).toBe('KEY=1\na\n')
  expect(readlinkSync(path.join(worktree.path, 'node_modules'))).toBe(path.join(root, 'node_modules'))
  expect(lstatSync(path.join(worktree.path, '.env')).isFile()).toBe(true)
})

test('neither links nor copies are ever committed, also by `git add -A`, and the person’s files are not edited', async () => {
  const { write, git, root } = repository
  write('node_modules/a.js', 'a\n')
  write('secrets/key.txt', 'not ignored by anybody\n')
  write('odd [name].txt', 'x\n')
  const { context } = contextFor(repository)
  await setup({ link: ['node_modules'], copy: ['secrets', 'odd [name].txt'] })(worktree, context)
  expect(existsSync(path.join(worktree.path, 'secrets/key.txt'))).toBe(true)
  git(['add', '-A'], worktree.path)
  expect(git(['diff', '--cached', '--name-only'], worktree.path)).toBe('')
  expect(readFileSync(path.join(root, '.gitignore'), 'utf8')).toBe('node_modules/\n.env\n*.local\n')
  const exclude = () => readFileSync(path.join(root, '.git/info/exclude'), 'utf8')
  const before = exclude()
  await setup({ link: ['node_modules'], copy: ['secrets'] })(addWorktree('.w2-i1'), context)
  expect(exclude()).toBe(before)
})

test('a line that takes a path back in is an error, and not a commit', async () => {
  const { write, git } = repository
  write('.gitignore', 'node_modules/\n!/shared\n')
  git(['commit', '-qam', 'Take it in'])
  write('shared/x.txt', 'x\n')
  worktree = addWorktree('.w2-i1')
  const { context } = contextFor(repository)
  await expect(setup({ link: ['shared'] })(worktree, context)).rejects.toMatchObject({ code: 'brought-tracked' })
})

test('what git tracks is never overwritten', async () => {
  const { write } = repository
  write('tracked.local.md', 'edited in the main checkout\n')
  write('package.json', '{"edited":true}\n')
  const { context } = contextFor(repository)
  await setup({ copy: ['tracked.local.md'], link: ['package.json'] })(worktree, context)
  expect(inside('tracked.local.md')).toBe('from git\n')
  expect(inside('package.json')).toBe('{}\n')
  expect(status()).toBe('')
})

test('a worktree that is used again gets a fresh copy, and keeps a folder that is there', async () => {
  const { write } = repository
  const { context } = contextFor(repository)
  write('.env', 'KEY=1\n')
  write('node_modules/a.js', 'a\n')
  mkdirSync(path.join(worktree.path, 'node_modules'))
  const hook = setup({ copy: ['.env'], link: ['node_modules'] })
  await hook(worktree, context)
  write('.env', 'KEY=2\n')
  await hook(worktree, context)
  expect(inside('.env')).toBe('KEY=2\n')
  expect(lstatSync(path.join(worktree.path, 'node_modules')).isDirectory()).toBe(true)
})

test('nothing is written through a link that leads out of the worktree', async () => {
  const { write } = repository
  const elsewhere = temporaryFolder()
  write('config/key.local', 'secret\n')
  symlinkSync(elsewhere, path.join(worktree.path, 'config'))
  const { context } = contextFor(repository)
  await setup({ copy: ['config/key.local'] })(worktree, context)
  expect(existsSync(path.join(elsewhere, 'key.local'))).toBe(false)
})

test('a command that fails throws its output', async () => {
  const { context } = contextFor(repository)
  const hook = setup({ run: ['echo installing', ['sh', '-c', 'echo no network >&2; exit 3']] })
  await expect(hook(worktree, context)).rejects.toMatchObject({
    code: 'setup-failed',
    message: expect.stringMatching(/`sh -c .*` ended with status 3:\nno network/),
  })
})

test('a source that is not there is named', async () => {
  const { context } = contextFor(repository)
  await expect(setup({ link: ['node_modules'] })(worktree, context)).rejects.toThrow(/brings node_modules into/)
})

test.each(['../x', '/etc/passwd', '.git', 'a/../../x', '.git/config', '', '.'])(
  'setup({ copy: [%j] }) is an error at the start',
  (bad) => {
    expect(() => setup({ copy: [bad] })).toThrow(expect.objectContaining({ status: 2 }))
  },
)

test('.worktreeinclude copies what it names and git ignores, and nothing else', async () => {
  const { write, root } = repository
  write('.worktreeinclude', '.env\n*.local\nnode_modules/\n!skip.local\nnot-ignored.txt\n')
  write('.env', 'KEY=1\n')
  write('deep/er/a.local', 'a\n')
  write('deep/er/plain.txt', 'not named\n')
  write('skip.local', 'skip\n')
  write('not-ignored.txt', 'would be committed\n')
  write('node_modules/p/index.js', 'p\n')
  write('.oompa/x.local', 'ours\n')
  const copied = await includeFiles(root, worktree.path)
  expect(copied.sort()).toEqual(['.env', 'deep/er/a.local', 'node_modules/'])
  expect(inside('node_modules/p/index.js')).toBe('p\n')
  expect(inside('deep/er/a.local')).toBe('a\n')
  for (const absent of ['skip.local', 'not-ignored.txt', 'deep/er/plain.txt', '.oompa']) {
    expect(existsSync(path.join(worktree.path, absent))).toBe(false)
  }
  expect(status()).toBe('')
})

test('.worktreeinclude never overwrites a tracked file, and without it nothing is copied', async () => {
  const { write, git, root } = repository
  write('kept.local', 'from git\n')
  git(['add', '-f', 'kept.local'])
  git(['commit', '-qm', 'Tracked though ignored'])
  worktree = addWorktree('.w2-i1')
  git(['rm', '-q', '--cached', 'kept.local'])
  git(['commit', '-qm', 'Not tracked any more'])
  write('kept.local', 'edited\n')
  expect(await includeFiles(root, worktree.path)).toEqual([])
  write('.worktreeinclude', '*.local\n')
  expect(await includeFiles(root, worktree.path)).toEqual([])
  expect(inside('kept.local')).toBe('from git\n')
  rmSync(path.join(root, '.worktreeinclude'))
})
