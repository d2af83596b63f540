import { expect, test } from 'vitest'
import { idleSettings, levelOf } from '../../src/config/level.js'
import { resolveSettings } from '../../src/config/resolve.js'
import type { FileConfig } from '../../src/config/schema.js'
import type { HookName } from '../../src/hooks/contract.js'

const settings = (config: FileConfig = {}) => resolveSettings({ flags: {}, env: {}, config })

test.each<[HookName[], FileConfig, number]>([
  [[], {}, 1],
  [['event', 'agent'], {}, 1],
  [[], { agent: 'codex', budget_usd: 3, iterations: 2 }, 1],
  [[], { reviewer: 'codex' }, 1],
  [['merge'], {}, 2],
  [['tasks'], {}, 2],
  [['approve'], {}, 2],
  [['worktree'], {}, 2],
  [['review'], {}, 3],
  [['merge', 'review'], {}, 3],
  [['merge'], { reviewer: 'codex' }, 3],
  [[], { workers: [{}] }, 2],
  [[], { workers: [{}], merge: false }, 2],
  [[], { workers: [{}], review_models: ['codex'] }, 3],
  [[], { workers: [{}], review_model: 'codex', needs_review: false }, 2],
  [[], { workers: [{ reviewer: 'codex' }] }, 3],
  [[], { workers: [{ needs_review: false }], reviewer: 'codex' }, 2],
])('hooks %j and oompa.json %j are a level', (hooks, config, level) => {
  expect(levelOf({ hooks, settings: settings(config) })).toBe(level)
})

test('a reviewer that does nothing at level 1 is said', () => {
  expect(idleSettings(1, settings({ reviewer: 'codex' }))[0]).toContain('does nothing at level 1')
  expect(idleSettings(1, settings())).toEqual([])
  expect(idleSettings(3, settings({ reviewer: 'codex' }))).toEqual([])
})
