// A person's answer that is killed between any two steps, or given twice at one moment: the change has landed once, its
// task is complete once, and nothing of it is left.

import { existsSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { level2, type TestLoop } from '../support/loop.js'

const STEPS = ['stacked', 'tested', 'journal', 'prepared', 'files', 'swapped', 'finished', 'settled']

/** After which main has it, and the one before. */
const LATE = STEPS.slice(4)

/** Once all tasks are taken: what is given back would be taken again. */
const works = (many: number) => `
[ -n "$OOMPA_TASK" ] || exit 0
touch "$HOME/has-$OOMPA_TASK"
until [ -e "$HOME/all" ]; do
  [ $(ls "$HOME" | grep -c '^has-') -lt ${many} ] || touch "$HOME/all"
  sleep 0.1
done
mkdir -p $FOLDER; echo work > "$FOLDER/$OOMPA_TASK.txt"; echo done`

/** Where the tasks are: in files that travel with the work, in files that git ignores, in a document. */
type Kind = 'tracked' | 'ignored' | 'lists' | 'graph'

const STORES: Readonly<Record<Kind, string>> = {
  tracked: 'taskFolder',
  ignored: 'taskFolder',
  lists: 'markdownLists',
  graph: 'taskGraph',
}

/** The tasks as files: one for each step, `swapped-1`. */
function taskFiles(kind: Kind, steps: readonly string[]): Record<string, string> {
  const each = (text: (id: string, summary: string) => string) =>
    steps.map((step) => text(`${step}-1`, `Do ${step}`)).join('')
  if (kind === 'lists') return { 'tasks/pending.md': each((id, summary) => `- [ ] ${id}: ${summary}\n`) }
  if (kind === 'graph') {
    const nodes = each((id, summary) => `  - id: ${id}\n    title: ${summary}\n    status: ready\n`)
    return { 'task-graph.yaml': `nodes:\n${nodes}edges: []\n` }
  }
  return Object.fromEntries(
    steps.map((step) => [
      `tasks/pending/${step}-1.json`,
      `${JSON.stringify({ id: `${step}-1`, summary: `Do ${step}` })}\n`,
    ]),
  )
}

interface Choice {
  readonly config?: Readonly<Record<string, unknown>>
  readonly steps?: readonly string[]
}

/** A repository with a task for each step. */
function withTasks(kind: Kind, folder: string, { config = {}, steps = STEPS }: Choice = {}): TestLoop {
  const tasks = taskFiles(kind, steps)
  const store = STORES[kind]
  const loop = level2(`FOLDER=${folder}; ${works(steps.length)}`, {
    workers: steps.length,
    config,
    files: {
      'hooks/tasks.mjs': `import { ${store} } from 'oompa-loompas'\nexport default ${store}()\n`,
      ...(kind === 'ignored' ? { '.gitignore': 'tasks/\n' } : tasks),
    },
  })
  if (kind === 'ignored') for (const [file, text] of Object.entries(tasks)) loop.repository.write(file, text)
  return loop
}

/** A swarm that has ended: one change for each step, none of them landed, each with its task. */
async function withChanges(kind: Kind, folder: string, choice: Choice = {}): Promise<TestLoop> {
  const loop = withTasks(kind, folder, choice)
  const ended = await loop.run()
  expect(loop.events('iteration.ended'), ended.stdout + ended.stderr).toHaveLength((choice.steps ?? STEPS).length)
  return loop
}

async function tasksIn(loop: TestLoop, state: 'pending' | 'current' | 'complete'): Promise<string[]> {
  const listing: Record<typeof state, { id: string }[]> = JSON.parse((await loop.oompa(['tasks', '--json'])).stdout)
  return listing[state].map(({ id }) => id)
}

/** Kills the answer at each step, asks again, and looks at what there is then. */
async function expectOnce(
  loop: TestLoop,
  answerTo: (step: string) => Promise<string[] | undefined>,
  folder: string,
  steps: readonly string[],
) {
  const { repository } = loop
  for (const step of steps) {
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
    const file = `${folder}/${step}-1.txt`
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
  expect(repository.git(['status', '--porcelain'])).toBe('')
  expect((await tasksIn(loop, 'complete')).sort()).toEqual(steps.map((step) => `${step}-1`).sort())
  repository.git(['fsck', '--strict', '--no-dangling'])
}

describe.each([
  ['tasks that travel with the work', 'tracked' as const, STEPS],
  ['tasks that git ignores', 'ignored' as const, LATE],
])('with %s, an answer that is killed at any step', (_, kind, steps) => {
  test('of `oompa approve` lands once, and completes its task once', async () => {
    const loop = await withChanges(kind, 'hooks', { steps })
    const waiting = async (step: string) => {
      const all = JSON.parse((await loop.oompa(['approvals', '--json'])).stdout || '[]')
      const one = all.find((each: { task?: string }) => each.task === `${step}-1`)
      return one && ['approve', one.id]
    }
    await expectOnce(loop, waiting, 'hooks', steps)
  })

  test('of `oompa salvage` lands once, and completes its task once', async () => {
    const loop = await withChanges(kind, 'made', { steps, config: { merge: { test: 'test -e "$HOME/mended"' } } })
    loop.repository.write('../home/mended', '')
    const left = async (step: string) => {
      const all = JSON.parse((await loop.oompa(['salvage', '--json'])).stdout || '[]')
      const one = all.find((each: { task?: string }) => each.task === `${step}-1`)
      return one && ['salvage', one.name]
    }
    await expectOnce(loop, left, 'made', steps)
  })
})

test.each(['tracked', 'ignored', 'lists', 'graph'] as const)(
  '`oompa merge --task` with %s tasks, killed at any step, lands once, and completes its task once',
  async (kind) => {
    const steps = LATE
    const loop = withTasks(kind, 'made', { steps })
    const { repository } = loop
    for (const step of steps) {
      repository.git(['checkout', '-q', '-b', step, 'main'])
      repository.commit(`Do ${step}`, { [`made/${step}-1.txt`]: 'work\n' })
      repository.git(['checkout', '-q', 'main'])
    }
    for (const step of steps) {
      const claimed = await loop.oompa(['tasks', 'claim', `${step}-1`, '--worker', 'w1', '--pid', `${process.pid}`])
      expect(claimed.status, claimed.stderr).toBe(0)
    }
    const merge = async (step: string) =>
      (await tasksIn(loop, 'complete')).includes(`${step}-1`)
        ? undefined
        : ['merge', step, '--task', `${step}-1`, '--worker', 'w1']
    await expectOnce(loop, merge, 'made', steps)
  },
)

test('of two people who answer at one moment each hears that the change has landed, and it has once', async () => {
  const loop = await withChanges('tracked', 'hooks')
  const all: { id: string; task: string }[] = JSON.parse((await loop.oompa(['approvals', '--json'])).stdout)
  const ends = await Promise.all([...all, ...all].map(({ id }) => loop.oompa(['approve', id])))
  for (const { status, stderr } of ends) expect(status, stderr).toBe(0)
  expect(loop.events('approval.approved')).toHaveLength(all.length)
  expect(loop.repository.git(['rev-list', '--count', '--first-parent', '--merges', 'main'])).toBe(`${all.length}`)
  expect(await tasksIn(loop, 'complete')).toHaveLength(STEPS.length)
  expect(loop.repository.git(['status', '--porcelain'])).toBe('')
})
