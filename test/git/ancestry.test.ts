// How commits are related, as git says it.

import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { isAncestor, mergeBase } from '../../src/git/ancestry.js'
import { type TestRepository, temporaryFolder, testRepository } from '../support/repository.js'

/** A commit of the empty tree, made at a second of our choosing. */
function commit(repository: TestRepository, parents: readonly string[], second: number, note: string): string {
  const tree = repository.git(['hash-object', '-t', 'tree', '-w', '/dev/null'])
  const date = `${1_700_000_000 + second} +0000`
  const env = { ...repository.env, GIT_AUTHOR_DATE: date, GIT_COMMITTER_DATE: date }
  const args = ['commit-tree', tree, ...parents.flatMap((one) => ['-p', one]), '-m', note]
  return execFileSync('git', args, { cwd: repository.root, env, encoding: 'utf8' }).trim()
}

test('of commits with a history between them, none in common, or no meaning', async () => {
  const repository = testRepository()
  const root = repository.git(['rev-parse', 'HEAD'])
  let far = root
  for (let at = 1; at <= 5; at++) far = commit(repository, [far], at, `${at}`)
  const side = commit(repository, [root], 200, 'side')
  expect(await mergeBase(repository.root, far, side)).toBe(root)
  expect(await isAncestor(repository.root, root, far)).toBe(true)
  expect(await isAncestor(repository.root, far, far)).toBe(true)
  expect(await isAncestor(repository.root, far, root)).toBe(false)
  const stranger = commit(repository, [], 5, 'stranger')
  expect(await mergeBase(repository.root, far, stranger)).toBeUndefined()
  expect(await isAncestor(repository.root, stranger, far)).toBe(false)
  expect(await isAncestor(repository.root, 'refs/heads/none', far)).toBe(false)
  expect(await isAncestor(repository.root, 'refs/heads/none', 'refs/heads/none')).toBe(false)
  await expect(mergeBase(repository.root, 'refs/heads/none', far)).rejects.toMatchObject({ code: 'git-failed' })
})

test('of names that move between two questions', async () => {
  const repository = testRepository()
  const before = repository.git(['rev-parse', 'HEAD'])
  expect(await isAncestor(repository.root, 'refs/heads/main', before)).toBe(true)
  repository.commit('More', { more: '1' })
  expect(await isAncestor(repository.root, 'refs/heads/main', before)).toBe(false)
  expect(await mergeBase(repository.root, 'refs/heads/main', before)).toBe(before)
})

test('of the commits of a shallow clone, as git sees them', async () => {
  const repository = testRepository()
  for (const name of ['one', 'two', 'three']) repository.commit(name, { [name]: name })
  const clone = `${temporaryFolder()}/clone`
  repository.git(['clone', '-q', '--depth=2', `file://${repository.root}`, clone])
  const [tip, parent] = repository.git(['rev-list', 'HEAD'], clone).split('\n')
  expect(await isAncestor(clone, parent!, tip!)).toBe(true)
  expect(await isAncestor(clone, tip!, parent!)).toBe(false)
})
