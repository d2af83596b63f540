// Who has to agree, when nobody is asked, what an approval holds for, and how often a change comes back.

import { beforeEach, expect, test, vi } from 'vitest'
import type { ReviewContext, ReviewHook } from '../../src/hooks/contract.js'
import {
  everyFileBelow,
  joinVerdicts,
  type ReviewHistory,
  type ReviewParts,
  review,
  stillHolds,
} from '../../src/review/rounds.js'
import type { Verdict } from '../../src/words.js'
import { changeOf, contextFor } from '../hooks/context.js'
import { type TestRepository, temporaryFolder, testRepository } from '../support/repository.js'

let repository: TestRepository
const settings = { reviewRounds: 3, autoMergePaths: ['tasks/'] }
const says =
  (verdict: Verdict): ReviewHook =>
  () =>
    verdict
const yes = says({ approved: true, by: 'yes' })
const no = says({ approved: false, feedback: 'Split this.', by: 'no' })
const maybe = says({ approved: 'unavailable', feedback: 'no login', by: 'maybe' })

beforeEach(() => {
  vi.stubEnv('OOMPA_CACHE', temporaryFolder())
  repository = testRepository({ 'a.txt': 'a\n', 'b.txt': 'b\n' })
  repository.git(['checkout', '-q', '-b', 'work'])
  repository.commit('Work', { 'a.txt': 'a, changed\n' })
  return () => vi.unstubAllEnvs()
})

function reviewNow(hooks: readonly ReviewHook[], earlier?: ReviewHistory, extra: Partial<ReviewParts> = {}) {
  const { context, events } = contextFor(repository)
  const before = earlier?.rounds.length ?? 0
  const change = changeOf(repository, 'work', { attempt: before + 1, message: `after ${before}` })
  return review(change, { hooks, settings, context, earlier, ...extra }).then((reviewed) => ({
    ...reviewed,
    events,
    change,
  }))
}

test('all must agree, and are asked at the same time', async () => {
  let asked = 0
  let release = () => {}
  const together = new Promise<void>((resolve) => {
    release = resolve
  })
  const waiting: ReviewHook = async () => {
    if (++asked === 2) release()
    await together
    return { approved: true, by: `r${asked}` }
  }
  const { refusal, reviewedBy, events, pin, change } = await reviewNow([waiting, waiting, yes])
  expect(refusal).toBeUndefined()
  expect(reviewedBy).toHaveLength(3)
  expect(pin).toEqual({ commit: change.commit, base: change.base })
  expect(events).toMatchObject([{ type: 'review.ended', round: 1, verdict: 'approved', commit: change.commit }])
})

test('one no is a no, and its feedback alone goes back', async () => {
  const { refusal, reviewedBy } = await reviewNow([yes, maybe, no])
  expect(refusal).toMatchObject({ refused: 'review', feedback: 'Split this.' })
  expect(refusal?.final).toBeUndefined()
  expect(reviewedBy).toEqual([])
})

test('without a no, one that could not judge leaves it open: the work is kept', async () => {
  const { refusal, events } = await reviewNow([yes, maybe])
  expect(refusal).toEqual({ refused: 'unavailable', final: true, feedback: 'no login' })
  expect(events).toMatchObject([{ verdict: 'unavailable' }])
})

test('a hook that throws has not approved', async () => {
  const { refusal } = await reviewNow([
    () => {
      throw new Error('broken')
    },
  ])
  expect(refusal).toMatchObject({ refused: 'unavailable', feedback: 'broken' })
})

test('feedback of several is named', () => {
  const other: Verdict = { approved: false, feedback: 'Add a test.', by: 'b' }
  expect(joinVerdicts([{ approved: false, feedback: 'Split.', by: 'a' }, other, { approved: true }])).toEqual({
    verdict: 'rejected',
    feedback: 'a:\nSplit.\n\nb:\nAdd a test.',
  })
  expect(joinVerdicts([]).verdict).toBe('approved')
})

