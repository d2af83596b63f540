// Several task stores in a swarm: each worker with its own, a task that waits for one of another, a loop beside it.

import { existsSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { pending } from '../support/clones.js'
import { level2, until } from '../support/loop.js'

const API = 'tasks/api'
const WEB = 'tasks/web/task-graph.yaml'

const works = `cd "$OOMPA_WORKTREE"
if [ "$OOMPA_TASK" = a1 ]; then touch "$HOME/began"; until test -e "$HOME/go"; do sleep 0.05; done; fi
ls > "$OOMPA_TASK.txt"`

const inApi = (id: string, more = {}) =>
  Object.fromEntries(Object.entries(pending(id, more)).map(([file, text]) => [file.replace('tasks/', `${API}/`), text]))

test('each worker takes tasks of its own stores, waits for one of another, and is told of a loop on the same', async () => {
  const worker = { model: 'command:worker', iterations: 2, can_plan: false }
  const loop = level2(works, {
    config: {
      tasks: { stores: [API, WEB] },
      workers: [
        { ...worker, stores: [API] },
        { ...worker, stores: [WEB] },
      ],
      probe: false,
    },
    files: {
      'hooks/tasks.mjs': "import { taskStores } from 'oompa-loompas'\nexport default taskStores()\n",
      ...inApi('a1', { priority: 0 }),
      ...inApi('a2', { priority: 1 }),
      [WEB]:
        'nodes: # by hand\n  - id: w1\n    title: One\n    status: ready\n  - id: w2\n    title: Two\n    status: ready\nedges:\n  - from: a1\n    to: w1\n',
    },
  })
  const { git, home, root } = loop.repository
  expect((await loop.oompa(['worktree', 'new', 'alpha', '--stores', API])).status).toBe(0)
  expect(await loop.oompa(['worktree', 'new', 'beta', '--stores', 'tasks/x'])).toMatchObject({ status: 2 })
  const alpha = loop.start(['--iterations', '1'], { cwd: `${root}-alpha` })
  await until(() => existsSync(path.join(home, 'began')), 'the loop beside it')
  const swarm = loop.start()
  // The worker of the graph has done what it could, and waits for the other loop's task.
  await until(() => git(['log', '--format=%s', 'main']).includes('Two'), 'the task that waits for nothing')
  writeFileSync(path.join(home, 'go'), '')
  for (const ended of [await alpha.ended, await swarm.ended]) expect(ended.status, ended.stdout + ended.stderr).toBe(0)

  const ids = loop.swarms()
  const main = ids.find((id) => loop.events('swarm.started', id)[0]?.named === undefined)!
  const [api, web] = loop.events('swarm.started', main)[0]!.workers
  const claims = loop.events('task.claimed', main).map(({ worker: by, task }) => [by, task])
  expect(claims.filter(([by]) => by === api!.worker)).toEqual([[api!.worker, 'a2']])
  expect(claims.filter(([by]) => by === web!.worker).map(([, task]) => task)).toEqual(['w2', 'w1'])
  const words = loop.events('note', main).flatMap(({ level, text }) => (level === 'warning' ? text : []))
  expect(words).toEqual([expect.stringMatching(/^The loop in alpha \(swarm \w+\) takes tasks of tasks\/api, too: /)])

  // It worked on top of what it waited for, and each landing has its status.
  expect(git(['show', 'main:w1.txt']).split('\n')).toContain('a1.txt')
  expect(git(['ls-tree', '-r', '--name-only', 'main', `${API}/`]).split('\n')).toEqual([
    `${API}/complete/a1.json`,
    `${API}/complete/a2.json`,
  ])
  expect(git(['show', `main:${WEB}`]).match(/status: complete/g)).toHaveLength(2)
  expect(git(['log', '--first-parent', '-m', '--format=%s', 'main', '--', WEB]).split('\n')).toHaveLength(3)
  expect(git(['status', '--porcelain'])).toBe('')
}, 300_000)
