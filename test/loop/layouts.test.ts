// Swarms in repositories that are laid out otherwise: bare with worktrees, moved, with a branch called `oompa`.

import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { scriptedAgent } from '../support/agents.js'
import { level1Files, level2, loopIn, type TestLoop, until } from '../support/loop.js'
import { repositoryAt, testRepository } from '../support/repository.js'

const works =
  'cd "$OOMPA_WORKTREE" && echo "$(pwd)" > "$(basename "$OOMPA_ROOT").txt" && git add -A && git commit -qm work; echo done'
const config = '{ "workers": [{ "model": "command:worker", "iterations": 1 }], "merge": { "test": "true" } }\n'

/** A bare clone with the worktrees `main` and `feature` beside it, and a loop in each. */
function bareLayout(
  files: Readonly<Record<string, string>>,
  body = works,
): { project: string; main: TestLoop; feature: TestLoop } {
  const source = testRepository(files)
  const project = path.join(path.dirname(source.root), 'project')
  mkdirSync(project)
  source.git(['clone', '-q', '--bare', source.root, path.join(project, '.bare')])
  writeFileSync(path.join(project, '.git'), 'gitdir: ./.bare\n')
  source.git(['worktree', 'add', '-q', 'main', 'main'], project)
  source.git(['worktree', 'add', '-q', 'feature', '-b', 'feature'], project)
  const loop = (name: string) => {
    const repository = repositoryAt(path.join(project, name), source.home)
    return loopIn(repository, scriptedAgent(repository, body, 'worker'))
  }
  return { project, main: loop('main'), feature: loop('feature') }
}

describe('a bare clone with a worktree for each branch', () => {
  test('level 1: worktrees stand beside the files of the worktree where it was started', async () => {
    const { project, main } = bareLayout(level1Files)
    const env = { ...main.env, WORKERS: '1', ITERATIONS: '2' }
    const ended = await main.run(['--agent', 'command:worker'], { env })
    expect(ended.status, ended.stdout + ended.stderr).toBe(0)
    expect(main.repository.git(['status', '--porcelain'])).toBe('')
    expect(main.refs('refs/heads/oompa/')).toEqual(['refs/heads/oompa/w1-i1', 'refs/heads/oompa/w1-i2'])
    expect(existsSync(path.join(project, 'main/.w1-i1/main.txt'))).toBe(true)
    expect((await main.oompa(['worktrees'])).stdout).toContain('.w1-i1')
    expect((await main.oompa(['merge', 'oompa/w1-i1'])).status).toBe(0)
    expect((await main.oompa(['cleanup'])).stdout).toContain('removed .w1-i1')
    expect(existsSync(path.join(project, '.bare/index'))).toBe(false)
  })

  test('level 2: from each worktree work lands on its branch, and its files follow', async () => {
    const { project, main, feature } = bareLayout({ ...level1Files, 'oompa.json': config })
    for (const [loop, branch] of [
      [main, 'main'],
      [feature, 'feature'],
    ] as const) {
      const ended = await loop.run()
      expect(ended.status, ended.stdout + ended.stderr).toBe(0)
      expect(loop.repository.git(['status', '--porcelain'])).toBe('')
      expect(existsSync(path.join(project, branch, `${branch}.txt`))).toBe(true)
      expect(loop.repository.git(['ls-tree', '--name-only', branch])).toContain(`${branch}.txt`)
    }
    expect(main.repository.git(['ls-tree', '--name-only', 'main'])).not.toContain('feature.txt')
    expect(existsSync(path.join(project, '.bare/index'))).toBe(false)
  })
})

test('two swarms in two worktrees of a bare clone have workers of their own, and clean nothing of the other’s away', async () => {
  const waits = `if [ "$(basename "$OOMPA_ROOT")" = main ]; then until [ -e "$HOME/go" ]; do sleep 0.05; done; fi`
  const { project, main, feature } = bareLayout({ ...level1Files, 'oompa.json': config }, `${waits}\n${works}`)
  const first = main.start()
  await until(() => main.events('agent.started').length > 0, 'the first agent')
  const second = await feature.run()
  expect(second.status, second.stdout + second.stderr).toBe(0)
  expect(feature.events('landing.landed').map((event) => event.worker)).toEqual(['w2'])
  expect((await feature.oompa(['cleanup'])).status).toBe(0)
  expect(main.repository.git(['rev-parse', 'oompa/w1-i1'])).toBe(main.repository.git(['rev-parse', 'main']))
  writeFileSync(path.join(main.repository.home, 'go'), '')
  const ended = await first.ended
  expect(ended.status, ended.stdout + ended.stderr).toBe(0)
  for (const name of ['main', 'feature']) expect(existsSync(path.join(project, name, `${name}.txt`))).toBe(true)
})

test('a repository that was moved says how to repair its worktrees, and then goes on with what is in them', async () => {
  const loop = level2('cd "$OOMPA_WORKTREE" && cp "$INPUT" seen && git add seen && git commit -qm work; echo done')
  const { root, home } = loop.repository
  loop.repository.git(['worktree', 'add', '-q', '.w1-i1', '-b', 'oompa/w1-i1'])
  writeFileSync(path.join(root, '.w1-i1/unsaved.txt'), 'work of before\n')
  const moved = path.join(path.dirname(root), 'moved')
  renameSync(root, moved)
  const again = loopIn(repositoryAt(moved, home), loop.agent)
  for (const args of [['run'], ['worktrees'], ['cleanup']]) {
    const ended = await again.oompa(args)
    expect(ended.status).toBe(2)
    expect(ended.stderr).toContain('was moved')
    expect(ended.stderr).toContain(`→ cd ${moved} && git worktree repair .w1-i1`)
  }
  expect((await again.oompa(['check'])).stdout).toContain('git worktree repair .w1-i1')
  expect(again.agent.calls()).toEqual([])
  again.repository.git(['worktree', 'repair', '.w1-i1'])
  const ended = await again.run()
  expect(ended.status, ended.stdout + ended.stderr).toBe(0)
  const [kept] = again.refs('refs/oompa/kept/')
  expect(again.repository.git(['show', `${kept}:unsaved.txt`])).toBe('work of before')
  expect(readFileSync(path.join(moved, 'seen'), 'utf8')).not.toBe('')
})

test.each([1, 2])('a branch called `oompa` is found before any agent is started, at level %i', async (level) => {
  const loop = level2(works, { iterations: 1 })
  loop.repository.git(['branch', 'oompa'])
  if (level === 1) loop.repository.git(['rm', '-q', 'oompa.json'])
  const env = { ...loop.env, WORKERS: '1', ITERATIONS: '1', OOMPA_AGENT: 'command:worker' }
  const ended = await loop.run([], { env })
  expect(ended.status).toBe(2)
  expect(ended.stderr).toContain('There is a branch `oompa`')
  expect(ended.stderr).toContain('→ git branch -m oompa ANOTHER-NAME')
  expect(loop.agent.calls()).toEqual([])
  expect((await loop.oompa(['check'])).stdout).toContain('git branch -m oompa')
  loop.repository.git(['branch', '-m', 'oompa', 'another-name'])
  expect((await loop.run([], { env })).status).toBe(0)
})
