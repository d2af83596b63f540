// What stands under "Next:" is run as it stands there, and does what it says: what the work of a swarm has come to.
// How a swarm was ended has a file of its own, next-stopped.test.ts.

import { existsSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { allEnded, level1, level2, until } from '../support/loop.js'
import { follow, nextOf } from '../support/next.js'

const TASKS = {
  'hooks/tasks.mjs': "import { taskFolder } from 'oompa-loompas'\nexport default taskFolder()\n",
  'tasks/pending/.gitkeep': '',
}
/** Whose agent is not asked to plan. */
const ONE = { probe: false, workers: [{ model: 'command:worker', iterations: 2, can_plan: false }] }
const MAKES = 'echo "$OOMPA_ITERATION" > "$OOMPA_WORKTREE/made-$OOMPA_ITERATION"'

test('no task: one is added, the next run lands it, and what landed is shown', async () => {
  const loop = level2(MAKES, { files: TASKS, config: ONE })
  const none = await loop.oompa(['run'])
  expect(none.status, none.stdout + none.stderr).toBe(3)
  expect(none.stdout).toContain('  #1  no task – no task is pending')
  expect(await follow(loop, none.stdout)).toMatchObject([
    { command: 'oompa tasks add "what is to be done"', status: 0, stdout: 'what-is-to-be-done\n' },
  ])
  const run = await loop.oompa(['run'])
  expect(run.status, run.stdout + run.stderr).toBe(0)
  // Nobody has committed the task that was added.
  expect(await follow(loop, run.stdout)).toMatchObject([
    { command: expect.stringMatching(/^git add -A -- tasks/), status: 0 },
    { command: 'git log --oneline --first-parent -1 main', status: 0, stdout: expect.stringMatching(/^\S+ .*\n$/) },
  ])
  expect(loop.repository.git(['status', '--porcelain'])).toBe('')
})

test('a task that waits for none, and one that cannot be read, are named, and so is what lists them', async () => {
  const loop = level2(MAKES, { files: TASKS, config: ONE })
  loop.repository.write('tasks/pending/b.edn', '{:id "b" :summary "B" :depends_on ["zzz"]}\n')
  loop.repository.write('tasks/pending/c.edn', '{:id "c" :summ')
  const ended = await loop.oompa(['run'])
  expect(ended.status, ended.stdout + ended.stderr).toBe(3)
  expect(ended.stdout).toContain('  #1  no task – `b` waits for `zzz`, which is no task')
  expect(await follow(loop, ended.stdout)).toMatchObject([
    {
      command: 'oompa tasks lint',
      status: 1,
      stdout: expect.stringMatching(/`zzz`, which is no task/),
    },
  ])
})

test('stopped gently, and crashed: the resume that is named goes on with what was left', async () => {
  const body = `${MAKES}; touch "$HOME/at-$OOMPA_ITERATION"; while [ ! -e "$HOME/go-$OOMPA_ITERATION" ]; do sleep 0.05; done`
  const loop = level2(body, { iterations: 3, config: { probe: false } })
  const at = (iteration: number) =>
    until(() => existsSync(path.join(loop.repository.home, `at-${iteration}`)), `iteration ${iteration}`, 60_000)
  const go = (iteration: number) => loop.repository.write(`../home/go-${iteration}`, '')
  const running = loop.start()
  await at(1)
  await loop.oompa(['stop'])
  await running.prints(/Asked to stop/)
  go(1)
  const stopped = await running.ended
  const [id = ''] = loop.swarms()
  expect(nextOf(stopped.stdout)).toEqual([`oompa resume ${id}`, 'git log --oneline --first-parent -1 main'])

  const resumed = loop.start(['resume', id])
  await at(2)
  resumed.child.kill('SIGKILL')
  await resumed.ended
  await allEnded(loop)
  for (const iteration of [2, 3]) go(iteration)
  const crashed = await loop.oompa(['view', id])
  const [first, second] = await follow(loop, crashed.stdout)
  expect(first).toMatchObject({ command: `oompa resume ${id}`, status: 0 })
  expect(second).toMatchObject({ status: 0, stdout: expect.stringMatching(/^\S+ .*\n$/) })
  expect(loop.repository.git(['ls-tree', '--name-only', 'main']).split('\n')).toEqual(
    expect.arrayContaining(['made-1', 'made-2', 'made-3']),
  )
})

test('refused work, and a change that waits: each is listed', async () => {
  const body =
    'if [ "$OOMPA_ITERATION" = 1 ]; then echo x > "$OOMPA_WORKTREE/bad"; else echo More. >> "$OOMPA_WORKTREE/prompts/worker.md"; fi'
  const loop = level2(body, { iterations: 2, config: { probe: false, review_rounds: 1 } })
  loop.repository.write(
    'hooks/review.sh',
    '#!/bin/sh\n[ ! -e "$OOMPA_WORKTREE/bad" ] || { echo "Not so."; exit 1; }\n',
    0o755,
  )
  loop.repository.commit('A reviewer')
  const ended = await loop.oompa(['run'])
  const [id = ''] = loop.swarms()
  const next = await follow(loop, ended.stdout)
  expect(next).toMatchObject([
    { command: 'oompa approvals', status: 0, stdout: expect.stringContaining('w1-2') },
    { command: `oompa salvage ${id} --dry-run`, status: 0, stdout: expect.stringContaining(`${id}/w1-1: 1 commit`) },
  ])
})

test('level 1: the worktrees are listed; at level 2 their work is named as that of the swarm that made it', async () => {
  const loop = level1(
    'cd "$OOMPA_WORKTREE"; [ "$OOMPA_ITERATION" = 3 ] && exit 1; echo x > made; git add made; git commit -qm made',
  )
  const first = await loop.oompa(['run', '--workers', '1', '--iterations', '1'])
  expect(await follow(loop, first.stdout)).toMatchObject([
    { command: 'oompa worktrees', status: 0, stdout: expect.stringContaining('.w1-i1') },
  ])
  const [id = ''] = loop.swarms()
  loop.repository.commit('Merge', {
    'hooks/merge.mjs': "import { mergeQueue } from 'oompa-loompas'\nexport default mergeQueue()\n",
  })
  const second = await loop.oompa(['run', '--workers', '1', '--iterations', '1'])
  const [salvage, log] = await follow(loop, second.stdout)
  expect(salvage).toMatchObject({
    command: `oompa salvage ${id} --dry-run`,
    status: 0,
    stdout: expect.stringContaining(`${id}/w1-1: 1 commit`),
  })
  expect(log).toMatchObject({ status: 0 })
})

test('an agent that failed: its output is shown', async () => {
  const loop = level2('echo "The disk is on fire." >&2; exit 7', { config: { probe: false } })
  const ended = await loop.oompa(['run'])
  expect(ended.status).toBe(1)
  const [id = ''] = loop.swarms()
  expect(await follow(loop, ended.stdout)).toMatchObject([
    { command: `oompa logs w1 --iteration 1 --swarm ${id}`, status: 0, stdout: expect.stringContaining('on fire') },
  ])
})
