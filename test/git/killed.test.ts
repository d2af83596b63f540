// A git that something kills (a person's `pkill git`, a machine without memory) has said neither yes nor no. Whatever asks
// one gets an error, and nothing is let go by such an answer.

import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { isAncestor, mergeBase } from '../../src/git/ancestry.js'
import { isWhole } from '../../src/git/collect.js'
import { hiddenCommits } from '../../src/git/hidden.js'
import { requireOurs } from '../../src/git/ours.js'
import { readStatus } from '../../src/git/read-status.js'
import { prepareSwap } from '../../src/git/refs.js'
import { currentBranch, headCommit, resolveCommit } from '../../src/git/repository.js'
import { git, gitBytes, gitText } from '../../src/git/run-git.js'
import { commitsOver } from '../../src/git/worktree-list.js'
import { keepBranch, keepWorktree } from '../../src/recovery/keep.js'
import { worktreePool } from '../../src/worktrees/pool.js'
import { testRepository } from '../support/repository.js'

/** A worktree with a commit that nobody else has. */
async function opened() {
  const repository = testRepository({ a: '1\n' })
  const { root, home } = repository
  repository.git(['config', 'user.name', 'A'])
  repository.git(['config', 'user.email', 'a@example.com'])
  const pool = worktreePool({ root, cache: path.join(home, 'cache') })
  const base = repository.git(['rev-parse', 'HEAD'])
  const worktree = await pool.acquire({ name: '.w1-i1', branch: 'oompa/w1-i1', base })
  repository.git(['commit', '-q', '--allow-empty', '-m', 'Work'], worktree.path)
  return { repository, root, home, pool, base, worktree }
}

/** From now on every git for which the line of shell `which` holds (its arguments are `$*`) is killed as it starts. */
function killed(home: string, which: string): void {
  const real = process.env.PATH ?? ''
  const script = `#!/bin/sh\n${which} && kill -9 $$\nPATH='${real}' exec git "$@"\n`
  writeFileSync(path.join(home, 'git'), script, { mode: 0o755 })
  process.env.PATH = `${home}:${real}`
  onTestFinished(() => {
    process.env.PATH = real
  })
}

type Opened = Awaited<ReturnType<typeof opened>>

test.each<[string, (of: Opened) => Promise<unknown>]>([
  ['git', ({ root }) => git(root, ['--version'])],
  ['its bytes', ({ root }) => gitBytes(root, ['--version'])],
  ['its text', ({ root }) => gitText(root, ['--version'])],
  ['what a name names', ({ root }) => resolveCommit(root, 'refs/heads/oompa/w1-i1')],
  ['HEAD', ({ worktree }) => headCommit(worktree.path)],
  ['the branch', ({ worktree }) => currentBranch(worktree.path)],
  ['an ancestor', ({ root }) => isAncestor(root, 'oompa/w1-i1', 'main')],
  ['a merge base', ({ root }) => mergeBase(root, 'oompa/w1-i1', 'main')],
  ['how many commits', ({ root }) => commitsOver(root, 'main', 'oompa/w1-i1')],
  ['whether all is there', ({ root, base }) => isWhole(root, 'oompa/w1-i1', base)],
  ['what is unsaved', ({ worktree }) => readStatus(worktree.path)],
])('asked for %s', async (_what, ask) => {
  const of = await opened()
  killed(of.home, 'true')
  await expect(ask(of)).rejects.toThrow(/SIGKILL|ended: /)
})

test('commits of an operation in progress stay named', async () => {
  const { root, home, worktree, repository } = await opened()
  const { own } = requireOurs(worktree.path)
  const commit = repository.git(['commit-tree', '-m', 'Hidden', 'HEAD^{tree}'])
  writeFileSync(path.join(own, 'CHERRY_PICK_HEAD'), `${commit}\n`)
  expect(await hiddenCommits(root, own)).toEqual([commit])
  killed(home, 'case "$*" in *rev-list*) true;; *) false;; esac')
  await expect(hiddenCommits(root, own)).rejects.toThrow(/SIGKILL/)
})

test.each(['rev-parse', 'merge-base', 'update-ref'])(
  'work is kept, or is said not to be, where `git %s` is killed',
  async (name) => {
    const { root, home, base, worktree } = await opened()
    const options = { ref: 'refs/oompa/kept/01234567/w1-1', base, message: 'Unfinished' }
    killed(home, `case "$*" in *${name}*) true;; *) false;; esac`)
    await expect(keepWorktree(root, worktree, options)).rejects.toThrow(/SIGKILL/)
    await expect(keepBranch(root, worktree.branch, options)).rejects.toThrow(/SIGKILL/)
  },
)

test('the git that holds the target for us: what it held is free, and a person’s lock stays', async () => {
  const { repository, root, base } = await opened()
  const to = repository.git(['rev-parse', 'oompa/w1-i1'])
  const swap = { ref: 'refs/heads/main', from: base, to, message: 'land' }
  const held = await prepareSwap(root, swap)
  const lock = path.join(root, '.git/refs/heads/main.lock')
  expect(readFileSync(lock, 'utf8').trim()).toBe(to)
  process.kill(gitsBelow().find(({ line }) => line.includes('update-ref'))!.pid, 'SIGKILL')
  await expect(held!.commit()).rejects.toThrow(/Git cannot move .*killed/)
  expect(existsSync(lock)).toBe(false)
  await (await prepareSwap(root, swap))!.commit()
  expect(repository.git(['rev-parse', 'main'])).toBe(to)

  writeFileSync(lock, `${base}\n`)
  await expect(prepareSwap(root, { ...swap, from: to, to: base })).rejects.toMatchObject({ code: 'ref-locked' })
  expect(existsSync(lock)).toBe(true)
})

/** The gits that this process has started, and not their children. */
function gitsBelow(): { readonly pid: number; readonly line: string }[] {
  const children = readFileSync(`/proc/${process.pid}/task/${process.pid}/children`, 'utf8')
  return children
    .split(' ')
    .filter(Boolean)
    .map((pid) => ({ pid: Number(pid), line: readFileSync(`/proc/${pid}/cmdline`, 'utf8') }))
}
