// A hook that throws, hangs or answers nonsense fails its own step, as its contract says, and nothing else.

import { beforeEach, expect, test, vi } from 'vitest'
import type { Settings } from '../../src/config/contract.js'
import { loadHooks } from '../../src/hooks/load-hooks.js'
import { type TestRepository, temporaryFolder, testRepository } from '../support/repository.js'
import { changeOf, contextFor, runFor } from './context.js'

let repository: TestRepository
const limits = { hookMs: 300, testMs: 300 } as Settings['limits']

beforeEach(() => {
  vi.stubEnv('OOMPA_CACHE', temporaryFolder())
  repository = testRepository()
  repository.git(['branch', 'work'])
  return () => vi.unstubAllEnvs()
})

const load = (extra: Parameters<typeof loadHooks>[1] = {}) =>
  loadHooks(repository.root, { swarm: '01234567', run: runFor(repository), settings: { limits }, ...extra })

const THROW = "export default () => {\n  throw new Error('broken rule')\n}\n"
const HANG = 'export default () => new Promise(() => {})\n'
const NONSENSE = "export default () => 'yes'\n"

test.each([
  [THROW, 'hooks/review.ts:2: broken rule'],
  [HANG, 'hooks/review.ts took longer than its time limit of 0 s'],
  [NONSENSE, 'hooks/review.ts answered a string'],
  ["export default () => ({ approved: 'yes' })\n", 'hooks/review.ts answered an object with approved'],
  ['export default () => ({ approved: 1 })\n', 'hooks/review.ts answered an object with approved'],
])('a review hook that fails has not reviewed (%#)', async (content, reason) => {
  repository.write('hooks/review.ts', content)
  const { context, events } = contextFor(repository)
  const verdict = await (await load()).review[0]?.(changeOf(repository, 'work'), context)
  expect(verdict).toMatchObject({ approved: 'unavailable', by: 'hooks/review.ts' })
  expect(verdict?.feedback).toContain(reason)
  expect(events).toMatchObject([{ type: 'hook.failed', hook: 'hooks/review.ts', worker: 'w1', iteration: 1 }])
})

test.each([THROW, HANG, NONSENSE, 'export default () => true\n'])(
  'an approve hook that fails makes the change wait (%#)',
  async (content) => {
    repository.write('hooks/approve.ts', content)
    const { context, events } = contextFor(repository)
    const answer = await (await load()).approve[0]?.(changeOf(repository, 'work'), context)
    expect(answer).toEqual({ wait: expect.stringContaining('hooks/approve.ts could not judge') })
    expect(events.map((event) => event.type)).toEqual(['hook.failed'])
  },
)

test.each([THROW, NONSENSE])(
  'a merge hook that fails has not landed, and its author has nothing to mend (%#)',
  async (content) => {
    repository.write('hooks/merge.ts', content)
    const { context, events } = contextFor(repository)
    const answer = await (await load()).merge?.(changeOf(repository, 'work'), context)
    expect(answer).toMatchObject({ refused: 'policy', final: true })
    expect(events.map((event) => event.type)).toEqual(['hook.failed'])
  },
)

test('a worktree hook that fails throws, with its output', async () => {
  repository.write('hooks/worktree.sh', '#!/bin/sh\necho installing; echo no network >&2; exit 7\n', 0o755)
  const { context } = contextFor(repository)
  const worktree = { name: '.w1-i1', path: repository.root, branch: 'work', base: '0' }
  await expect((await load()).worktree[0]?.(worktree, context)).rejects.toThrow(
    /hooks\/worktree\.sh ended with status 7:\n.*no network/s,
  )
})

test('an event hook that fails is said once, and does not hear of its own failure', async () => {
  repository.write('hooks/event.mjs', "export default () => { throw new Error('no webhook') }\n")
  const said: string[] = []
  const hooks = await load({ emit: (event) => said.push(`${event.type} ${'reason' in event ? event.reason : ''}`) })
  await hooks.event[0]?.({ type: 'note', text: 'x', at: '', swarm: '01234567' })
  await hooks.event[0]?.({ type: 'hook.failed', hook: 'hooks/event.mjs', reason: '', at: '', swarm: '01234567' })
  expect(said).toEqual(['hook.failed hooks/event.mjs:1: no webhook'])
})

test.each([
  ['exit 0', { approved: true }],
  ['echo mend it; exit 1', { approved: false, feedback: 'mend it' }],
  ['exit 1', { approved: false }],
  ['echo oops >&2; exit 2', { approved: 'unavailable' }],
  ['exit 127', { approved: 'unavailable' }],
  ['kill -9 $$', { approved: 'unavailable' }],
  ['exec sleep 30', { approved: 'unavailable' }],
])('an executable review that does `%s`', async (script, expected) => {
  repository.write('hooks/review', `#!/bin/sh\n${script}\n`, 0o755)
  const { context } = contextFor(repository)
  expect(await (await load()).review[0]?.(changeOf(repository, 'work'), context)).toMatchObject(expected)
})

test.each([
  ['exit 0', { approved: true }],
  ['echo ask Ann; exit 1', { wait: 'ask Ann' }],
  ['exit 3', { wait: expect.stringContaining('could not judge') }],
])('an executable approve that does `%s`', async (script, expected) => {
  repository.write('hooks/approve.sh', `#!/bin/sh\n${script}\n`, 0o755)
  const { context } = contextFor(repository)
  expect(await (await load()).approve[0]?.(changeOf(repository, 'work'), context)).toEqual(expected)
})
