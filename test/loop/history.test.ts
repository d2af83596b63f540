// The person rewrites the target while agents work.

import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { level2, type TestLoop, until } from '../support/loop.js'

const HOLD = 'touch "$HOME/began"; until [ -e "$HOME/did" ]; do sleep 0.05; done'
const ANSWER = `
if grep -q '^<<<<<<<' list.txt; then grep -v '^[<=>|]' list.txt > mended; mv mended list.txt; exit 0; fi`

/** Runs a swarm, in whose first turn the person does something. */
async function meanwhile(loop: TestLoop, act: () => void, exit = 0): Promise<void> {
  const running = loop.start()
  await until(() => existsSync(path.join(loop.repository.home, 'began')), 'the agent')
  act()
  writeFileSync(path.join(loop.repository.home, 'did'), '')
  const ended = await running.ended
  expect(ended.status, ended.stdout + ended.stderr).toBe(exit)
}

const files = ({ repository }: TestLoop, branch = 'main') =>
  repository.git(['ls-tree', '--name-only', branch]).split('\n')

const mistake = { 'secret.txt': 's\n', 'list.txt': 'one\n' }

test('what they amend away stays out, and reviewers read the change’s own files alone', async () => {
  const read =
    "node -e \"let t='';process.stdin.on('data',d=>t+=d).on('end',()=>require('fs').writeFileSync(process.env.HOME+'/read',t))\""
  const loop = level2(`echo mine > mine.txt; git add -A; git commit -qm Mine; ${HOLD}`, {
    files: { ...mistake, 'hooks/review.sh': `#!/bin/sh\n${read}\n` },
    config: { probe: false },
  })
  const { repository } = loop
  repository.git(['update-index', '--chmod=+x', 'hooks/review.sh'])
  repository.git(['checkout-index', '-f', 'hooks/review.sh'])
  const before = repository.commit('A mistake')
  await meanwhile(loop, () => {
    repository.git(['rm', '-q', 'secret.txt'])
    repository.git(['commit', '-q', '--amend', '-m', 'Without it'])
  })
  expect(files(loop)).toContain('mine.txt')
  expect(files(loop)).not.toContain('secret.txt')
  expect(repository.git(['branch', '--contains', before])).toBe('')
  const { files: seen } = JSON.parse(readFileSync(path.join(repository.home, 'read'), 'utf8')).change
  expect(seen.map((one: { path: string }) => one.path)).toEqual(['mine.txt'])
  expect(repository.git(['status', '--porcelain'])).toBe('')
  expect(loop.refs('refs/oompa/kept')).toEqual([])
})

test('a conflict with what they wrote instead goes to its author, and the earlier commits stay until it has landed', async () => {
  const loop = level2(
    `${ANSWER}\necho mine >> list.txt; echo own > own.txt; git add -A; git commit -qm Mine; ${HOLD}`,
    {
      files: { ...mistake, 'list.txt': 'one\nwrong\n' },
      config: { probe: false },
    },
  )
  const { repository } = loop
  await meanwhile(loop, () => {
    repository.git(['rm', '-q', 'secret.txt'])
    repository.write('list.txt', 'one\nright\n')
    repository.git(['commit', '-qa', '--amend', '-m', 'Right'])
  })
  expect(repository.git(['show', 'main:list.txt']).split('\n')).toEqual(
    expect.arrayContaining(['one', 'right', 'mine']),
  )
  expect(files(loop)).toContain('own.txt')
  expect(files(loop)).not.toContain('secret.txt')
  expect(loop.events('landing.refused')[0]).toMatchObject({ reason: 'conflict' })
  const [kept] = loop.events('work.kept')
  expect(kept?.reason).toContain('no longer has')
  expect(loop.refs('refs/oompa/kept')).toEqual([])
})

test('an agent that made nothing has no work of its own in what they took out', async () => {
  const loop = level2(HOLD, { files: mistake, config: { probe: false } })
  loop.repository.commit('A mistake')
  await meanwhile(loop, () => loop.repository.git(['reset', '-q', '--hard', 'HEAD~1']), 3)
  expect(loop.refs('refs/oompa/kept')).toEqual([])
  expect(files(loop)).toEqual(expect.arrayContaining(['secret.txt']))
  expect(loop.repository.git(['log', '--format=%s', 'main'])).toBe('Start')
})
