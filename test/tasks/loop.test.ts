// A planner and three executors empty a queue, in the order that its dependencies allow.

import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { readLog, swarmIds } from '../../src/events/log.js'
import { taskFolder } from '../../src/tasks/folder/folder-store.js'
import { oompa } from '../support/oompa.js'
import { testRepository } from '../support/repository.js'

/** Plans six tasks, of which two wait for others; as an executor does its task, if what it builds on is there. */
const agent = `#!/usr/bin/env bash
cat > /dev/null
cd "$OOMPA_WORKTREE" || exit 1
if [ -z "\${OOMPA_TASK:-}" ]; then
  mkdir -p tasks/pending
  for n in 1 2 3 4; do echo "{:id \\"base-$n\\" :summary \\"Base $n\\"}" > "tasks/pending/base-$n.edn"; done
  echo '{:id "middle" :summary "Middle" :priority 0 :depends-on ["base-1" "base-2"]}' > tasks/pending/middle.edn
  echo '{"id": "top", "summary": "Top", "priority": 0, "depends_on": ["middle", "base-3", "base-4"]}' > tasks/pending/top.json
  exit 0
fi
case "$OOMPA_TASK" in
  middle) needs="base-1 base-2" ;;
  top) needs="middle base-3 base-4" ;;
  *) needs="" ;;
esac
for one in $needs; do [ -f "work/$one" ] || { echo "$one is missing"; exit 1; }; done
mkdir -p work
echo "$OOMPA_WORKER" > "work/$OOMPA_TASK"
git add -A && git commit -qm "Do $OOMPA_TASK"
`

for (const kind of ['tracked', 'ignored'] as const) {
  describe(`with ${kind} tasks`, () => {
    it('a planner and three executors empty the queue, and leave the checkout clean', async () => {
      const repository = testRepository({
        '.gitignore': kind === 'ignored' ? '/tasks/\n' : '',
        'prompts/planner.md': 'Plan.\n',
        'prompts/executor.md': 'Do your task.\n',
        'hooks/tasks.ts': "import { taskFolder } from 'oompa-loompas'\nexport default taskFolder('tasks')\n",
        'hooks/merge.ts': "import { mergeQueue } from 'oompa-loompas'\nexport default mergeQueue({})\n",
        'tasks/pending/.gitkeep': '',
      })
      repository.write('.git/info/exclude', '/agent\n')
      const model = `command:${repository.write('agent', agent, 0o755)}`
      repository.commit('Settings', {
        'oompa.json': JSON.stringify({
          planner: { model, prompt: 'prompts/planner.md' },
          workers: [{ model, count: 3, iterations: 6, max_wait_for_tasks: 60, prompt: 'prompts/executor.md' }],
        }),
      })
      const ended = await oompa(['run', '--json'], { cwd: repository.root, env: repository.env })
      expect([ended.status, ended.stderr]).toEqual([0, expect.not.stringContaining('Error')])

      const all = ['base-1', 'base-2', 'base-3', 'base-4', 'middle', 'top']
      const { pending, current, complete } = await taskFolder('tasks', repository.root).list()
      expect([pending, current].map((list) => list.map((task) => task.id))).toEqual([[], []])
      expect(complete.map((task) => task.id).sort()).toEqual(all)
      expect(
        repository
          .git(['ls-tree', '--name-only', 'HEAD', 'work/'])
          .split('\n')
          .map((file) => path.basename(file)),
      ).toEqual(all)
      expect(repository.git(['status', '--porcelain'])).toBe('')

      const events = readLog(repository.root, swarmIds(repository.root)[0]!)
      const order = events.flatMap((event) => (event.type === 'task.completed' ? event.task! : []))
      expect(order.indexOf('top')).toBe(5)
      for (const base of ['base-1', 'base-2']) expect(order.indexOf(base)).toBeLessThan(order.indexOf('middle'))
      for (const task of complete) {
        const commit = String(task.extra['merged-commit'])
        expect(repository.git(['merge-base', '--is-ancestor', commit, 'HEAD'])).toBe('')
      }
    })
  })
}

