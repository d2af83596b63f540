// What a swarm does when an agent has changed what makes a folder its worktree: that worker stops, nothing is lost, and
// the person's checkout is as it was.

import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { level1, level2, type TestLoop } from '../support/loop.js'

const withMerge = { 'hooks/merge.ts': "import { mergeQueue } from 'oompa-loompas'\nexport default mergeQueue({})\n" }

/** Edits of the person that no commit has. */
function edited(loop: TestLoop): () => unknown {
  loop.repository.write('spec.md', 'edited by the person\n')
  loop.repository.write('note', 'of the person\n')
  return () => ({
    status: loop.repository.git(['status', '--porcelain', '--', 'spec.md', 'note']),
    main: loop.repository.git(['rev-parse', 'main', 'HEAD']),
    text: readFileSync(path.join(loop.repository.root, 'spec.md'), 'utf8'),
  })
}

/** Commits something first; `git add -A` and `git commit` afterwards are those of an agent that has noticed nothing. */
const loses = (how: string) =>
  `cd "$OOMPA_WORKTREE" && echo one > one && git add -A && git commit -qm one && echo two > two; ${how}; git add -A; git commit -qm two; true`

test.each([
  ['removes its .git file', loses('rm .git'), 'its .git file is gone'],
  ['writes the main git directory into it', loses('echo "gitdir: $OOMPA_ROOT/.git" > .git; exit 0'), 'names another'],
])('level 2: an agent %s', async (_, body, why) => {
  const loop = level2(body, { iterations: 2, files: withMerge })
  const before = edited(loop)
  const was = before()
  const ended = await loop.run()
  const said = ended.stdout + ended.stderr
  expect(before(), said).toEqual(was)
  expect(loop.agent.calls(), 'the worker stops').toHaveLength(1)
  expect(loop.events('landing.landed')).toEqual([])
  const [end] = loop.events('iteration.ended')
  expect(end).toMatchObject({ outcome: 'failed', reason: expect.stringContaining(why), kept: expect.any(String) })
  expect(end?.reason).toContain("printf 'gitdir: ")
  expect(loop.repository.git(['show', `${end?.kept}:one`])).toBe('one')
  expect(readFileSync(path.join(loop.repository.root, '.w1-i1/two'), 'utf8')).toBe('two\n')
  expect(said.split('\n').filter((line) => line.includes(why)).length, said).toBeGreaterThan(0)
  // The next start does not take it for its own, and is not kept from work by it.
  const again = await loop.run(['--iterations', '1'])
  expect(loop.agent.calls().map(({ env }) => env.OOMPA_WORKER)).toEqual(['w1', 'w2'])
  expect(again.stdout).toContain('So no worker of this swarm is w1.')
  const [check, cleanup] = [await loop.oompa(['check', '--json']), await loop.oompa(['cleanup', '--dry-run'])]
  expect(JSON.parse(check.stdout)).toContainEqual(
    expect.objectContaining({ check: 'worktrees', warning: true, text: expect.stringContaining(why) }),
  )
  expect(cleanup.stdout).toMatch(/^left \.w1-i1: .*is not the worktree that it was/m)
  expect(before()).toEqual(was)
  expect(readFileSync(path.join(loop.repository.root, '.w1-i1/two'), 'utf8')).toBe('two\n')
})

test('level 1: the worker stops, and its files stay', async () => {
  const loop = level1('cd "$OOMPA_WORKTREE" && echo two > two && rm .git')
  const before = edited(loop)
  const was = before()
  const ended = await loop.run([], { env: { ...loop.env, WORKERS: '1', ITERATIONS: '3' } })
  expect(loop.agent.calls(), ended.stdout + ended.stderr).toHaveLength(1)
  expect(loop.events('iteration.ended')[0]?.reason).toContain('its .git file is gone')
  expect(before()).toEqual(was)
  expect(existsSync(path.join(loop.repository.root, '.w1-i1/two'))).toBe(true)
})

test('git works in a worktree’s folders, and at level 1 in the main checkout’s, as ever', async () => {
  const deep = 'mkdir -p deep/er && cd deep/er && git rev-parse --show-toplevel > "$HOME/top"; true'
  const tops = await Promise.all(
    [level2(deep, { files: withMerge }), level1(deep)].map(async (loop) => {
      await loop.run([], { env: { ...loop.env, WORKERS: '1', ITERATIONS: '1' } })
      return path.relative(loop.repository.root, readFileSync(path.join(loop.repository.home, 'top'), 'utf8').trim())
    }),
  )
  expect(tops).toEqual(['.w1-i1', ''])
})
