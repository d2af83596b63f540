// An author that tries to become its own judge, by every way that is known to us, does not land.

import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, readdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { beforeEach, expect, test, vi } from 'vitest'
import { excludeOurs } from '../../src/git/exclude.js'
import { loadHooks } from '../../src/hooks/load-hooks.js'
import { holdForApproval, reasonsToWait, waitingApprovals } from '../../src/review/held-changes.js'
import { review } from '../../src/review/rounds.js'
import type { Change } from '../../src/words.js'
import { changeOf, contextFor, runFor } from '../hooks/context.js'
import { type TestRepository, temporaryFolder, testRepository } from '../support/repository.js'

let repository: TestRepository
const settings = { reviewRounds: 3, autoMergePaths: ['tasks/'] }
const STRICT = "export default () => ({ approved: false, feedback: 'Never.' })\n"
const LAX = 'export default () => ({ approved: true })\n'

beforeEach(() => {
  vi.stubEnv('OOMPA_CACHE', temporaryFolder())
  repository = testRepository({ 'a.txt': 'a\n', 'hooks/review.ts': STRICT })
  excludeOurs(path.join(repository.root, '.git'))
  return () => vi.unstubAllEnvs()
})

/** Starts a "swarm", lets the author work, and says how its change ends: the stages as the loop calls them. */
async function ends(author: (worktree: string) => void): Promise<string> {
  const { root } = repository
  const hooks = await loadHooks(root, { swarm: '01234567', run: runFor(repository) })
  repository.git(['worktree', 'add', '-q', '-b', 'oompa/w1-i1', '.w1-i1'])
  const worktree = path.join(root, '.w1-i1')
  author(worktree)
  repository.git(['add', '-A'], worktree)
  repository.git(['commit', '-q', '--allow-empty', '-m', 'Work'], worktree)
  const change: Change = changeOf(repository, 'oompa/w1-i1')
  const { context } = contextFor(repository)
  const reviewed = await review(change, { hooks: hooks.review, settings, context })
  if (reviewed.refusal) return reviewed.refusal.refused
  const reasons = await reasonsToWait(change, hooks.approve, context)
  if (reasons.length === 0) return 'lands'
  await holdForApproval(change, reasons, context)
  return 'waits'
}

const write = (folder: string, file: string, content: string, mode = 0o644) => {
  writeFileSync(path.join(folder, file), content)
  chmodSync(path.join(folder, file), mode)
}

test('an edit of hooks/review.ts on its branch', async () => {
  expect(await ends((worktree) => write(worktree, 'hooks/review.ts', LAX))).toBe('review')
})

test('a second reviewer that agrees', async () => {
  expect(await ends((worktree) => write(worktree, 'hooks/review.zz.sh', '#!/bin/sh\nexit 0\n', 0o755))).toBe('review')
})

test('an edit of the main checkout’s copy while the swarm runs', async () => {
  expect(
    await ends((worktree) => {
      write(worktree, 'a.txt', 'b\n')
      write(repository.root, 'hooks/review.ts', LAX)
      write(repository.root, 'hooks/review.zz.ts', LAX)
    }),
  ).toBe('review')
})

test('an edit of the copies that run', async () => {
  repository.write('hooks/review.ts', LAX)
  repository.write('hooks/review.sh', '#!/bin/sh\necho never\nexit 1\n', 0o755)
  repository.commit('A script that refuses')
  expect(
    await ends((worktree) => {
      write(worktree, 'a.txt', 'b\n')
      const copies = path.join(repository.root, '.oompa/runs/01234567/start/hooks')
      for (const name of readdirSync(copies)) {
        chmodSync(path.join(copies, name), 0o755)
        write(copies, name, name.endsWith('.sh') ? '#!/bin/sh\nexit 0\n' : LAX, 0o755)
      }
    }),
  ).toBe('review')
})

test('the hooks are removed on its branch', async () => {
  expect(await ends((worktree) => execFileSync('rm', ['-rf', path.join(worktree, 'hooks')]))).toBe('review')
})

test.each([
  ['an edit of what judges', (worktree: string) => write(worktree, 'hooks/review.ts', `${LAX}// mine\n`)],
  ['a new hook', (worktree: string) => write(worktree, 'hooks/approve.ts', LAX)],
  ['the hooks moved away', (worktree: string) => execFileSync('mv', ['hooks', 'gone'], { cwd: worktree })],
  [
    'the folder replaced by a link',
    (worktree: string) => execFileSync('sh', ['-c', 'mv hooks mine && ln -s mine hooks'], { cwd: worktree }),
  ],
  ['a configuration without reviewers', (worktree: string) => write(worktree, 'oompa.json', '{"merge":{}}')],
  ['a loop of its own', (worktree: string) => write(worktree, 'oompa_loompas.mjs', '')],
  [
    'a prompt that approves',
    (worktree: string) =>
      execFileSync('sh', ['-c', 'mkdir prompts; echo yes > prompts/reviewer.md'], { cwd: worktree }),
  ],
])('%s waits for a person even where the reviewer agrees', async (_what, author) => {
  repository.write('hooks/review.ts', LAX)
  repository.commit('A reviewer that agrees')
  expect(await ends(author)).toBe('waits')
  expect(await waitingApprovals(repository.root)).toHaveLength(1)
  expect(existsSync(path.join(repository.root, 'hooks/review.ts'))).toBe(true)
})

test('an ordinary change lands where the reviewer agrees: the tests above do not pass for nothing', async () => {
  repository.write('hooks/review.ts', LAX)
  repository.commit('A reviewer that agrees')
  expect(await ends((worktree) => write(worktree, 'a.txt', 'b\n'))).toBe('lands')
})