it('notes of tracked tasks, which no landing carried, are committed when the swarm ends, and pushed where landings are', async () => {
  const repository = testRepository({
    'prompts/worker.md': 'Do your task.\n',
    'hooks/tasks.ts': "import { taskFolder } from 'oompa-loompas'\nexport default taskFolder('tasks')\n",
    'hooks/merge.ts': "import { mergeQueue } from 'oompa-loompas'\nexport default mergeQueue({ push: true })\n",
    'tasks/pending/a.edn': '{:id "a" :summary "Do it"}\n',
    'oompa.json': JSON.stringify({ workers: [{ model: 'command:./fails', iterations: 1 }] }),
    '.gitignore': '/fails\n',
  })
  repository.write('fails', '#!/bin/sh\nexit 1\n', 0o755)
  const bare = path.join(repository.home, 'bare.git')
  repository.git(['clone', '-q', '--bare', repository.root, bare])
  repository.git(['remote', 'add', 'origin', bare])
  const ended = await oompa(['run', '--json'], { cwd: repository.root, env: repository.env })
  expect(ended.status, ended.stderr).toBe(1)
  expect(repository.git(['log', '-1', '--format=%s'])).toBe('Notes of tasks')
  expect(repository.git(['status', '--porcelain'])).toBe('')
  expect(repository.git(['show', 'main:tasks/pending/a.edn'])).toContain(':notes')
  expect(repository.git(['rev-parse', 'main'], bare)).toBe(repository.git(['rev-parse', 'main']))
  const events = readLog(repository.root, swarmIds(repository.root)[0]!)
  expect(events.filter((event) => event.type === 'landing.pushed')).toHaveLength(1)
})

it('a landing does not wait for tasks that others have claimed or a person has added, where all tasks are one file', async () => {
  const repository = testRepository({
    'prompts/worker.md': 'Do your task.\n',
    'hooks/tasks.ts': "import { markdownLists } from 'oompa-loompas'\nexport default markdownLists()\n",
    'tasks/pending.md': ['a', 'b', 'c'].map((id) => `- [ ] Task ${id}\n  - id: ${id}\n`).join(''),
    'oompa.json': JSON.stringify({ workers: [{ model: 'command:./agent', count: 2, iterations: 2, can_plan: false }] }),
    '.gitignore': '/agent\n',
  })
  // The second worker ends its first task only when the first one has landed two.
  repository.write(
    'agent',
    `#!/bin/sh
cat > /dev/null
echo x > "$OOMPA_WORKTREE/$OOMPA_TASK.txt"
[ "$OOMPA_WORKER $OOMPA_ITERATION" = "w2 1" ] || exit 0
for i in $(seq 1 600); do [ "$(git -C "$OOMPA_ROOT" log --first-parent --oneline main | wc -l)" -gt 2 ] && exit 0; sleep 0.1; done
exit 1
`,
    0o755,
  )
  repository.write(
    'tasks/pending.md',
    `${repository.git(['show', 'main:tasks/pending.md'])}\n- [ ] A person's\n  - id: later\n  - depends on: nothing\n`,
  )
  const ended = await oompa(['run', '--json'], { cwd: repository.root, env: repository.env })
  expect(ended.status, ended.stderr).toBe(0)
  const events = readLog(repository.root, swarmIds(repository.root)[0]!)
  expect(events.filter((event) => event.type === 'landing.landed').map((event) => event.worker)).toEqual([
    'w1',
    'w1',
    'w2',
  ])
  expect(events.filter((event) => event.type === 'landing.waiting')).toEqual([])
  // What the person added, and did not commit, is as it was.
  const added = repository
    .git(['diff', '--unified=0', '--', 'tasks/pending.md'])
    .split('\n')
    .filter((line) => /^[+-] /.test(line) || /^[+-]- /.test(line))
  expect(added).toEqual(["+- [ ] A person's", '+  - id: later', '+  - depends on: nothing'])
  expect(repository.git(['show', 'main:tasks/complete.md'])).toContain('id: c')
})
