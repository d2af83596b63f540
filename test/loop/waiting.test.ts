// Who is asked to plan where nothing is pending, who waits, and how a swarm ends that had nothing else to do.

import { expect, test } from 'vitest'
import { taskFolder } from '../../src/tasks/folder/folder-store.js'
import { level2 } from '../support/loop.js'

const hooks = { 'hooks/tasks.ts': "import { taskFolder } from 'oompa-loompas'\nexport default taskFolder()\n" }

/** Adds two tasks, if there never was one; does the task that it has. */
const WORKER = `
if [ -n "\${OOMPA_TASK:-}" ]; then echo x > "$OOMPA_TASK.txt"; exit 0; fi
[ -e "$HOME/planned" ] && { echo "Nothing is missing."; exit 0; }
touch "$HOME/planned"
oompa tasks add "First" --id first > /dev/null
mkdir -p tasks/pending; echo '{:id "second" :summary "Second"}' > tasks/pending/second.edn
`

test('with hooks/tasks and nothing pending one worker that may plan is asked to, and the others wait for its tasks', async () => {
  const loop = level2(WORKER, { workers: 3, iterations: 4, files: hooks })
  const ended = await loop.oompa(['run'])
  expect(ended.status, ended.stdout + ended.stderr).toBe(0)
  const { pending, current, complete } = await taskFolder('tasks', loop.repository.root).list()
  expect([pending.length, current.length, complete.map((task) => task.id)]).toEqual([0, 0, ['first', 'second']])
  const without = loop.agent.calls().filter((call) => !call.env.OOMPA_TASK)
  expect(without[0]!.input).toContain('No task is pending, and none is yours')
  // Once to begin with; asked in vain, at most once more when everything else has ended.
  expect(without.length).toBeGreaterThanOrEqual(2)
  expect(without.length).toBeLessThanOrEqual(3)
  expect(
    loop
      .events('task.added')
      .map((event) => event.task)
      .sort(),
  ).toEqual(['first', 'second'])
  const planned = loop.events('iteration.ended').filter((event) => event.reason === 'planned 2 tasks')
  expect(planned).toMatchObject([{ outcome: 'done' }])
})

test('a swarm that only planned ends with 0, and says how much it planned', async () => {
  const loop = level2(WORKER, { iterations: 1, files: hooks })
  const ended = await loop.oompa(['run'])
  expect(ended.status, ended.stdout + ended.stderr).toBe(0)
  expect(ended.stdout).toContain('planned 2 tasks')
  expect((await taskFolder('tasks', loop.repository.root).list()).pending).toHaveLength(2)
})

test('workers that may not plan start no agent where nobody may bring a task, and the swarm ends with 3', async () => {
  const loop = level2('echo x > made.txt', {
    files: hooks,
    config: { workers: [{ model: 'command:worker', count: 3, iterations: 5, can_plan: false }] },
  })
  const ended = await loop.oompa(['run'])
  expect(ended.status, ended.stdout + ended.stderr).toBe(3)
  expect(loop.agent.calls()).toEqual([])
})

test('who waits does so for max_wait_for_tasks at most, though somebody is at work', async () => {
  const loop = level2('[ "$OOMPA_WORKER" = w1 ] && sleep 4; echo "$OOMPA_TASK" > "$OOMPA_TASK.txt"', {
    files: { ...hooks, 'tasks/pending/a.edn': '{:id "a" :summary "A"}\n' },
    config: {
      workers: [
        { model: 'command:worker', iterations: 1, can_plan: false },
        {
          model: 'command:worker',
          iterations: 1,
          can_plan: false,
          max_wait_for_tasks: '300ms',
          wait_between: 0,
          story: 'none',
        },
      ],
    },
  })
  await loop.oompa(['run'])
  const second = loop.events('iteration.ended').find((event) => event.worker === 'w2')!
  const first = loop.events('iteration.ended').find((event) => event.worker === 'w1')!
  expect(second.outcome).toBe('nothing')
  expect(second.at < first.at).toBe(true)
})