test('three rounds are three reviews: the third refusal is final, and earlier rounds are told with their answers', async () => {
  const seen: ReviewContext['rounds'][] = []
  const hook: ReviewHook = (_change, context) => {
    seen.push(context.rounds)
    return { approved: false, feedback: `Round ${context.round}.` }
  }
  let earlier: ReviewHistory | undefined
  const finals: unknown[] = []
  for (let round = 1; round <= 3; round++) {
    const { refusal, history } = await reviewNow([hook], earlier)
    finals.push(refusal?.final)
    earlier = history
    repository.commit('Again', { 'a.txt': `a ${round}\n` })
  }
  expect(finals).toEqual([undefined, undefined, true])
  expect(seen[2]).toMatchObject([
    { feedback: 'Round 1.', answer: 'after 1' },
    { feedback: 'Round 2.', answer: 'after 2' },
  ])
})

test('a clean merge or rebase with a newer main is not a new review; a fix or a mended conflict is', async () => {
  const { git, root, commit } = repository
  const first = await reviewNow([yes])
  const never: ReviewHook = () => {
    throw new Error('asked again')
  }
  git(['checkout', '-q', 'main'])
  commit('Main moves', { 'b.txt': 'b, changed\n' })
  git(['checkout', '-q', 'work'])
  git(['merge', '-q', '--no-edit', 'main'])
  const merged = await reviewNow([never], first.history)
  expect(merged.refusal).toBeUndefined()
  expect(merged.reviewedBy).toEqual(['yes'])
  git(['reset', '-q', '--hard', first.pin.commit])
  git(['rebase', '-q', 'main'])
  expect((await reviewNow([never], first.history)).refusal).toBeUndefined()
  commit('A fix', { 'a.txt': 'a, changed, fixed\n' })
  expect((await reviewNow([no], first.history)).refusal?.refused).toBe('review')
  // A conflict, mended by the author.
  git(['checkout', '-q', 'main'])
  const main = commit('Main moves again', { 'a.txt': 'main\n' })
  git(['checkout', '-q', '-B', 'work', first.pin.commit])
  try {
    git(['merge', '-q', 'main'])
  } catch {
    repository.write('a.txt', 'main and work\n')
  }
  const mended = commit('Mended')
  expect(await stillHolds(root, first.pin, { commit: mended, base: main })).toBe(false)
  expect((await reviewNow([no], first.history)).refusal?.refused).toBe('review')
})

test('nothing else hides in a merge that calls itself clean', async () => {
  const { git, root, commit } = repository
  const first = await reviewNow([yes])
  git(['checkout', '-q', 'main'])
  const main = commit('Main moves', { 'b.txt': 'b, changed\n' })
  git(['checkout', '-q', 'work'])
  git(['merge', '-q', '--no-commit', '--no-ff', 'main'])
  const evil = commit('Merge branch main', { 'c.txt': 'slipped in\n' })
  expect(await stillHolds(root, first.pin, { commit: evil, base: main })).toBe(false)
})

test('tasks alone, paths that need none, an empty change, or no reviewer: nobody is asked', async () => {
  const never: ReviewHook = () => {
    throw new Error('asked')
  }
  expect((await reviewNow([])).skipped).toBe('there is no reviewer')
  expect((await reviewNow([never], undefined, { worker: { needsReview: false } })).refusal).toBeUndefined()
  expect(
    (await reviewNow([never], undefined, { settings: { reviewRounds: 3, autoMergePaths: ['a.txt'] } })).refusal,
  ).toBeUndefined()
  repository.git(['reset', '-q', '--hard', 'main'])
  expect((await reviewNow([never])).skipped).toBe('it changes no file')
  repository.commit('A task', { 'tasks/notes.md': 'x\n' })
  const { skipped, events } = await reviewNow([never], undefined, { settings: { reviewRounds: 3, autoMergePaths: [] } })
  expect(skipped).toContain('tasks/')
  expect(events).toEqual([])
})

test('a path is below another only with its whole name, also before a rename', () => {
  const below = (path: string, from?: string) =>
    everyFileBelow([{ path, from, status: from ? 'renamed' : 'modified' }], ['tasks/', 'docs'])
  expect(below('tasks/pending/x.json')).toBe(true)
  expect(below('docs')).toBe(true)
  expect(below('docs/a/b.md')).toBe(true)
  expect(below('docs2/a.md')).toBe(false)
  expect(below('tasks')).toBe(false)
  expect(below('docs/a.md', 'src/a.ts')).toBe(false)
  expect(everyFileBelow([], ['docs'])).toBe(false)
})
