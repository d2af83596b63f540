// Settings whose effect is seen only in a whole run: time limits of tests and claims, and the person's git hooks.

import { existsSync, readdirSync, readFileSync, utimesSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { level2, type TestLoop } from '../support/loop.js'
import { processes } from '../support/processes.js'

const made = 'echo x > made.txt'

describe('limits.test', () => {
  test.each([
    ['of oompa.json', {}, { merge: { test: 'sleep 61.25' } }],
    [
      'of a queue in hooks/merge',
      {
        'hooks/merge.ts':
          "import { mergeQueue } from 'oompa-loompas'\nexport default mergeQueue({ test: 'sleep 61.25' })\n",
      },
      {},
    ],
  ])('ends a test %s that takes longer', async (_whose, files, config) => {
    const loop = level2(made, { files, config: { limits: { test: '300ms' }, review_rounds: 1, ...config } })
    const ended = await loop.oompa(['run'])
    expect(ended.status, ended.stdout + ended.stderr).toBe(1)
    expect(loop.events('landing.refused')[0]).toMatchObject({ reason: 'test' })
    expect(loop.events('landing.refused')[0]!.feedback).toMatch(/time limit|took too long|longer/)
    expect(processes('sleep 61.25')).toEqual([])
  })

  test('ends that of `oompa merge`, too', async () => {
    const loop = level2(made, { config: { limits: { test: '300ms' } } })
    loop.repository.git(['checkout', '-q', '-b', 'work'])
    loop.repository.commit('Work', { 'work.txt': 'x\n' })
    loop.repository.git(['checkout', '-q', 'main'])
    const ended = await loop.oompa(['merge', 'work', '--test', 'sleep 61.25'])
    expect(ended.status).toBe(4)
  })
})

test('limits.lease is how long a claim from a shell lives without a sign of life', async () => {
  for (const [lease, stale] of [
    ['1m', true],
    ['1h', false],
  ] as const) {
    const loop = level2(made, {
      files: { 'tasks/pending/a.edn': '{:id "a" :summary "A"}\n' },
      config: { limits: { lease } },
    })
    expect((await loop.oompa(['tasks', 'claim', '--worker', 'me'])).status).toBe(0)
    const folder = path.join(loop.repository.root, '.oompa/claims/tasks')
    const [record] = readdirSync(folder).filter((name) => name.endsWith('.claim'))
    const then = Date.now() / 1000 - 300
    utimesSync(path.join(folder, record!), then, then)
    const { stdout } = await loop.oompa(['tasks', 'stale', '--list'])
    expect(stdout.includes('no sign of life for 5 minutes')).toBe(stale)
  }
})

describe('git.hooks', () => {
  /** Hooks that write their name down. */
  const withHooks = (hooks: boolean | undefined): TestLoop => {
    const loop = level2(made, { config: hooks === undefined ? {} : { git: { hooks } } })
    for (const hook of ['post-checkout', 'reference-transaction']) {
      loop.repository.write(
        `.git/hooks/${hook}`,
        `#!/bin/sh\necho "${hook} $1 $(pwd)" >> "$HOME/hooks"\nexit 0\n`,
        0o755,
      )
    }
    return loop
  }
  const written = (loop: TestLoop) => {
    const file = path.join(loop.repository.home, 'hooks')
    return existsSync(file) ? readFileSync(file, 'utf8') : ''
  }

  test('runs the person’s hooks for worktrees and landings', async () => {
    const loop = withHooks(true)
    const ended = await loop.oompa(['run'])
    expect(ended.status, ended.stdout + ended.stderr).toBe(0)
    expect(written(loop)).toMatch(/^post-checkout 0+ .*\.w1-i1$/m)
    expect(written(loop)).toContain('reference-transaction committed')
    expect(loop.events('landing.landed')).toHaveLength(1)
  })

  test('is off unless it is set: then they run for the agent’s commits alone', async () => {
    for (const hooks of [undefined, false]) {
      const loop = withHooks(hooks)
      expect((await loop.oompa(['run'])).status).toBe(0)
      expect(written(loop)).toBe('')
      expect(loop.events('landing.landed')).toHaveLength(1)
    }
  })
})
