// A gate begins clean, and what passes in it is what lands: nothing of one change's test is there for the next.

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { gatesFolder } from '../../src/files/paths.js'
import { isRefusal } from '../../src/words.js'
import { recordMade } from '../../src/worktrees/made.js'
import { type LandingRepository, landingRepository } from './support.js'

const gateOf = (repository: LandingRepository) => path.join(gatesFolder(repository.root), 'gate-1')
const notes = (repository: LandingRepository) =>
  repository.events.flatMap((event) => (event.type === 'note' ? [event.text] : []))

test('an ignored file that a failing test made is not there when it is tried again, nor for the next change', async () => {
  const repository = landingRepository({ '.gitignore': 'cache/\n', a: '1\n' })
  // It passes only where an earlier run has left its cache.
  const options = { test: 'test -e cache/x || { mkdir cache; touch cache/x; exit 1; }' }
  for (const name of ['one', 'two']) {
    repository.branch(name, { [name]: '1\n' })
    expect(await repository.land(name, options)).toMatchObject({ refused: 'test' })
  }
  expect(repository.values()).toHaveLength(1)
})

test('what the person’s set-up made from an unchanged lock file stays, unless a test has touched it', async () => {
  const repository = landingRepository({ '.gitignore': 'node_modules/\nout/\n', 'package-lock.json': '{}\n' })
  const { root, home } = repository
  const counts = path.join(home, 'set-ups')
  const prepare = async (worktree: { path: string }) => {
    const script = `[ -e node_modules/tool ] || { mkdir -p node_modules; echo "exit 0" > node_modules/tool; echo x >> '${counts}'; }`
    const { execFileSync } = await import('node:child_process')
    execFileSync('sh', ['-c', script], { cwd: worktree.path })
    await recordMade(root, worktree.path)
  }
  const setUps = () => (existsSync(counts) ? readFileSync(counts, 'utf8').split('\n').length - 1 : 0)
  const land = async (name: string, test: string, files: Readonly<Record<string, string>> = {}) => {
    repository.branch(name, { [name]: '1\n', ...files })
    return repository.land(name, { test, prepare })
  }
  expect(isRefusal(await land('one', 'sh node_modules/tool && mkdir -p out node_modules/.cache && touch out/x'))).toBe(
    false,
  )
  expect(isRefusal(await land('two', 'sh node_modules/tool && test ! -e out && test ! -e node_modules/.cache'))).toBe(
    false,
  )
  expect(setUps(), 'it is not set up anew').toBe(1)
  // A change whose test writes into its packages; the time of the file is set back.
  const poison = 'echo "exit 1" > node_modules/tool; touch -t 200101010000 node_modules/tool; true'
  expect(isRefusal(await land('three', poison))).toBe(false)
  expect(isRefusal(await land('four', 'sh node_modules/tool'))).toBe(false)
  expect(setUps()).toBe(2)
  expect(isRefusal(await land('five', 'sh node_modules/tool', { 'package-lock.json': '{ "other": 1 }\n' }))).toBe(false)
  expect(setUps()).toBe(3)
})

test('a flag by which git looks at a file no more does not hide the next change from its test', async () => {
  const repository = landingRepository({ a: 'old\n', b: 'old\n' })
  repository.branch('one', { one: '1\n' })
  const hide = 'git update-index --skip-worktree a; git update-index --assume-unchanged b; true'
  expect(isRefusal(await repository.land('one', { test: hide }))).toBe(false)
  repository.branch('two', { a: 'broken\n', b: 'broken\n' })
  expect(await repository.land('two', { test: '! grep -q broken a b' })).toMatchObject({ refused: 'test' })
})

test('somebody who writes in a gate while it is tested is noticed, and the change is tested again', async () => {
  const repository = landingRepository({ a: '1\n' })
  const gate = gateOf(repository)
  repository.branch('work', { a: 'broken\n' })
  // The writer comes once, during the first run.
  const writer = `[ -e '${repository.home}/came' ] || { touch '${repository.home}/came'; ( cd /; echo 1 > '${gate}/a' ) & wait; }`
  const refused = await repository.land('work', { test: `${writer}; ! grep -q broken a` })
  expect(refused).toMatchObject({ refused: 'test' })
  expect(repository.values()).toHaveLength(1)
  repository.branch('good', { a: '2\n' })
  const other = writer.replaceAll('came', 'came-again')
  expect(isRefusal(await repository.land('good', { test: `${other}; true` }))).toBe(false)
  expect(notes(repository)).toEqual([expect.stringMatching(/Somebody wrote in .*gate-1.*\(a\): it was tested again/)])
})

test('a test that changes tracked files itself passes, is said once, and is not run twice ever after', async () => {
  const repository = landingRepository({ a: '1\n' })
  const runs = path.join(repository.home, 'runs')
  const test = `echo x >> '${runs}'; date +%N > a; true`
  const count = () => readFileSync(runs, 'utf8').split('\n').length - 1
  for (const [name, total] of [
    ['one', 2],
    ['two', 3],
  ] as const) {
    repository.branch(name, { [name]: '1\n' })
    expect(isRefusal(await repository.land(name, { test }))).toBe(false)
    expect(count()).toBe(total)
  }
  expect(notes(repository)).toEqual([expect.stringContaining('changes files that git tracks (a)')])
  expect(repository.git(['show', 'main:a'])).toBe('1')
})

test('a gate whose git a test has replaced is made anew', async () => {
  const repository = landingRepository({ a: '1\n' })
  repository.branch('one', { one: '1\n' })
  await repository.land('one', { test: `rm .git; ln -s '${repository.root}/.git' .git; false`, retries: 0 })
  repository.write('a', 'edited by the person\n')
  repository.branch('two', { two: '1\n' })
  expect(isRefusal(await repository.land('two', { test: 'test -e two && git status' }))).toBe(false)
  expect(readFileSync(path.join(repository.root, 'a'), 'utf8')).toBe('edited by the person\n')
  expect(readdirSync(gateOf(repository))).toContain('two')
})
