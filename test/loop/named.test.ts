// Loops in named worktrees: the same folder and branch from one iteration to the next, landing as everything else does.

import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { claiming, pending } from '../support/clones.js'
import { allEnded, level2, type TestLoop, until } from '../support/loop.js'

/** Notes what it found, leaves something that git ignores, and makes a file of its task's name. */
const works = `cd "$OOMPA_WORKTREE"
if [ "$OOMPA_TASK" = slow ]; then echo half > half.txt; touch "$HOME/began"; until test -e "$HOME/go"; do sleep 0.05; done; fi
ls > "$OOMPA_TASK.txt"; date +%s%N >> notes.ignored`

const tasks = {
  ...claiming,
  '.gitignore': '*.ignored\n',
  ...pending('a1', { story: 'a' }),
  ...pending('a2', { story: 'a', 'depends-on': ['b1'] }),
  ...pending('b1', { story: 'b' }),
}

function withWorktrees(files: Readonly<Record<string, string>> = tasks): TestLoop {
  const workers = [{ model: 'command:worker', count: 2, iterations: 2, can_plan: false }]
  return level2(works, { files, config: { workers, probe: false } })
}

const beside = ({ repository }: TestLoop, name: string) => `${repository.root}-${name}`

describe('a loop in a named worktree', () => {
  test('works there, on its branch and its story, sees what it left, lands, and its branch follows', async () => {
    const loop = withWorktrees()
    const { git, root } = loop.repository
    for (const [name, story] of [
      ['alpha', 'a'],
      ['beta', 'b'],
    ]) {
      expect((await loop.oompa(['worktree', 'new', name!, '--story', story!])).status).toBe(0)
    }
    const ended = await loop.oompa(['run', '--worktrees', 'alpha,beta'])
    expect(ended.status, ended.stdout + ended.stderr).toBe(0)
    expect(ended.stdout).toMatch(/^alpha {2}.*took a1$/m)
    const calls = loop.agent.calls().map(({ cwd, env }) => [env.OOMPA_TASK, cwd, env.OOMPA_BRANCH])
    expect(calls.sort()).toEqual([
      ['a1', beside(loop, 'alpha'), 'feature/alpha'],
      ['a2', beside(loop, 'alpha'), 'feature/alpha'],
      ['b1', beside(loop, 'beta'), 'feature/beta'],
    ])
    // It waited for another loop's task, and worked on top of it, in a folder that keeps what git ignores.
    expect(git(['show', 'main:a2.txt']).split('\n')).toEqual(expect.arrayContaining(['b1.txt', 'notes.ignored']))
    expect(git(['log', '--first-parent', '--format=%s', 'main']).split('\n').slice(0, 3)).toEqual(
      expect.arrayContaining(["Merge branch 'feature/alpha': The task a2", "Merge branch 'feature/beta': The task b1"]),
    )
    expect(git(['rev-parse', 'feature/alpha'])).toBe(git(['rev-parse', 'main']))
    expect(git(['status', '--porcelain'])).toBe('')
    expect(git(['status', '--porcelain'], beside(loop, 'alpha'))).toBe('')
    expect(existsSync(path.join(beside(loop, 'alpha'), '.ralph/heartbeat'))).toBe(true)
    // In its worktree, `oompa logs` means that loop, whatever ran last.
    for (const name of ['alpha', 'beta']) {
      const swarm = loop.swarms().find((id) => loop.events('swarm.started', id)[0]?.named === name)
      const logs = await loop.oompa(['logs', '--json'], { cwd: beside(loop, name) })
      expect([logs.stderr, JSON.parse(logs.stdout)]).toEqual([
        '',
        [expect.objectContaining({ file: expect.stringContaining(swarm!) })],
      ])
    }
    expect(git(['worktree', 'list', '--porcelain']).match(/^worktree /gm)).toHaveLength(3)
    expect(existsSync(path.join(root, '.w1-i1'))).toBe(false)
  }, 300_000)

  test('that is killed goes on with what it left, committed or not; a second one there is refused', async () => {
    const loop = withWorktrees({ ...tasks, ...pending('slow', { priority: 0 }) })
    const { git, home } = loop.repository
    const cwd = beside(loop, 'alpha')
    expect((await loop.oompa(['worktree', 'new', 'alpha'])).status).toBe(0)
    const running = loop.start([], { cwd })
    await until(() => existsSync(path.join(home, 'began')), 'the agent', 100_000)
    const second = await loop.oompa(['run'], { cwd })
    expect(second).toMatchObject({ status: 4, stderr: expect.stringContaining('a loop in the worktree alpha already') })
    running.child.kill('SIGKILL')
    await running.ended
    await allEnded(loop, 30_000)
    expect(readFileSync(path.join(cwd, 'half.txt'), 'utf8')).toBe('half\n')
    writeFileSync(path.join(home, 'go'), '')
    const ended = await loop.oompa(['run', '--iterations', '1'], { cwd })
    expect(ended.status, ended.stdout + ended.stderr).toBe(0)
    expect(git(['show', 'main:slow.txt'])).toContain('half.txt')
    expect(git(['show', 'main:half.txt'])).toBe('half')
    expect(git(['rev-parse', 'feature/alpha'])).toBe(git(['rev-parse', 'main']))
  }, 300_000)

  test('brings nothing back that was taken out of the target after it had landed; what a person moved to it stays', async () => {
    const one = pending('a1', { story: 'a' })
    const loop = withWorktrees({ ...claiming, '.gitignore': '*.ignored\n', ...one })
    const { git, root } = loop.repository
    const alpha = beside(loop, 'alpha')
    await loop.oompa(['worktree', 'new', 'alpha', '--story', 'a'])
    expect((await loop.run([], { cwd: alpha })).status).toBe(0)
    const landed = git(['rev-parse', 'feature/alpha'])
    // Somebody else has done it meanwhile, in another way.
    git(['reset', '-q', '--hard', `${landed}^1`])
    loop.repository.commit('Another a1', { 'a1.txt': 'of somebody else', ...pending('a3', { story: 'a' }) })
    git(['rm', '-q', 'tasks/pending/a1.json'])
    git(['commit', '-q', '-m', 'It is done'])
    expect(git(['rev-parse', 'feature/alpha'])).toBe(landed)
    const again = await loop.run([], { cwd: alpha })
    expect(again.status, again.stdout + again.stderr).toBe(0)
    expect(git(['show', 'main:a1.txt'])).toBe('of somebody else')
    expect(git(['show', 'main:a3.txt'])).toContain('a1.txt')
    expect(git(['merge-base', '--all', landed, 'main'])).not.toBe(landed)

    // Committed to main by mistake, and moved to the branch.
    loop.repository.commit('Mine', { 'mine.txt': 'mine', ...pending('a4', { story: 'a' }) })
    git(['reset', '-q', '--hard', 'main'], alpha)
    git(['reset', '-q', '--hard', 'main^'])
    loop.repository.commit('Later', { 'later.txt': 'later', ...pending('a5', { story: 'a' }) })
    expect((await loop.run([], { cwd: alpha })).status).toBe(0)
    expect(git(['show', 'main:mine.txt'])).toBe('mine')
    expect(existsSync(path.join(root, 'mine.txt'))).toBe(true)
  }, 300_000)

  test('is none in any other linked worktree: --here is refused there, and what else runs says where', async () => {
    const loop = withWorktrees({})
    const { git, home, root } = loop.repository
    const cwd = path.join(home, 'other')
    git(['worktree', 'add', '-q', '-b', 'other', cwd])
    const before = git(['rev-parse', 'main'])
    const here = await loop.oompa(['run', '--here'], { cwd })
    expect(here).toMatchObject({ status: 2, stderr: expect.stringContaining('--here means the main checkout') })
    const dry = await loop.oompa(['run', '--dry-run'], { cwd })
    expect(dry).toMatchObject({ status: 0, stderr: expect.stringContaining(`runs in the main checkout, ${root}`) })
    const missing = await loop.oompa(['run', '--worktrees', 'gamma'])
    expect(missing).toMatchObject({ status: 2, stderr: expect.stringContaining('oompa worktree new gamma') })
    expect(git(['rev-parse', 'main'])).toBe(before)
    expect(loop.agent.calls()).toEqual([])
  }, 300_000)
})
