import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { excludeOurs } from '../../src/git/exclude.js'
import { testRepository } from '../support/repository.js'

test('worktrees and our state stay out of git status, and nothing else does', () => {
  const { root, git, write } = testRepository()
  expect(excludeOurs(path.join(root, '.git'))).toBe(true)
  write('.w1-i1/file', 'x')
  write('.w12-i345/file', 'x')
  write('.oompa/runs/x', 'x')
  write('.well-known/security.txt', 'x')
  write('sub/.w1-i1/file', 'x')
  expect(git(['status', '--porcelain', '-uall']).split('\n')).toEqual([
    '?? .well-known/security.txt',
    '?? sub/.w1-i1/file',
  ])
})

test('a second call adds nothing, and what the person wrote stays', () => {
  const { root } = testRepository()
  const file = path.join(root, '.git/info/exclude')
  writeFileSync(file, '# mine\n*.bak')
  excludeOurs(path.join(root, '.git'))
  const once = readFileSync(file, 'utf8')
  expect(once).toMatch(/^# mine\n\*\.bak\n\/\.oompa\/\n/)
  expect(excludeOurs(path.join(root, '.git'))).toBe(false)
  expect(readFileSync(file, 'utf8')).toBe(once)
})

test('a repository without an info folder gets one', () => {
  const { root } = testRepository()
  rmSync(path.join(root, '.git/info'), { recursive: true, force: true })
  expect(excludeOurs(path.join(root, '.git'))).toBe(true)
})

test('a folder that cannot be written is said with the line that mends it', () => {
  const { root } = testRepository()
  rmSync(path.join(root, '.git/info'), { recursive: true, force: true })
  writeFileSync(path.join(root, '.git/info'), 'a file in the way')
  expect(() => excludeOurs(path.join(root, '.git'))).toThrow(/Cannot write .*info\/exclude/)
})
