// A checkout that moves under a swarm whose tasks are tracked: status is written into no checkout that is not on the
// target, nothing of ours keeps the person from coming back, and no task stands twice.

import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { allEnded, level2, type TestLoop, until } from '../support/loop.js'

const task = (id: string, more = '') => `{:id "${id}" :summary "Do ${id}"${more}}\n`
const TASKS = {
  'hooks/tasks.ts': `import { taskFolder } from 'oompa-loompas'\nexport default taskFolder()\n`,
  'tasks/pending/a.edn': task('a', ' :priority 1'),
  'tasks/pending/b.edn': task('b', ' :priority 2'),
  'tasks/pending/c.edn': task('c', ' :priority 3'),
  'tasks/complete/.keep': '',
}
const LISTS = {
  'hooks/tasks.ts': `import { markdownLists } from 'oompa-loompas'\nexport default markdownLists()\n`,
  'tasks/pending.md': '# Pending\n\n- [ ] a: Do a\n- [ ] b: Do b\n- [ ] c: Do c\n',
  'tasks/in_progress.md': '# In progress\n',
  'tasks/complete.md': '# Complete\n',
}

/** The agent says which iteration began, and waits for the person where the person has something to do in it. */
const WORK = `
touch "$HOME/began-$OOMPA_ITERATION"
if [ -e "$HOME/hold-$OOMPA_ITERATION" ]; then until [ -e "$HOME/did-$OOMPA_ITERATION" ]; do sleep 0.05; done; fi
if [ -e "$HOME/nothing-$OOMPA_ITERATION" ]; then echo "I could not."; exit 0; fi
echo "$OOMPA_TASK" > "$OOMPA_WORKTREE/made-$OOMPA_ITERATION.txt"`

interface Story {
  readonly files?: Readonly<Record<string, string>>
  readonly iterations?: number
  /** What the person does while the agent of that iteration works. */
  readonly meanwhile: Readonly<Record<number, (loop: TestLoop) => void>>
  readonly nothing?: readonly number[]
  readonly exit?: number
  readonly config?: Readonly<Record<string, unknown>>
}

async function play({
  files = TASKS,
  iterations = 2,
  meanwhile,
  nothing = [],
  exit = 0,
  config,
}: Story): Promise<TestLoop> {
  const loop = level2(WORK, { files, iterations, config: { probe: false, ...config } })
  const { home } = loop.repository
  const mark = (name: string) => writeFileSync(path.join(home, name), '')
  loop.repository.git(['branch', 'other'])
  for (const number of Object.keys(meanwhile)) mark(`hold-${number}`)
  for (const number of nothing) mark(`nothing-${number}`)
  const running = loop.start()
  for (const [number, act] of Object.entries(meanwhile)) {
    await until(() => existsSync(path.join(home, `began-${number}`)), `iteration ${number}`)
    act(loop)
    mark(`did-${number}`)
  }
  const ended = await running.ended
  expect(ended.status, ended.stdout + ended.stderr).toBe(exit)
  return loop
}

const checkout = (branch: string) => (loop: TestLoop) => loop.repository.git(['checkout', '-q', branch])
const status = ({ repository }: TestLoop) => repository.git(['status', '--porcelain', '--untracked-files=all'])
const inTree = ({ repository }: TestLoop, branch: string) =>
  repository
    .git(['ls-tree', '-r', '--name-only', branch, 'tasks'])
    .split('\n')
    .filter((name) => !name.endsWith('.keep'))
const onDisk = ({ repository: { root } }: TestLoop) =>
  ['pending', 'current', 'complete'].flatMap((state) => {
    const folder = path.join(root, 'tasks', state)
    return existsSync(folder)
      ? readdirSync(folder)
          .filter((name) => !name.startsWith('.'))
          .map((name) => `tasks/${state}/${name}`)
      : []
  })

const ALL_PENDING = ['tasks/pending/a.edn', 'tasks/pending/b.edn', 'tasks/pending/c.edn']
const TWO_DONE = ['tasks/complete/a.edn', 'tasks/complete/b.edn', 'tasks/pending/c.edn']

