// What the first lines of a run say before somebody pays: files that agents do not see, and runs without a cap.

import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import type { Settings } from '../../src/config/contract.js'
import { uncappedWords } from '../../src/swarm/caps.js'
import { level1, level1Files } from '../support/loop.js'

test('a spec that is not committed is said before the first iteration, with the command that mends it', async () => {
  const loop = level1('cat .w1-i1/spec.md')
  loop.repository.write('spec.md', 'Another spec.\n')
  const args = ['run', '--workers', '1', '--iterations', '1']
  const first = await loop.oompa(args)
  expect(first.stdout).toMatch(
    /^swarm .* started.*\nspec\.md is not committed as it stands here: .*\n\[w1\] iteration 1/,
  )
  expect(first.stdout).toContain('[w1] A spec.')
  const mend = /git add -A -- spec\.md && git commit -m \S+ -- spec\.md/.exec(first.stdout)?.[0]
  // What the person has staged meanwhile is not committed with it.
  loop.repository.write('mine', 'x\n')
  loop.repository.git(['add', 'mine'])
  execFileSync('sh', ['-c', mend ?? 'false'], { cwd: loop.repository.root, env: loop.env })
  expect(loop.repository.git(['status', '--porcelain'])).toBe('A  mine')
  expect((await loop.oompa(args)).stdout).not.toContain('not committed')
  expect((await loop.oompa([...args, '--here'])).stdout).not.toContain('not committed')
})

test('a word of a prompt that is too long for a file’s name stops no start', async () => {
  const words = `Goal: match spec.md\nSee ${'x'.repeat(280)}.md, and a.md/b.md.\n`
  const loop = level1('echo done', { ...level1Files, 'prompts/worker.md': words })
  const ended = await loop.oompa(['run', '--workers', '1', '--iterations', '1'])
  expect(ended.status, ended.stderr).toBe(0)
})

test('many runs without a cap are said once, with how to cap them', async () => {
  const loop = level1('echo done', { ...level1Files })
  const args = ['run', '--workers', '5', '--iterations', '3']
  expect((await loop.oompa(args)).stdout).toContain('15 runs of agents without a cap')
  expect((await loop.oompa(args)).stdout).not.toContain('without a cap')
})

test.each<[string, Partial<Settings>, boolean]>([
  ['fifteen', {}, true],
  ['a cap on money', { budget: { usd: 5 } }, false],
  ['a cap on time', { budget: { minutes: 5 } }, false],
  [
    'programs of one’s own',
    { workers: [{ agent: { harness: 'command', model: 'x' }, iterations: 20 }] as never },
    false,
  ],
  ['few', { workers: [{ agent: { harness: 'claude' }, iterations: 3 }] as never }, false],
])('%s', (_name, given, isSaid) => {
  const workers = [{ agent: { harness: 'claude' }, iterations: 15 }]
  expect(uncappedWords({ workers, budget: {}, ...given } as never) !== undefined).toBe(isSaid)
})
