// A swarm under which somebody removes what it has written down.

import { readdirSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { type Level2Options, level2, type TestLoop } from '../support/loop.js'

const files = {
  'hooks/tasks.mjs': "import { taskFolder } from 'oompa-loompas'\nexport default taskFolder()\n",
  'tasks/pending/one.json': '{ "id": "one", "summary": "The first" }\n',
  'tasks/pending/two.json': '{ "id": "two", "summary": "The second" }\n',
}

const worker = { model: 'command:worker', iterations: 1, can_plan: false }

/** Two agents that do their tasks; when both are at work, the first one does this in the main checkout. */
function swept(sweep: string, options: Level2Options = {}): TestLoop {
  const there = (name: string) => `until test -e "$HOME/${name}"; do sleep 0.05; done`
  const body = `cd "$OOMPA_WORKTREE"; echo done > "$OOMPA_TASK.txt"; git add -A; git commit -qm "Do $OOMPA_TASK"
touch "$HOME/at-$OOMPA_WORKER"; ${there('at-w1')}; ${there('at-w2')}
if test $OOMPA_WORKER = w1; then (cd "$OOMPA_ROOT"; ${sweep}); touch "$HOME/swept"; fi; ${there('swept')}`
  return level2(body, { files, config: { probe: false, workers: [{ ...worker, count: 2 }] }, ...options })
}

const namesIn = (loop: TestLoop, state: string) => readdirSync(path.join(loop.repository.root, 'tasks', state)).sort()

describe('a swarm at work', () => {
  test.each(['rm -rf .oompa/claims', 'git clean -fdxq'])(
    'completes its tasks after `%s`, and its log is whole',
    async (sweep) => {
      const loop = swept(sweep)
      const ended = await loop.run()
      expect(ended.status).toBe(0)
      expect(
        loop
          .events('task.completed')
          .map(({ task }) => task)
          .sort(),
      ).toEqual(['one', 'two'])
      expect(loop.events('swarm.started')).toHaveLength(1)
      expect(loop.events('swarm.stopped')).toMatchObject([{ status: 0 }])
      expect(
        loop.repository.git(['ls-tree', '-r', '--name-only', 'main', 'tasks', 'one.txt', 'two.txt']).split('\n'),
      ).toEqual(['one.txt', 'tasks/complete/one.json', 'tasks/complete/two.json', 'two.txt'])
      expect(ended.stderr).not.toContain('Cannot write down')
    },
  )

  test('that finds nothing pending names the tasks that stand in current without a claim, with the command', async () => {
    const stranded = {
      'hooks/tasks.mjs': files['hooks/tasks.mjs'],
      'tasks/current/one.json': files['tasks/pending/one.json'],
      'tasks/current/two.json': files['tasks/pending/two.json'],
    }
    const loop = swept('true', { files: stranded })
    const ended = await loop.run()
    expect(ended.status).toBe(3)
    expect(
      ended.stdout.match(/without a claim record\. If nobody works on them: oompa requeue one two/g),
    ).not.toBeNull()
    expect(loop.events('note').filter(({ text }) => text.includes('oompa requeue'))).toHaveLength(1)
    expect((await loop.oompa(['requeue', 'one', 'two'])).status).toBe(0)
    expect(namesIn(loop, 'pending')).toEqual(['one.json', 'two.json'])
    const again = await loop.run()
    expect(again.status).toBe(0)
    // That a person has committed them in current is in nobody's way.
    expect(namesIn(loop, 'complete')).toEqual(['one.json', 'two.json'])
    expect(loop.repository.git(['status', '--porcelain'])).toBe('')
  })
})