describe('while the person is on another branch', () => {
  test('the swarm goes on: what it claims and completes stands on its target, and not in their checkout', async () => {
    const loop = await play({
      meanwhile: {
        1: checkout('other'),
        2: (at) => {
          expect(status(at)).toBe('')
          expect(onDisk(at)).toEqual(ALL_PENDING)
        },
      },
    })
    expect(loop.repository.git(['symbolic-ref', '--short', 'HEAD'])).toBe('other')
    expect(status(loop)).toBe('')
    expect(onDisk(loop)).toEqual(ALL_PENDING)
    expect(inTree(loop, 'other')).toEqual(ALL_PENDING)
    expect(inTree(loop, 'main')).toEqual(TWO_DONE)
    expect(loop.events('task.completed').map((event) => event.task)).toEqual(['a', 'b'])
    checkout('main')(loop)
    expect(status(loop)).toBe('')
    expect(onDisk(loop)).toEqual(['tasks/pending/c.edn', 'tasks/complete/a.edn', 'tasks/complete/b.edn'])
    expect(existsSync(path.join(loop.repository.root, '.oompa/away/main'))).toBe(false)
  })

  test('they may come back in the middle: the claim is where it was, and no task stands twice', async () => {
    const loop = await play({
      iterations: 3,
      meanwhile: {
        1: checkout('other'),
        2: (at) => {
          checkout('main')(at)
          const moved = () => onDisk(at).includes('tasks/current/b.edn')
          for (const end = Date.now() + 10_000; !moved() && Date.now() < end; );
          expect(onDisk(at)).toEqual(['tasks/pending/c.edn', 'tasks/current/b.edn', 'tasks/complete/a.edn'])
        },
      },
    })
    expect(onDisk(loop)).toEqual(['a', 'b', 'c'].map((id) => `tasks/complete/${id}.edn`))
    expect(inTree(loop, 'main')).toEqual(['a', 'b', 'c'].map((id) => `tasks/complete/${id}.edn`))
    expect(status(loop)).toBe('')
  })

  test('a branch whose tasks are others keeps them, and what they commit there has nothing of ours', async () => {
    const loop = await play({
      meanwhile: {
        1: (at) => {
          at.repository.git(['checkout', '-q', '-b', 'elsewhere', 'other'])
          const back = () => existsSync(path.join(at.repository.root, 'tasks/pending/a.edn'))
          for (const end = Date.now() + 10_000; !back() && Date.now() < end; );
          at.repository.git(['mv', 'tasks/pending/c.edn', 'tasks/complete/c.edn'])
          at.repository.commit('On another branch', { 'tasks/pending/d.edn': task('d') })
        },
      },
    })
    const theirs = ['complete/c', 'pending/a', 'pending/b', 'pending/d'].map((name) => `tasks/${name}.edn`)
    expect(inTree(loop, 'elsewhere')).toEqual(theirs)
    expect(status(loop)).toBe('')
    expect(inTree(loop, 'main')).toEqual(TWO_DONE)
    checkout('main')(loop)
    expect(status(loop)).toBe('')
  })

  test('a task that is given back has its notes on the target', async () => {
    const loop = await play({ iterations: 1, nothing: [1], exit: 1, meanwhile: { 1: checkout('other') } })
    expect(status(loop)).toBe('')
    expect(onDisk(loop)).toEqual(ALL_PENDING)
    expect(readFileSync(path.join(loop.repository.root, 'tasks/pending/a.edn'), 'utf8')).toBe(
      TASKS['tasks/pending/a.edn'],
    )
    expect(loop.repository.git(['show', 'main:tasks/pending/a.edn'])).toContain(':notes')
    checkout('main')(loop)
    expect(status(loop)).toBe('')
  })

  test('lists stay as the branch has them, and the target has the status', async () => {
    const loop = await play({ files: LISTS, meanwhile: { 1: checkout('other') } })
    expect(status(loop)).toBe('')
    expect(loop.repository.git(['show', 'main:tasks/pending.md'])).not.toMatch(/[ab]: Do/)
    expect(loop.repository.git(['show', 'main:tasks/complete.md'])).toMatch(/a: Do a[\s\S]*b: Do b/)
    expect(readFileSync(path.join(loop.repository.root, 'tasks/pending.md'), 'utf8')).toBe(LISTS['tasks/pending.md'])
    checkout('main')(loop)
    expect(status(loop)).toBe('')
  })
})

