// Whatever decides how changes are judged is protected, by whichever name it is reached.

import { expect, test } from 'vitest'
import { protectedPaths, protectedReason } from '../../src/review/protected.js'

test.each([
  'hooks/review.ts',
  'hooks/review.zz.sh',
  'hooks/lib/deep/rule.ts',
  'hooks',
  'Hooks/Review.ts',
  'prompts/reviewer.md',
  'prompts',
  'oompa.json',
  'OOMPA.JSON',
  'oompa/oompa.json',
  'oompa_loompas.mjs',
])('%s is protected, added, changed, removed, renamed in or out', (path) => {
  for (const status of ['added', 'modified', 'removed', 'mode', 'type'] as const) {
    expect(protectedPaths([{ path, status }])).toEqual([path])
  }
  expect(protectedPaths([{ path, from: 'src/a.ts', status: 'renamed' }])).toEqual([path])
  expect(protectedPaths([{ path: 'src/a.ts', from: path, status: 'renamed' }])).toEqual([path])
})

test.each(['src/hooks/review.ts', 'hooks.md', 'hooks2/x.ts', 'docs/oompa.json', 'prompt.md', 'myprompts/x.md'])(
  '%s is not',
  (path) => {
    expect(protectedPaths([{ path, status: 'modified' }])).toEqual([])
  },
)

test('the reason names the paths, and not hundreds of them', () => {
  expect(protectedReason([])).toBeUndefined()
  expect(protectedReason(['oompa.json'])).toContain('oompa.json')
  expect(protectedReason(Array.from({ length: 300 }, (_, i) => `hooks/${i}.ts`))).toContain('and 295 more')
})
