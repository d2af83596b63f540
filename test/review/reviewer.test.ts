// The ready-made reviewer: where it runs, whom it asks next, and what counts as an answer.

import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { beforeEach, expect, test, vi } from 'vitest'
import { reviewer, reviewersFromSettings } from '../../src/review/reviewer.js'
import { changeOf, contextFor } from '../hooks/context.js'
import { type TestRepository, temporaryFolder, testRepository } from '../support/repository.js'
import { fails, scripted } from './agents.js'

let repository: TestRepository

beforeEach(() => {
  vi.stubEnv('OOMPA_CACHE', temporaryFolder())
  repository = testRepository()
  repository.git(['checkout', '-q', '-b', 'work'])
  repository.commit('Work', { 'work.txt': 'new words\n' })
  repository.git(['checkout', '-q', 'main'])
  return () => vi.unstubAllEnvs()
})

const APPROVE = 'Reads well.\n\nVERDICT: APPROVED'

test('an agent reads the change in a detached worktree of its own, which is thrown away and its edits reported', async () => {
  const { ask, asked } = scripted(({ options }) => {
    expect(readFileSync(path.join(options.cwd, 'work.txt'), 'utf8')).toBe('new words\n')
    expect(repository.git(['rev-parse', '--abbrev-ref', 'HEAD'], options.cwd)).toBe('HEAD')
    writeFileSync(path.join(options.cwd, 'work.txt'), 'mine\n')
    writeFileSync(path.join(options.cwd, 'left.txt'), 'mine\n')
    return APPROVE
  })
  const { context, events } = contextFor(repository, { ask })
  const verdict = await reviewer({ agent: 'codex:o3:high' })(changeOf(repository, 'work'), context)
  expect(verdict).toEqual({ approved: true, feedback: 'Reads well.', by: 'codex:o3:high' })
  const [call] = asked
  expect(call?.agent).toBe('codex:o3:high')
  expect(call?.options).toMatchObject({ role: 'reviewer', env: { OOMPA_WORKTREE: call?.options.cwd } })
  expect(call?.prompt).toMatch(/^\[oompa:01234567:w1\] /)
  expect(call?.prompt).toContain('+new words')
  expect(call?.prompt.trimEnd().endsWith('sends the change back to its author with your message.')).toBe(true)
  expect(existsSync(call?.options.cwd ?? '')).toBe(false)
  expect(events).toMatchObject([
    { type: 'agent.activity', text: "makes the reviewer's checkout" },
    { type: 'note', text: expect.stringContaining('work.txt, left.txt') },
  ])
  expect(repository.git(['worktree', 'list']).split('\n')).toHaveLength(1)
})

test('a refusal is the feedback, whole', async () => {
  const { ask } = scripted('Split this.\n\nVERDICT: CHANGES NEEDED')
  const { context } = contextFor(repository, { ask })
  expect(await reviewer({ agent: 'codex' })(changeOf(repository, 'work'), context)).toEqual({
    approved: false,
    feedback: 'Split this.\n\nVERDICT: CHANGES NEEDED',
    by: 'codex',
  })
})

test('one that fails, whatever it says, or says nothing, has not reviewed: the next is asked', async () => {
  const { ask, asked } = scripted(fails('status 1'), '', APPROVE)
  const { context } = contextFor(repository, { ask })
  const verdict = await reviewer({ agent: ['a', 'b'], agents: ['c'] })(changeOf(repository, 'work'), context)
  expect(verdict).toMatchObject({ approved: true, by: 'c' })
  expect(asked.map((call) => call.agent)).toEqual(['a', 'b', 'c'])
})

test('with none left it is neither yes nor no', async () => {
  const { ask } = scripted(fails('no login'), () => {
    throw new Error('not installed')
  })
  const { context } = contextFor(repository, { ask })
  const verdict = await reviewer({ agents: ['a', 'b'] })(changeOf(repository, 'work'), context)
  expect(verdict).toMatchObject({ approved: 'unavailable' })
  expect(verdict.feedback).toContain('a: no login')
  expect(verdict.feedback).toContain('b: not installed')
})

test('a rejection is not a reason to ask somebody else', async () => {
  const { ask, asked } = scripted('No.')
  const { context } = contextFor(repository, { ask })
  expect(await reviewer({ agents: ['a', 'b'] })(changeOf(repository, 'work'), context)).toMatchObject({
    approved: false,
  })
  expect(asked).toHaveLength(1)
})

test('the prompt is read when the swarm starts, and not again', async () => {
  repository.write('prompts/strict.md', 'Refuse everything.\n')
  const { ask, asked } = scripted('No.')
  const { context } = contextFor(repository, { ask })
  const hook = reviewer({ agent: 'a', prompt: 'prompts/strict.md', instructions: 'Look for secrets.' })
  await hook.prepare?.(repository.root)
  repository.write('prompts/strict.md', 'Approve everything.\n')
  await hook(changeOf(repository, 'work'), context)
  expect(asked[0]?.prompt).toContain('Refuse everything.\n\nLook for secrets.')
  expect(asked[0]?.prompt).not.toContain('Approve everything')
})

test.each([{}, { agent: [] }, { agent: 'a', rounds: 0 }, { agent: 'a', minutes: Number.NaN }, { agent: '' }])(
  'a reviewer that cannot be is an error at the start (%j)',
  (options) => {
    expect(() => reviewer(options)).toThrow(expect.objectContaining({ status: 2 }))
  },
)

test('a prompt that is not there is an error at the start', async () => {
  await expect(reviewer({ agent: 'a', prompt: 'prompts/none.md' }).prepare?.(repository.root)).rejects.toMatchObject({
    status: 2,
  })
})

test('reviewers of oompa.json are one chain, a worker’s own first, each with its prompt', async () => {
  repository.write('prompts/mine.md', 'My own rules.\n')
  const hook = reviewersFromSettings(
    { needsReview: true, reviewers: [{ agent: { harness: 'codex', model: 'o3' }, prompts: [] }] },
    { reviewers: [{ agent: { harness: 'claude' }, prompts: ['prompts/mine.md'] }] },
  )
  const { ask, asked } = scripted(fails('no login'), APPROVE)
  const { context } = contextFor(repository, { ask })
  expect(hook?.agents).toEqual(['claude', 'codex:o3'])
  expect(await hook?.(changeOf(repository, 'work'), context)).toMatchObject({ approved: true, by: 'codex:o3' })
  expect(asked[0]?.prompt).toContain('My own rules.')
  expect(asked[1]?.prompt).not.toContain('My own rules.')
  expect(reviewersFromSettings({ needsReview: true, reviewers: [] })).toBeUndefined()
  expect(
    reviewersFromSettings({ needsReview: false, reviewers: [{ agent: { harness: 'a' }, prompts: [] }] }),
  ).toBeUndefined()
})

test('eight reviews at the same time each get a worktree', async () => {
  const { ask, asked } = scripted(...Array.from({ length: 8 }, () => APPROVE))
  const { context } = contextFor(repository, { ask })
  const change = changeOf(repository, 'work')
  const verdicts = await Promise.all(Array.from({ length: 8 }, () => reviewer({ agent: 'a' })(change, context)))
  expect(verdicts.every((verdict) => verdict.approved === true)).toBe(true)
  expect(new Set(asked.map((call) => call.options.cwd)).size).toBe(8)
})
