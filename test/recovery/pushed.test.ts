// Whether the work of a claim has landed, although its holder did not come to say so.

import { beforeEach, expect, it } from 'vitest'
import { landingFor } from '../../src/recovery/pushed.js'
import type { Claim } from '../../src/tasks/contract.js'
import { type LandingRepository, landingRepository } from '../merge/support.js'

let repository: LandingRepository

beforeEach(() => {
  repository = landingRepository({ 'a.txt': 'one\n' })
})

const task = { id: 'parser', summary: '', acceptance: [], files: [], dependsOn: [], extra: {} }
const claim = (more: Partial<Claim> = {}): Claim => ({
  task,
  holder: { worker: 'alder/w1', swarm: '0123abcd' },
  fence: '1',
  since: new Date().toISOString(),
  ...more,
})
const trailers = (id = 'parser', worker = 'alder/w1') => `Oompa-Task: ${id}\nOompa-Worker: ${worker}`
const merge = (branch: string, message: string) => {
  repository.git(['merge', '-q', '--no-ff', '-m', message, branch])
  return repository.git(['rev-parse', 'HEAD']).trim()
}
const found = (one = claim()) => landingFor(repository.root, one, 'refs/heads/main')

it('finds a landing of its own, and a member of a batch', async () => {
  const mergedCommit = repository.branch('work', { 'b.txt': 'two\n' })
  expect(await found()).toBeUndefined()
  const landed = merge('work', `Merge branch 'work': Write it\n\n${trailers()}`)
  merge(repository.branch('later', { 'c.txt': 'x\n' }), `Merge branch 'later'\n\n${trailers('other')}`)
  expect(await found()).toEqual({ landed, mergedCommit })

  const member = repository.branch('member', { 'd.txt': 'four\n' })
  repository.git(['checkout', '-q', '-b', 'stack'])
  merge('member', `Merge branch 'member'\n\n${trailers('lexer', 'birch/w2')}`)
  repository.git(['checkout', '-q', 'main'])
  const batch = merge('stack', 'Merge 2 changes into main\n\nTested together: member, other')
  const other = claim({ task: { ...task, id: 'lexer' }, holder: { worker: 'birch/w2', swarm: '89abcdef' } })
  expect(await found(other)).toEqual({ landed: batch, mergedCommit: member })
})

it('takes no word of an agent for it, nor the landing of another worker, nor one of the last time', async () => {
  const message = `Merge branch 'evil': Write it\n\n${trailers()}`
  // In its own history, where it may write what it likes.
  repository.git(['checkout', '-q', '-b', 'evil'])
  repository.branch('side', { 'b.txt': 'two\n' })
  merge('side', message)
  repository.commit(`Again\n\n${trailers()}`, { 'c.txt': 'three\n' })
  repository.git(['checkout', '-q', 'main'])
  merge('evil', `Merge branch 'evil'\n\n${trailers('lexer')}`)
  expect(await found()).toBeUndefined()
  // Its own message before ours, as after a squash.
  repository.commit(`Squashed\n\n${trailers()}\n${trailers('lexer', 'birch/w1')}`, { 'd.txt': 'four\n' })
  expect(await found()).toBeUndefined()

  // After a rebase its own commits are values of the target, with its own words at their end.
  repository.commit(`Rebased\n\n${trailers()}`, { 'f.txt': 'six\n' })
  repository.commit(`The last of them\n\n${trailers('lexer', 'birch/w1')}`, { 'f.txt': 'seven\n' })
  expect(await found()).toBeUndefined()

  const mergedCommit = repository.branch('work', { 'e.txt': 'five\n' })
  merge('work', `Merge branch 'work'\n\n${trailers('parser', 'birch/w1')}`)
  expect(await found()).toBeUndefined()
  repository.git(['commit', '-q', '--amend', '-m', `Merge branch 'work'\n\n${trailers()}`])
  expect(await found()).toMatchObject({ mergedCommit })
  expect(await found(claim({ task: { ...task, extra: { 'merged-commit': mergedCommit } } }))).toBeUndefined()
})
