// A person's answer that is killed between any two steps, or given twice at one moment: the change has landed once, its
// task is complete once, and nothing of it is left.

import { existsSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { level2, type TestLoop } from '../support/loop.js'

const STEPS = ['stacked', 'tested', 'journal', 'prepared', 'files', 'swapped', 'finished', 'settled']

/** Once all tasks are taken: what is given back would be taken again. */
const works = `
[ -n "$OOMPA_TASK" ] || exit 0
until [ -e "$HOME/all" ]; do
  [ $(ls "$OOMPA_ROOT/tasks/current" | grep -c 'json$') -lt ${STEPS.length} ] || touch "$HOME/all"
  sleep 0.1
done
mkdir -p $FOLDER; echo work > "$FOLDER/$OOMPA_TASK.txt"; echo done`

/** A repository with a task for each step. */
function withTasks(tracked: boolean, folder: string, config: Readonly<Record<string, unknown>> = {}): TestLoop {
  const tasks = STEPS.map((step) => [`tasks/pending/${step}.json`, `{ "id": "${step}", "summary": "Do ${step}" }\n`])
  const loop = level2(`FOLDER=${folder}; ${works}`, {
    workers: STEPS.length,
    config,
    files: {
      'hooks/tasks.mjs': `import { taskFolder } from 'oompa-loompas'\nexport default taskFolder()\n`,
      ...(tracked ? Object.fromEntries(tasks) : { '.gitignore': 'tasks/\n' }),
    },
  })
  if (!tracked) for (const [file = '', text = ''] of tasks) loop.repository.write(file, text)
  return loop
}

/** A swarm that has ended: one change for each step, none of them landed, each with its task. */
async function withChanges(...how: Parameters<typeof withTasks>): Promise<TestLoop> {
  const loop = withTasks(...how)
  const ended = await loop.run()
  expect(loop.events('iteration.ended'), ended.stdout + ended.stderr).toHaveLength(STEPS.length)
  return loop
}

const tasksIn = (loop: TestLoop, state: string) => {
  const folder = path.join(loop.repository.root, 'tasks', state)
  return existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.json')) : []
}

/** Kills the answer at each step, asks again, and looks at what there is then. */
async function expectOnce(loop: TestLoop, answerTo: (id: string) => Promise<string[] | undefined>, folder: string) {
  const { repository } = loop
  for (const step of STEPS) {
    const argv = await answerTo(step)
    expect(argv, step).toBeDefined()
    const died = await loop.oompa(argv!, { env: { ...loop.env, OOMPA_CRASH_AT: step } })
    expect(died.signal, `${step}: ${died.stdout}${died.stderr}`).toBe('SIGKILL')
    const left = await answerTo(step)
    if (left) {
      const again = await loop.oompa(left)
      expect([0, 3], `${step}: ${again.stdout}${again.stderr}`).toContain(again.status)
    }
    expect(await answerTo(step), `${step}: it is still there`).toBeUndefined()
    const file = `${folder}/${step}.txt`
    const landings = repository.git(['log', '--first-parent', '--format=%h', 'main', '--', file])
    expect(landings.split('\n').filter(Boolean), `${step}: landings`).toHaveLength(1)
    expect(existsSync(path.join(repository.root, file)), `${step}: in the checkout`).toBe(true)
  }
  // A person who puts back what the dead have held is told that it has landed.
  const { requeued, left } = JSON.parse((await loop.oompa(['requeue', '--json'])).stdout)
  expect(requeued).toEqual([])
  for (const { reason } of left) expect(reason).toMatch(/its work has landed on main as [0-9a-f]{12}/)
  // What the last moment left is put in order by the next start, which has no task to do.
  const before = loop.swarms()
  const next = await loop.run()
  const [swarm] = loop.swarms().filter((id) => !before.includes(id))
  expect(loop.events('task.claimed', swarm), next.stdout + next.stderr).toEqual([])
  expect([...tasksIn(loop, 'pending'), ...tasksIn(loop, 'current')]).toEqual([])
  expect(repository.git(['status', '--porcelain'])).toBe('')
  expect(tasksIn(loop, 'complete')).toHaveLength(STEPS.length)
  repository.git(['fsck', '--strict', '--no-dangling'])
}

describe.each([
  ['tasks that travel with the work', true],
  ['tasks that git ignores', false],
])('with %s, an answer that is killed at any step', (_, tracked) => {
  test('of `oompa approve` lands once, and completes its task once', async () => {
    const loop = await withChanges(tracked, 'hooks')
    const waiting = async (step: string) => {
      const all = JSON.parse((await loop.oompa(['approvals', '--json'])).stdout || '[]')
      const one = all.find((each: { task?: string }) => each.task === step)
      return one && ['approve', one.id]
    }
    await expectOnce(loop, waiting, 'hooks')
  })

  test('of `oompa salvage` lands once, and completes its task once', async () => {
    const loop = await withChanges(tracked, 'made', { merge: { test: 'test -e "$HOME/mended"' } })
    loop.repository.write('../home/mended', '')
    const left = async (step: string) => {
      const all = JSON.parse((await loop.oompa(['salvage', '--json'])).stdout || '[]')
      const one = all.find((each: { task?: string }) => each.task === step)
      return one && ['salvage', one.name]
    }
    await expectOnce(loop, left, 'made')
  })

  test('of a script by `oompa merge --task` lands once, and completes its task once', async () => {
    const loop = withTasks(tracked, 'made')
    const { repository } = loop
    for (const step of STEPS) {
      repository.git(['checkout', '-q', '-b', step, 'main'])
      repository.commit(`Do ${step}`, { [`made/${step}.txt`]: 'work\n' })
      repository.git(['checkout', '-q', 'main'])
    }
    for (const step of STEPS) {
      const claimed = await loop.oompa(['tasks', 'claim', step, '--worker', 'w1', '--pid', `${process.pid}`])
      expect(claimed.status, claimed.stderr).toBe(0)
    }
    const merge = async (step: string) =>
      tasksIn(loop, 'complete').includes(`${step}.json`) ? undefined : ['merge', step, '--task', step, '--worker', 'w1']
    await expectOnce(loop, merge, 'made')
  })
})

test('of two people who answer at one moment each hears that the change has landed, and it has once', async () => {
  const loop = await withChanges(true, 'hooks')
  const all: { id: string; task: string }[] = JSON.parse((await loop.oompa(['approvals', '--json'])).stdout)
  const ends = await Promise.all([...all, ...all].map(({ id }) => loop.oompa(['approve', id])))
  for (const { status, stderr } of ends) expect(status, stderr).toBe(0)
  expect(loop.events('approval.approved')).toHaveLength(all.length)
  expect(loop.repository.git(['rev-list', '--count', '--first-parent', '--merges', 'main'])).toBe(`${all.length}`)
  expect(tasksIn(loop, 'complete')).toHaveLength(STEPS.length)
  expect(loop.repository.git(['status', '--porcelain'])).toBe('')
})
