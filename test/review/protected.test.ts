// Whatever decides how changes are judged is protected, by whichever name it is reached.

import { describe, expect, test } from 'vitest'
import { protectedReasons, protectionOf, usualProtection } from '../../src/hooks/protected.js'
import { approval, highRisk } from '../../src/review/risk.js'

const reasons = (path: string) => protectedReasons([{ path, status: 'modified' }], usualProtection)

describe.each([
  'hooks/review.ts',
  'hooks/review.zz.sh',
  'hooks/lib/deep/rule.ts',
  'hooks/line\nend.ts',
  'hooks',
  'Hooks/Review.ts',
  'prompts/reviewer.md',
  'prompts',
  'oompa.json',
  'OOMPA.JSON',
  'oompa/oompa.json',
  'oompa_loompas.mjs',
  'CLAUDE.md',
  'claude.md',
  'packages/a/CLAUDE.md',
  'CLAUDE.local.md',
  'AGENTS.md',
  'docs/deep/AGENTS.md',
  '.claude/settings.json',
  '.claude/settings.local.json',
  '.claude',
  'packages/a/.claude/agents/reviewer.md',
  '.mcp.json',
  '.codex/config.toml',
  'GEMINI.md',
  '.gemini/settings.json',
  'opencode.json',
  'opencode.jsonc',
  'sub/.opencode/plugin/x.ts',
  '.cursor/rules/a.mdc',
  '.github/copilot-instructions.md',
  '.aider.conf.yml',
  '.env',
  '.env.test.local',
  'bunfig.toml',
])('%j', (path) => {
  test('is protected, added, changed, removed, renamed in or out', () => {
    const one = [expect.stringContaining(path)]
    for (const status of ['added', 'modified', 'removed', 'mode', 'type'] as const) {
      expect(protectedReasons([{ path, status }], usualProtection)).toEqual(one)
    }
    expect(protectedReasons([{ path, from: 'src/a.ts', status: 'renamed' }], usualProtection)).toEqual(one)
    expect(protectedReasons([{ path: 'src/a.ts', from: path, status: 'renamed' }], usualProtection)).toEqual(one)
  })
})

test.each([
  'src/hooks/review.ts',
  'hooks.md',
  'hooks2/x.ts',
  'docs/oompa.json',
  'prompt.md',
  'myprompts/x.md',
  'docs/claude.txt',
  'src/agents.md.ts',
  'MYAGENTS.md',
  'src/claude/settings.json',
  '.env.example',
  'src/.env.ts',
  '.github/workflows/ci.yml',
])('%s is not', (path) => {
  expect(reasons(path)).toEqual([])
})

test('a reason names the paths, and not hundreds of them; what judges and what configures are told apart', () => {
  expect(protectedReasons([], usualProtection)).toEqual([])
  const many = Array.from({ length: 300 }, (_, i) => ({ path: `hooks/${i}.ts`, status: 'added' as const }))
  expect(protectedReasons(many, usualProtection)).toEqual([expect.stringContaining('and 295 more')])
  const both = [
    { path: 'hooks/a.ts', status: 'added' as const },
    { path: 'CLAUDE.md', status: 'added' as const },
  ]
  expect(protectedReasons(both, usualProtection)).toEqual([
    'It touches what decides how changes are judged: hooks/a.ts.',
    'It touches what configures agents, reviewers too: CLAUDE.md.',
  ])
})

test('a team extends and shortens the list of what configures agents, and never that of what judges', () => {
  const { judges, configures } = protectionOf([
    approval({ when: highRisk, protect: 'docs/agents/**' }),
    approval({ unprotect: ['**/AGENTS.md', 'hooks/**'] }),
  ])
  expect(['docs/agents/a.md', 'CLAUDE.md'].every(configures)).toBe(true)
  expect(['AGENTS.md', 'sub/AGENTS.md'].some(configures)).toBe(false)
  expect(judges('hooks/review.ts')).toBe(true)
  expect(() => approval({ protect: [''] })).toThrow(expect.objectContaining({ status: 2 }))
  expect(() => approval({})).toThrow(expect.objectContaining({ status: 2 }))
})
