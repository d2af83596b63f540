// Clean and landed is not all that git has: what a worktree's own git directory alone leads to is kept, or it stays.

import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { gitFolders } from '../../src/git/folders.js'
import { heldByEntry, hiddenCommits } from '../../src/git/hidden.js'
import { operationIn } from '../../src/git/operations.js'
import { keepWorktree } from '../../src/recovery/keep.js'
import { performCleanup, planCleanup } from '../../src/recovery/removable.js'
import { worktreePool } from '../../src/worktrees/pool.js'
import { type TestRepository, testRepository } from '../support/repository.js'

async function opened(files?: Readonly<Record<string, string>>, prepare?: (repository: TestRepository) => void) {
  const repository = testRepository(files ?? { a: 'one\n' })
  for (const [key, value] of [
    ['user.name', 'Agent'],
    ['user.email', 'agent@example.com'],
    ['protocol.file.allow', 'always'],
  ]) {
    repository.git(['config', key!, value!])
  }
  prepare?.(repository)
  const { root, home } = repository
  const pool = worktreePool({ root, cache: path.join(home, 'cache') })
  const base = repository.git(['rev-parse', 'HEAD'])
  const worktree = await pool.acquire({ name: '.w1-i1', branch: 'oompa/w1-i1', base })
  const git = (...args: string[]) => repository.git(args, worktree.path)
  const sh = (script: string, cwd = worktree.path) =>
    execFileSync('bash', ['-euc', script], {
      cwd,
      env: { ...repository.env, GIT_EDITOR: 'true', GIT_ALLOW_PROTOCOL: 'file' },
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    }).trim()
  return { repository, root, pool, base, worktree, git, sh, own: path.join(root, '.git/worktrees/-w1-i1') }
}

/** Three commits on the branch, and one on main that the second conflicts with. */
const THREE = `for n in 1 2 3; do echo $n > f$n; [ $n != 2 ] || echo agent > a; git add -A; git commit -qm "c$n"; done
git -C "$(git rev-parse --git-common-dir)/.." checkout -q main; cd "$(git rev-parse --git-common-dir)/.."; echo person > a; git commit -qam person; cd - > /dev/null; `

/** Each leaves something in progress, and prints a commit that has to be kept, if there is one. */
const LEFT: readonly (readonly [name: string, script: string])[] = [
  [
    'a rebase',
    'tip=$(git rev-parse HEAD); git rebase -q main >/dev/null 2>&1 || true; echo both > a; git add a; echo $tip',
  ],
  [
    'a rebase',
    'tip=$(git rev-parse HEAD); git rebase -q --apply main >/dev/null 2>&1 || true; echo both > a; git add a; echo $tip',
  ],
  [
    'a cherry-pick',
    'tip=$(git rev-parse HEAD); git reset -q --hard main; git cherry-pick $tip~3..$tip >/dev/null 2>&1 || true; echo $tip',
  ],
  [
    // The author commits in place of --continue: git has no CHERRY_PICK_HEAD any more, and a list still.
    'a cherry-pick',
    'tip=$(git rev-parse HEAD); git reset -q --hard main; git cherry-pick $tip~3..$tip >/dev/null 2>&1 || true; echo both > a; git add -A; git commit -qm c2; echo $tip',
  ],
  [
    'a revert',
    'git commit -q --allow-empty -m c4; echo more >> a; git commit -qam c5; git revert HEAD~3 >/dev/null 2>&1 || true; git rev-parse HEAD',
  ],
  ['a bisect', 'git bisect start -q HEAD HEAD~3 >/dev/null; git rev-parse oompa/w1-i1'],
  ['a merge', 'git merge -q main >/dev/null 2>&1 || true; git rev-parse main'],
  [
    'an am',
    'git format-patch -q -3 -o ../patches; git reset -q --hard main; git am -q ../patches/*.patch >/dev/null 2>&1 || true; git rev-parse HEAD',
  ],
]

test.each(LEFT)(
  '%s that is in progress is seen, kept with all its commits, and put away only if nothing is left',
  async (name, script) => {
    const { repository, root, pool, worktree, own, base, sh } = await opened()
    const commit = sh(THREE + script)
    expect(operationIn(own)?.name).toBe(name)
    const { refs } = await keepWorktree(root, worktree, {
      ref: 'refs/oompa/kept/x/w1-1',
      base: 'refs/heads/main',
      message: 'Left',
    })
    const kept = repository.git(['rev-list', ...refs, 'main']).split('\n')
    expect(kept).toContain(commit)
    expect(repository.git(['status', '--porcelain'], worktree.path)).toBe('')
    const returned = await pool.release(worktree)
    // The mails of an am, and of a rebase that works by mails, are in no commit.
    const hasMails = script.includes('--apply') || name === 'an am'
    expect(returned.gone, JSON.stringify(returned)).toBe(!hasMails)
    if (!returned.gone) expect(returned.why).toContain(`${name} is in progress`)
    expect(repository.git(['cat-file', '-t', commit])).toBe('commit')
    expect(base).not.toBe(commit)
  },
)

test('a worktree in which something is in progress is left by cleanup, and named', async () => {
  const { root, sh } = await opened()
  sh(
    `${THREE} git reset -q --hard main; git cherry-pick -n HEAD >/dev/null; git merge -q --no-ff --no-commit -s ours HEAD~1 || true; git bisect start -q`,
  )
  const plan = await planCleanup({ root, gitDir: path.join(root, '.git'), here: root }, () => undefined)
  expect(plan.removed).toEqual([])
  expect(plan.left).toEqual([expect.objectContaining({ name: '.w1-i1', why: expect.stringContaining('in progress') })])
})

