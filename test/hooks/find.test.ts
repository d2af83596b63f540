// Which files in hooks/ are hooks, and what is said of those that only look like one.

import { mkdirSync, symlinkSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { findHooks, hasHook } from '../../src/hooks/find.js'
import { temporaryFolder, testRepository } from '../support/repository.js'

const names = (root: string) => findHooks(root).files.map((file) => `${file.hook} ${file.kind} ${file.name}`)

test('a repository without hooks/ has no hooks and no remarks', () => {
  expect(findHooks(testRepository().root)).toEqual({ files: [], remarks: [] })
})

test('modules and executables are found in the order of their names', () => {
  const { root, write } = testRepository()
  write('hooks/review.20-style.mjs', '')
  write('hooks/review.10-security.ts', '')
  write('hooks/review.sh', '#!/bin/sh\n', 0o755)
  write('hooks/merge', '#!/bin/sh\n', 0o755)
  write('hooks/agent.mine.py', '#!/usr/bin/env python3\n', 0o755)
  expect(names(root)).toEqual([
    'agent executable agent.mine.py',
    'merge executable merge',
    'review module review.10-security.ts',
    'review module review.20-style.mjs',
    'review executable review.sh',
  ])
  expect(hasHook(findHooks(root), 'approve', 'merge')).toBe(true)
  expect(hasHook(findHooks(root), 'tasks')).toBe(false)
})

test('samples, declarations, editors’ leftovers, hidden files, notes and tests are not hooks', () => {
  const { root, write } = testRepository()
  for (const name of [
    'review.sample.ts',
    'review.sample.sh',
    'review.d.ts',
    'tsconfig.json',
    'review.ts~',
    'review.ts.orig',
    'review.ts.bak',
    '.review.ts.swp',
    '#review.ts#',
    'merge.ts.off',
    'review.md',
    'helpers.ts',
  ]) {
    write(`hooks/${name}`, '', 0o755)
  }
  expect(findHooks(root)).toEqual({ files: [], remarks: [] })
  write('hooks/review.test.ts', '')
  expect(findHooks(root).files).toEqual([])
  expect(findHooks(root).remarks.join()).toContain('hooks/review.test.ts')
})

test('a misspelt hook is said with the nearest name', () => {
  const { root, write } = testRepository()
  write('hooks/reveiw.ts', '')
  write('hooks/merge-.sh', '', 0o755)
  const { files, remarks } = findHooks(root)
  expect(files).toEqual([])
  expect(remarks.join('\n')).toContain('Did you mean hooks/review.ts?')
  expect(remarks.join('\n')).toContain('Did you mean hooks/merge.sh?')
})

test('a script that cannot be run is an error that names chmod', () => {
  const { root, write } = testRepository()
  write('hooks/review.sh', '#!/bin/sh\n')
  expect(() => findHooks(root)).toThrow(
    expect.objectContaining({ status: 2, mend: 'chmod +x hooks/review.sh', code: 'hook-not-executable' }),
  )
})

test('two merge hooks are an error that names both', () => {
  const { root, write } = testRepository()
  write('hooks/merge.ts', '')
  write('hooks/merge.sh', '#!/bin/sh\n', 0o755)
  expect(() => findHooks(root)).toThrow(/hooks\/merge\.sh and hooks\/merge\.ts/)
})

test('a link may lead out of the repository, and not into a worktree of an agent', () => {
  const { root, write } = testRepository()
  const elsewhere = temporaryFolder()
  mkdirSync(path.join(root, 'hooks'))
  symlinkSync(
    write('../shared-review.ts', 'export default () => ({ approved: true })\n'),
    path.join(root, 'hooks/review.ts'),
  )
  symlinkSync(elsewhere, path.join(root, 'hooks/lib'))
  expect(names(root)).toEqual(['review module review.ts'])
  write('.w1-i1/merge.ts', '')
  symlinkSync('../.w1-i1/merge.ts', path.join(root, 'hooks/merge.ts'))
  expect(() => findHooks(root)).toThrow(expect.objectContaining({ code: 'hook-in-worktree', status: 2 }))
})

test('a link that leads nowhere is an error', () => {
  const { root } = testRepository()
  mkdirSync(path.join(root, 'hooks'))
  symlinkSync('gone.ts', path.join(root, 'hooks/review.ts'))
  expect(() => findHooks(root)).toThrow(/hooks\/review\.ts is a link that leads nowhere/)
})
