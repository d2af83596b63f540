// The person puts a checkout on another branch in the very moment in which a landing moves its files.

import { existsSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { treeChanges } from '../../src/git/changes.js'
import { swapTarget } from '../../src/merge/swap.js'
import { type LandingRepository, landingRepository } from './support.js'

/**
 * A move of main to a commit that adds a file, in the middle of which something happens: before git holds main (and
 * HEAD, where that is on it), or while the files are moved.
 */
function move(repository: LandingRepository, when: 'before' | 'files', inBetween: () => void) {
  const { root } = repository
  const from = repository.git(['rev-parse', 'main'])
  const to = repository.branch('work', { 'new.txt': 'new\n', 'README.md': 'changed\n' })
  let asked = 0
  const happens = (now: typeof when) => {
    if (now === when && ++asked === 1) inBetween()
  }
  return swapTarget({
    root,
    into: 'main',
    from,
    to,
    edits: [],
    get message() {
      happens('before')
      return 'test'
    },
    async changes() {
      happens('files')
      return treeChanges(root, from, to)
    },
  })
}

test('a checkout that leaves the target is left alone, and the landing is tried again', async () => {
  const repository = landingRepository()
  repository.git(['branch', 'other'])
  expect(await move(repository, 'before', () => repository.git(['checkout', '-q', 'other']))).toBe('moved')
  expect(repository.git(['status', '--porcelain'])).toBe('')
  expect(existsSync(path.join(repository.root, 'new.txt'))).toBe(false)
  expect(repository.git(['log', '-1', '--format=%s', 'main'])).toBe('Start')
  expect(await move(repository, 'files', () => {})).toBe('swapped')
  expect(repository.git(['status', '--porcelain'])).toBe('')
  repository.git(['checkout', '-q', 'main'])
  expect(existsSync(path.join(repository.root, 'new.txt'))).toBe(true)
})

test('a checkout that comes to the target has its new value, and nothing that undoes it', async () => {
  const repository = landingRepository()
  const linked = path.join(repository.root, '..', 'linked')
  repository.git(['checkout', '-q', '-b', 'other'])
  repository.git(['worktree', 'add', '-q', linked, 'main'])
  const come = () => repository.git(['checkout', '-q', '--ignore-other-worktrees', 'main'])
  expect(await move(repository, 'files', come)).toBe('moved')
  expect(await move(repository, 'files', () => {})).toBe('swapped')
  for (const checkout of [repository.root, linked]) {
    expect(repository.git(['status', '--porcelain'], checkout)).toBe('')
    expect(existsSync(path.join(checkout, 'new.txt'))).toBe(true)
  }
})