test('a commit that only a ref of the worktree’s own leads to holds it, until it is kept', async () => {
  const { repository, root, pool, worktree, own, git } = await opened()
  git('commit', '-q', '--allow-empty', '-m', 'aside')
  const aside = git('rev-parse', 'HEAD')
  git('update-ref', 'refs/worktree/aside', aside)
  git('reset', '-q', '--hard', 'HEAD~1')
  expect(await hiddenCommits(root, own)).toEqual([aside])
  expect(await pool.release(worktree)).toEqual({ gone: false, why: expect.stringContaining(aside.slice(0, 12)) })
  expect(existsSync(worktree.path)).toBe(true)
  const kept = await keepWorktree(root, worktree, { ref: 'refs/oompa/kept/x/w1-1', base: 'main', message: 'Left' })
  expect(repository.git(['rev-parse', ...kept.refs])).toBe(aside)
  expect(await pool.release(worktree)).toMatchObject({ gone: true })
})

/** A repository with a submodule, `lib`, whose commits are in a bare one beside it. */
const withSubmodule = (repository: TestRepository) => {
  const script = `git init -q --bare -b main ../lib.git; git clone -q ../lib.git ../lib 2>/dev/null; cd ../lib
git config user.name Pat; git config user.email pat@example.com; echo lib > l; git add l; git commit -qm lib; git push -q origin HEAD:main; cd "$OLDPWD"
git -c protocol.file.allow=always submodule -q add ../lib.git lib; git commit -qm 'Add lib'`
  execFileSync('bash', ['-euc', script], { cwd: repository.root, env: repository.env, stdio: 'pipe' })
}

const WORK_IN_LIB = `git -c protocol.file.allow=always submodule -q update --init; cd lib; git config user.name A; git config user.email a@example.com
git checkout -q -b work; echo more >> l; git commit -qam 'Work in lib'; git rev-parse HEAD; cd ..; git add lib; git commit -qm 'Use it'`

test('a commit in a submodule is brought to the store of the main checkout, which can check it out', async () => {
  const { repository, root, pool, worktree, sh } = await opened({ a: '1\n' }, withSubmodule)
  const commit = sh(WORK_IN_LIB)
  // What an agent writes into the configuration of that store is not run.
  sh(`echo '#!/bin/sh' > ../evil; echo "touch '${root}/ran'" >> ../evil; chmod +x ../evil
cd lib; git config core.fsmonitor ../../evil; git config core.sshCommand ../../evil; git config uploadpack.packObjectsHook ../../evil`)
  const returned = await pool.release(worktree)
  expect(returned).toMatchObject({
    gone: true,
    said: [expect.stringMatching(/submodule lib are in \.git\/modules\/lib/)],
  })
  expect(existsSync(worktree.path)).toBe(false)
  expect(repository.git(['--git-dir', path.join(root, '.git/modules/lib'), 'show', `${commit}:l`])).toBe('lib\nmore')
  repository.git(['merge', '-q', 'oompa/w1-i1'])
  sh('git submodule -q update', root)
  expect(repository.git(['rev-parse', 'HEAD'], path.join(root, 'lib'))).toBe(commit)
})

test('where the main checkout has no store of that submodule, the worktree stays, for cleanup, too', async () => {
  const { repository, root, pool, worktree, own, sh } = await opened({ a: '1\n' }, (it) => {
    withSubmodule(it)
    rmSync(path.join(it.root, '.git/modules'), { recursive: true })
    rmSync(path.join(it.root, 'lib'), { recursive: true })
    mkdirSync(path.join(it.root, 'lib'))
  })
  const commit = sh(WORK_IN_LIB)
  expect(await pool.release(worktree)).toMatchObject({
    gone: false,
    why: expect.stringContaining('no other store has'),
  })
  repository.git(['merge', '-q', 'oompa/w1-i1'])
  const repositoryFacts = { root, gitDir: path.join(root, '.git'), here: root }
  const done = await performCleanup(repositoryFacts, await planCleanup(repositoryFacts, () => undefined))
  expect(done.removed).toEqual([])
  expect(
    repository.git(['--git-dir', path.join(own, 'modules/lib'), '--work-tree', '.', 'cat-file', '-t', commit]),
  ).toBe('commit')
  // Its folder goes without git: the entry has the only store.
  rmSync(worktree.path, { recursive: true })
  expect(heldByEntry(own)).toContain('submodules')
  const later = await performCleanup(repositoryFacts, await planCleanup(repositoryFacts, () => undefined))
  expect(later.removed).toEqual([])
  await expect(pool.acquire({ name: '.w1-i1', branch: 'oompa/w1-i1', base: 'HEAD' })).rejects.toThrow(/already/)
  expect(
    repository.git(['--git-dir', path.join(own, 'modules/lib'), '--work-tree', '.', 'cat-file', '-t', commit]),
  ).toBe('commit')
})

test('a submodule in which nothing was made holds nothing', async () => {
  const { pool, worktree, sh } = await opened({ a: '1\n' }, withSubmodule)
  sh('git -c protocol.file.allow=always submodule -q update --init')
  expect(await pool.release(worktree)).toEqual({ gone: true, commit: expect.any(String) })
})

test('a repository inside, committed as a link, holds the worktree that has its files', async () => {
  const { pool, worktree, root, sh } = await opened()
  sh(
    'mkdir app; cd app; git init -q; git config user.name A; git config user.email a@example.com; echo precious > page; git add -A; git commit -qm app; cd ..; git add app 2>/dev/null; git commit -qm app',
  )
  expect(gitFolders(worktree.path).common).toBe(path.join(root, '.git'))
  expect(await pool.release(worktree)).toMatchObject({ gone: false, why: expect.stringContaining('repository inside') })
  expect(readdirSync(path.join(worktree.path, 'app'))).toContain('page')
})
