import { expect, test } from 'vitest'
import { oompa } from '../support/oompa.js'
import { testRepository } from '../support/repository.js'

test('at level 1 it is the input to the byte', async () => {
  const { root, env, write } = testRepository()
  write('prompts/worker.md', 'Goal: {task_status}')
  const { status, stdout } = await oompa(['prompt', '--worker', 'w2'], { cwd: root, env })
  expect(status).toBe(0)
  expect(stdout).toBe('Worktree: .w2-i1\nGoal: {task_status}')
})

test('from level 2 on it has the tag, the tasks, the prompts and who lands the work', async () => {
  const { root, env, write } = testRepository()
  write('prompts/worker.md', 'There: {pending_tasks}')
  write('tasks/pending/a.json', '{"id":"a","summary":"First thing"}')
  write('oompa.json', '{"workers":[{"model":"claude:opus"}]}')
  const { status, stdout, stderr } = await oompa(['prompt'], { cwd: root, env })
  expect(stderr).toBe('')
  expect(status).toBe(0)
  expect(stdout).toMatch(/^\[oompa:<swarm>:w1\] /)
  expect(stdout).toContain('CLAIM(id)')
  expect(stdout).toContain('There: - a: First thing')
  expect(stdout.trimEnd().split('\n').at(-1)).toContain('The loop lands your work on main')
  const json = JSON.parse((await oompa(['prompt', '--json'], { cwd: root, env })).stdout)
  expect(json).toMatchObject({ worker: 'w1', agent: 'claude:opus', level: 2, prompt: stdout })
})

test('merge: false says that the work stays on its branch', async () => {
  const { root, env, write } = testRepository()
  write('prompts/worker.md', 'x')
  write('oompa.json', '{"workers":[{}],"merge":false}')
  expect((await oompa(['prompt'], { cwd: root, env })).stdout).toContain('the loop keeps it there')
})

test('an unknown worker, and a missing prompt, are status 2', async () => {
  const { root, env, write } = testRepository()
  expect(await oompa(['prompt'], { cwd: root, env })).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('oompa init'),
  })
  write('prompts/worker.md', 'x')
  expect(await oompa(['prompt', '--worker', 'w9'], { cwd: root, env })).toMatchObject({ status: 2 })
  expect(await oompa(['prompt', ''], { cwd: root, env })).toMatchObject({ status: 2 })
})
