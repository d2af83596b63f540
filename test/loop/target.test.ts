// A swarm keeps its target to its end, wherever the person's checkout is by then.

import { existsSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { scriptedAgent } from '../support/agents.js'
import { allEnded, level1Files, level2, loopIn, type TestLoop, until } from '../support/loop.js'
import { testRepository } from '../support/repository.js'

const merge = (options = '') => ({
  'hooks/merge.ts': `import { mergeQueue } from 'oompa-loompas'\nexport default mergeQueue({ ${options} })\n`,
})
const AGAIN =
  'if [ ! -e "$HOME/again" ]; then touch "$HOME/started"; sleep 1000; fi; echo x > "$OOMPA_WORKTREE/$OOMPA_ITERATION"'

/** A swarm that was killed in its first of two iterations. */
async function killed(body = AGAIN, files: Readonly<Record<string, string>> = {}): Promise<TestLoop> {
  const loop = level2(body, { iterations: 2, files, config: { probe: false } })
  const running = loop.start()
  await until(() => existsSync(path.join(loop.repository.home, 'started')), 'the agent')
  running.child.kill('SIGKILL')
  await running.ended
  await allEnded(loop)
  writeFileSync(path.join(loop.repository.home, 'again'), '')
  return loop
}

const files = ({ repository }: TestLoop, branch: string) =>
  repository.git(['ls-tree', '--name-only', branch]).split('\n')

describe('a swarm that is resumed', () => {
  test('lands on the branch on which it began, and the one that is checked out by then stays as it is', async () => {
    const loop = await killed()
    loop.repository.git(['checkout', '-q', '-b', 'other'])
    const other = loop.repository.commit('On another branch', { 'other.txt': 'o' })
    const resumed = await loop.oompa(['resume'])
    expect(resumed.status, resumed.stdout + resumed.stderr).toBe(0)
    expect(loop.repository.git(['rev-parse', 'other'])).toBe(other)
    expect(files(loop, 'main')).toEqual(expect.arrayContaining(['1', '2']))
    expect(files(loop, 'main')).not.toContain('other.txt')
    expect(loop.events('swarm.started').map(({ into }) => into)).toEqual(['main', 'main'])
    expect(loop.repository.git(['status', '--porcelain'])).toBe('')
    loop.repository.git(['checkout', '-q', 'main'])
    expect(loop.repository.git(['status', '--porcelain'])).toBe('')
  })

  test('says so where that branch is gone, or where the checkout lacks the hooks with which it began', async () => {
    const loop = await killed()
    loop.repository.git(['checkout', '-q', '-b', 'other'])
    loop.repository.git(['branch', '-q', '-m', 'main', 'trunk'])
    const gone = await loop.oompa(['resume'])
    expect(gone).toMatchObject({ status: 2, stderr: expect.stringContaining('no such branch') })
    loop.repository.git(['branch', '-q', '-m', 'trunk', 'main'])
    loop.repository.git(['rm', '-q', 'oompa.json'])
    loop.repository.git(['commit', '-qm', 'No configuration here'])
    const lower = await loop.oompa(['resume'])
    expect(lower).toMatchObject({ status: 2, stderr: expect.stringContaining('git checkout main, then oompa resume') })
  })
})

test('the target that hooks/merge names is the one in the log', async () => {
  const repository = testRepository({ ...level1Files, ...merge("into: 'release'") })
  const loop = loopIn(repository, scriptedAgent(repository, 'echo x > made.txt', 'worker'))
  repository.git(['branch', 'release'])
  const ended = await loop.run(['--agent', 'command:worker', '--workers', '1', '--iterations', '1'])
  expect(ended.status, ended.stdout).toBe(0)
  expect(loop.events('swarm.started')[0]).toMatchObject({ into: 'release' })
  expect(loop.events('landing.landed')[0]).toMatchObject({ into: 'release' })
  expect(files(loop, 'release')).toContain('made.txt')
  expect(files(loop, 'main')).not.toContain('made.txt')
})

test('salvage lands on the target of the swarm that made the work, wherever the checkout is, unless told', async () => {
  const loop = level2('echo "$OOMPA_ITERATION" > made.txt', { config: { merge: { test: 'test -e allowed' } } })
  await loop.run()
  loop.repository.commit('Allow it', { allowed: '' })
  loop.repository.git(['checkout', '-q', '-b', 'other'])
  const other = loop.repository.commit('On another branch', { 'other.txt': 'o' })
  const [listed] = JSON.parse((await loop.oompa(['salvage', '--json'])).stdout)
  expect(listed).toMatchObject({ into: 'main', commits: 1 })
  expect((await loop.oompa(['salvage', '--dry-run', '--into', 'other', '--json'])).stdout).toContain('"into": "other"')
  const landed = await loop.oompa(['salvage', '--land'])
  expect(landed.status, landed.stdout + landed.stderr).toBe(0)
  expect(files(loop, 'main')).toContain('made.txt')
  expect(loop.repository.git(['rev-parse', 'other'])).toBe(other)
  expect(loop.repository.git(['status', '--porcelain'])).toBe('')
})