describe('after a swarm has ended while the person was on another branch', () => {
  /** A swarm that was killed in its first of two iterations, with the checkout on another branch. */
  async function killed(then: (loop: TestLoop) => void): Promise<TestLoop> {
    const loop = level2(WORK, { files: TASKS, iterations: 2, config: { probe: false } })
    const { home, root } = loop.repository
    loop.repository.git(['branch', 'other'])
    writeFileSync(path.join(home, 'hold-1'), '')
    const running = loop.start()
    await until(() => existsSync(path.join(home, 'began-1')), 'the agent')
    expect(onDisk(loop)).toContain('tasks/current/a.edn')
    then(loop)
    await until(() => !onDisk(loop).includes('tasks/current/a.edn'), 'the task to leave the checkout')
    running.child.kill('SIGKILL')
    await running.ended
    await allEnded(loop)
    expect(existsSync(path.join(root, '.oompa/away/main'))).toBe(true)
    writeFileSync(path.join(home, 'did-1'), '')
    return loop
  }

  test('killed and resumed from there, it goes on with the tasks of its target', async () => {
    const loop = await killed(checkout('other'))
    const resumed = await loop.oompa(['resume'])
    expect(resumed.status, resumed.stdout + resumed.stderr).toBe(0)
    expect(status(loop)).toBe('')
    expect(onDisk(loop)).toEqual(ALL_PENDING)
    expect(inTree(loop, 'main')).toEqual(TWO_DONE)
    checkout('main')(loop)
    expect(status(loop)).toBe('')
  })

  test('killed, a swarm of the other branch puts its tasks back where they belong, and takes none of them', async () => {
    const loop = await killed(checkout('other'))
    const second = await loop.run()
    expect(second.status, second.stdout + second.stderr).toBe(0)
    expect(inTree(loop, 'other')).toEqual(TWO_DONE)
    expect(inTree(loop, 'main')).toEqual(ALL_PENDING)
    expect(status(loop)).toBe('')
    checkout('main')(loop)
    expect((await loop.oompa(['tasks'])).stdout).toMatch(/Pending: +3/)
    expect(onDisk(loop)).toEqual(ALL_PENDING)
  })

  test('killed, its claim is found and put back when the person is on the target again', async () => {
    const loop = await killed(checkout('other'))
    checkout('main')(loop)
    const listed = await loop.oompa(['tasks', 'stale'])
    expect(listed.stdout).toMatch(/held by w1; its process \d+ is gone/)
    expect(onDisk(loop)).toEqual(ALL_PENDING)
  })
})

test('two swarms on two branches at once: each has the tasks of its own, and completes them with its own work', async () => {
  const loop = level2(WORK, { files: TASKS, iterations: 1, config: { probe: false } })
  const { repository } = loop
  repository.git(['branch', 'other'])
  writeFileSync(path.join(repository.home, 'hold-1'), '')
  const first = loop.start()
  await until(() => existsSync(path.join(repository.home, 'began-1')), 'the first agent')
  checkout('other')(loop)
  await until(() => status(loop) === '', 'the checkout to be clean')
  const second = loop.start()
  await until(() => loop.agent.calls().length === 2, 'the second agent')
  expect(onDisk(loop)).toEqual(['tasks/pending/b.edn', 'tasks/pending/c.edn', 'tasks/current/a.edn'])
  writeFileSync(path.join(repository.home, 'did-1'), '')
  for (const ended of await Promise.all([first.ended, second.ended])) expect(ended.status, ended.stdout).toBe(0)
  const done = ['tasks/complete/a.edn', 'tasks/pending/b.edn', 'tasks/pending/c.edn']
  for (const branch of ['main', 'other']) {
    expect(inTree(loop, branch)).toEqual(done)
    expect(repository.git(['ls-tree', '--name-only', branch])).toContain('made-1.txt')
  }
  expect(status(loop)).toBe('')
  checkout('main')(loop)
  expect(status(loop)).toBe('')
})

test('an approval given from another branch lands on its target, and completes its task there', async () => {
  const loop = await play({
    files: { ...TASKS, 'hooks/approve.ts': `export default () => ({ wait: 'somebody looks at it' })\n` },
    iterations: 1,
    meanwhile: { 1: () => {} },
  })
  checkout('other')(loop)
  const [waiting] = JSON.parse((await loop.oompa(['approvals', '--json'])).stdout)
  const approved = await loop.oompa(['approve', waiting.id])
  expect(approved.status, approved.stderr).toBe(0)
  expect(inTree(loop, 'main')).toContain('tasks/complete/a.edn')
  expect(inTree(loop, 'other')).toEqual(ALL_PENDING)
  expect(status(loop)).toBe('')
  checkout('main')(loop)
  expect(status(loop)).toBe('')
  expect(onDisk(loop)).toEqual(['tasks/pending/b.edn', 'tasks/pending/c.edn', 'tasks/complete/a.edn'])
})

test('a rebase of the person on the target sees no move of ours, and the tasks are back after it', async () => {
  const loop = await play({
    iterations: 2,
    meanwhile: {
      1: (at) => {
        const { repository } = at
        repository.git(['checkout', '-q', '--detach'])
        for (const end = Date.now() + 10_000; status(at) !== '' && Date.now() < end; );
        repository.commit('Rebased to', { 'person.txt': 'p' })
        expect(inTree(at, 'HEAD')).toEqual(ALL_PENDING)
        repository.git(['branch', '-q', '-f', 'main', 'HEAD'])
        repository.git(['checkout', '-q', 'main'])
      },
    },
  })
  expect(inTree(loop, 'main')).toEqual(TWO_DONE)
  expect(loop.repository.git(['ls-tree', '--name-only', 'main'])).toContain('person.txt')
  expect(status(loop)).toBe('')
})
