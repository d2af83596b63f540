import { existsSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { keepCommit, keepWorktree, keptRef } from '../../src/recovery/keep.js'
import { type TestRepository, testRepository } from '../support/repository.js'

const ref = keptRef('0123abcd', 'w1', 1)
const options = { ref, base: 'refs/heads/main', message: 'Unfinished' }

function worktreeOf(repository: TestRepository) {
  const full = path.join(repository.root, '.w1-i1')
  repository.git(['worktree', 'add', '-q', '-b', 'oompa/w1-i1', full])
  // The commits are made by us, with the repository's own identity.
  repository.git(['config', 'user.name', 'Test'])
  repository.git(['config', 'user.email', 'test@example.com'])
  return { path: full, branch: 'oompa/w1-i1' }
}

describe('keeping work', () => {
  test('a ref that keeps something else is never moved', async () => {
    const repository = testRepository()
    const { root } = repository
    const [first, second] = ['one', 'two'].map((name) => {
      repository.git(['checkout', '-q', '-b', name, 'main'])
      return repository.commit(name)
    })
    expect(await keepCommit(root, ref, first!)).toBe(ref)
    expect(await keepCommit(root, ref, first!)).toBe(ref)
    expect(await keepCommit(root, ref, second!)).toBe(`${ref}-${second!.slice(0, 8)}`)
    expect(repository.git(['rev-parse', ref])).toBe(first)
    // The same work, gone on with, is one work.
    repository.git(['checkout', '-q', 'one'])
    const further = repository.commit('further')
    expect(await keepCommit(root, ref, further)).toBe(ref)
  })

  test('nothing of its own needs no ref', async () => {
    const repository = testRepository()
    const worktree = worktreeOf(repository)
    expect(await keepWorktree(repository.root, worktree, options)).toEqual({ refs: [], commits: 0, left: [] })
  })

  test('a detached HEAD and the branch that it has left are both kept', async () => {
    const repository = testRepository()
    const worktree = worktreeOf(repository)
    repository.git(['commit', '-q', '--allow-empty', '-m', 'on the branch'], worktree.path)
    repository.git(['checkout', '-q', '--detach', 'main'], worktree.path)
    repository.git(['commit', '-q', '--allow-empty', '-m', 'on no branch'], worktree.path)
    const { refs } = await keepWorktree(repository.root, worktree, options)
    expect(refs.map((one) => repository.git(['log', '-1', '--format=%s', one])).sort()).toEqual([
      'on no branch',
      'on the branch',
    ])
  })

  test('a merge that nobody resolved is kept as it stands, and the worktree is clean then', async () => {
    const repository = testRepository({ file: 'base\n' })
    const worktree = worktreeOf(repository)
    repository.commit('Theirs', { file: 'theirs\n' })
    writeFileSync(path.join(worktree.path, 'file'), 'ours\n')
    repository.git(['commit', '-qam', 'Ours'], worktree.path)
    expect(() => repository.git(['merge', '-q', 'main'], worktree.path)).toThrow()
    const { refs } = await keepWorktree(repository.root, worktree, options)
    expect(repository.git(['show', `${refs[0]}:file`])).toContain('<<<<<<<')
    expect(repository.git(['status', '--porcelain'], worktree.path)).toBe('')
  })

  test('an index that a killed git has left locked does not keep work from being kept', async () => {
    const repository = testRepository()
    const worktree = worktreeOf(repository)
    writeFileSync(path.join(worktree.path, 'precious'), 'x')
    const lock = repository.git(['rev-parse', '--path-format=absolute', '--git-path', 'index.lock'], worktree.path)
    writeFileSync(lock, '')
    const { refs } = await keepWorktree(repository.root, worktree, options)
    expect(repository.git(['show', `${refs[0]}:precious`])).toBe('x')
    expect(existsSync(lock)).toBe(false)
  })

  test('what must not be committed stays where it is, and is named', async () => {
    const repository = testRepository()
    const worktree = worktreeOf(repository)
    writeFileSync(path.join(worktree.path, '.env'), 'KEY=1\n')
    writeFileSync(path.join(worktree.path, 'work'), 'x')
    const { refs, left } = await keepWorktree(repository.root, worktree, options)
    expect(left.map((file) => file.path)).toEqual(['.env'])
    expect(existsSync(path.join(worktree.path, '.env'))).toBe(true)
    expect(repository.git(['ls-tree', '--name-only', refs[0]!]).split('\n')).toEqual(['README.md', 'work'])
  })
})
