// What executable hooks read has the form that docs/hooks/input.schema.json says.

import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { beforeEach, expect, test, vi } from 'vitest'
import { loadHooks } from '../../src/hooks/load-hooks.js'
import { packageRoot } from '../support/oompa.js'
import { type TestRepository, temporaryFolder, testRepository } from '../support/repository.js'
import { changeOf, contextFor, runFor } from './context.js'
import { hookInput, inputJsonSchema } from './schema.js'

let repository: TestRepository

beforeEach(() => {
  vi.stubEnv('OOMPA_CACHE', temporaryFolder())
  repository = testRepository()
  repository.git(['checkout', '-q', '-b', 'work'])
  repository.commit('Work', { 'new.txt': 'new\n' })
  repository.git(['checkout', '-q', 'main'])
  return () => vi.unstubAllEnvs()
})

test('the schema in docs/ is the one that the tests use', () => {
  const file = path.join(packageRoot, 'docs/hooks/input.schema.json')
  // UPDATE_SCHEMA=1 npx vitest run test/hooks/input.test.ts && npx biome format --write docs/hooks
  if (process.env.UPDATE_SCHEMA) writeFileSync(file, JSON.stringify(inputJsonSchema(), null, 2))
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(JSON.parse(JSON.stringify(inputJsonSchema())))
})

test('every hook and every operation reads what the schema says, and nothing else', async () => {
  for (const hook of ['review', 'merge', 'approve', 'worktree', 'event', 'tasks']) {
    repository.write(
      `hooks/${hook}.sh`,
      '#!/bin/sh\ncat >> "$OOMPA_ROOT/../inputs"\necho "{\\"id\\":\\"a\\"}"\n',
      0o755,
    )
  }
  const hooks = await loadHooks(repository.root, { swarm: '01234567', run: runFor(repository) })
  const task = { id: 'a', summary: 'A', acceptance: [], files: [], dependsOn: [], extra: { own: 1 } }
  const { context } = contextFor(repository, {
    task,
    round: 2,
    rounds: [{ feedback: 'No.', answer: 'Yes.', commit: '0'.repeat(40) }],
    test: { command: 'npm test', status: null, output: '' },
  })
  const status = { edits: async () => [], settle: async () => {} }
  const change = changeOf(repository, 'work', {
    task,
    author: 'claude',
    message: 'Done.',
    reviewedBy: ['x'],
    status,
    touchesTheTest: ['Makefile'],
  })
  await hooks.review[0]?.(change, context)
  await hooks.merge?.(change, context)
  await hooks.approve[0]?.(change, context)
  await hooks.worktree[0]?.(change.worktree, context)
  await hooks.event[0]?.({ type: 'note', text: 'x', at: 'now', swarm: '01234567' })
  const store = hooks.tasks
  await store?.list()
  const answer = await store?.claim({ claimer: { worker: 'w1' } })
  if (answer?.answer !== 'claimed') throw new Error('not claimed')
  await store?.complete(answer.claim, { by: 'w1', at: 'now' })
  await store?.release(answer.claim, 'why')
  await store?.add({ summary: 'B' })
  await store?.renew?.([answer.claim])
  await store?.reopen?.('a', 'why', 'me')
  const lines = readFileSync(path.join(repository.root, '../inputs'), 'utf8').trimEnd().split('\n')
  const inputs = lines.map((line) => hookInput.parse(JSON.parse(line)))
  expect(inputs.map((input) => (input.hook === 'tasks' ? input.operation : input.hook))).toEqual([
    'review',
    'merge',
    'approve',
    'worktree',
    'event',
    'list',
    'claim',
    'complete',
    'release',
    'add',
    'renew',
    'reopen',
  ])
})
