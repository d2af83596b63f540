import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { allEnded, level1, level1Files, level2, type TestLoop, until } from '../support/loop.js'

/** Works a little, has children (one in a session of its own), and does not come to an end the first time. */
const hangsOnce = `cd "$OOMPA_WORKTREE"
echo "made by $OOMPA_WORKER" > "$OOMPA_WORKER.txt"
if [ ! -e "$HOME/again" ]; then setsid sleep 1000 & sleep 1000 & echo $! > "$HOME/started-$OOMPA_WORKER"; wait; fi
git add -A && git commit -qm "Work of $OOMPA_WORKER-$OOMPA_ITERATION"
echo done`

const started = (loop: TestLoop, workers: number) =>
  until(() => {
    const names = Array.from({ length: workers }, (_, index) => `started-w${index + 1}`)
    return names.every((name) => existsSync(path.join(loop.repository.home, name)))
  }, 'the agents to start')

const states = async (loop: TestLoop): Promise<string[]> => {
  const runs: { state: string }[] = JSON.parse((await loop.oompa(['status', '--json'])).stdout)
  return runs.map((run) => run.state)
}

describe('SIGKILL of the loop', () => {
  test('ends the agents and all that they started within about a second, at level 1', async () => {
    const loop = level1(hangsOnce)
    const running = loop.start([], { env: { ...loop.env, WORKERS: '2', ITERATIONS: '1' } })
    await started(loop, 2)
    running.child.kill('SIGKILL')
    await running.ended
    await allEnded(loop)
    expect(await states(loop)).toEqual(['crashed'])
    // The worktrees stay as they are, and the next run goes on with them.
    expect(existsSync(path.join(loop.repository.root, '.w1-i1/w1.txt'))).toBe(true)
    writeFileSync(path.join(loop.repository.home, 'again'), '')
    const again = await loop.run([], { env: { ...loop.env, WORKERS: '2', ITERATIONS: '1' } })
    expect(again.status).toBe(0)
    expect(loop.repository.git(['show', 'oompa/w1-i1:w1.txt'])).toBe('made by w1')
    expect(loop.repository.git(['status', '--porcelain'])).toBe('')
  })

  test('the next start at level 2 keeps the work, puts claims back, says what it found, and lands its own', async () => {
    const loop = level2(hangsOnce, {
      workers: 2,
      files: {
        'hooks/tasks.mjs': "import { taskFolder } from 'oompa-loompas'\nexport default taskFolder()\n",
        'tasks/pending/one.json': '{ "id": "one", "summary": "The first" }\n',
        'tasks/pending/two.json': '{ "id": "two", "summary": "The second" }\n',
        'tasks/current/.gitkeep': '',
        'tasks/complete/.gitkeep': '',
      },
    })
    const { root } = loop.repository
    const running = loop.start()
    await started(loop, 2)
    expect(existsSync(path.join(root, 'tasks/current/one.json'))).toBe(true)
    running.child.kill('SIGKILL')
    await running.ended
    await allEnded(loop)
    const [crashed = ''] = loop.swarms()
    expect(await states(loop)).toEqual(['crashed'])

    writeFileSync(path.join(loop.repository.home, 'again'), '')
    const again = await loop.run()
    expect(again.status, again.stdout + again.stderr).toBe(0)
    expect(again.stdout).toContain(`Swarm ${crashed} had died`)
    expect(again.stdout).toContain('put back 2 tasks')
    for (const worker of ['w1', 'w2']) {
      const ref = `refs/oompa/kept/${crashed}/${worker}-1`
      expect(again.stdout).toContain(ref)
      expect(loop.repository.git(['show', `${ref}:${worker}.txt`])).toBe(`made by ${worker}`)
    }
    const [recovered] = loop.events('swarm.recovered', crashed)
    expect(recovered).toMatchObject({ claims: 2 })
    expect(existsSync(path.join(root, 'tasks/complete/one.json'))).toBe(true)
    expect(existsSync(path.join(root, 'tasks/complete/two.json'))).toBe(true)
    expect(loop.repository.git(['status', '--porcelain'])).toBe('')
    // Only once.
    const third = await loop.run()
    expect(third.stdout).not.toContain('had died')
  })

  test('a claim that an agent made from a shell goes back at once, too, and not after its lease', async () => {
    const claims = `cd "$OOMPA_WORKTREE"
oompa tasks claim >> "$HOME/claimed"
if [ ! -e "$HOME/again" ]; then touch "$HOME/started-$OOMPA_WORKER"; sleep 1000; fi
echo x > x.txt; git add -A && git commit -qm x`
    const loop = level2(claims, { files: { 'tasks/pending/one.json': '{ "id": "one", "summary": "The first" }\n' } })
    const { root, home } = loop.repository
    const running = loop.start()
    await started(loop, 1)
    running.child.kill('SIGKILL')
    await running.ended
    await allEnded(loop)
    const [crashed = ''] = loop.swarms()
    writeFileSync(path.join(home, 'again'), '')
    const again = await loop.oompa(['resume', crashed])
    expect(again.status, again.stdout + again.stderr).toBe(0)
    expect(loop.events('swarm.recovered', crashed)).toMatchObject([{ claims: 1 }])
    const claimed = readFileSync(path.join(home, 'claimed'), 'utf8')
    expect(claimed.match(/^one: The first$/gm)).toHaveLength(2)
    expect(claimed).toContain(`its swarm ${crashed} has died`)
    expect(existsSync(path.join(root, 'tasks/complete/one.json'))).toBe(true)
  })

  test('never ends what is not ours: a process that was given the pid of an agent since', async () => {
    const loop = level1('sleep 0.1')
    const running = loop.start([], { env: { ...loop.env, WORKERS: '1', ITERATIONS: '1' } })
    await running.ended
    const [id = ''] = loop.swarms()
    // As after a crash: no end in the log, and a record that names us.
    const log = path.join(loop.repository.root, '.oompa/runs', id, 'events.jsonl')
    const lines = readFileSync(log, 'utf8').trim().split('\n')
    writeFileSync(log, `${lines.filter((line) => !line.includes('swarm.stopped')).join('\n')}\n`)
    const record = path.join(loop.repository.root, '.oompa/runs', id, 'processes')
    writeFileSync(record, `${process.pid} nonsense\n1 nonsense\n`)
    const again = await loop.run([], { env: { ...loop.env, WORKERS: '1', ITERATIONS: '1' } })
    expect(again.status).toBe(0)
    expect(again.stdout).not.toContain('ended 1 process')
  })
})

describe('oompa resume', () => {
  for (const step of ['swapped', 'settled'] as const) {
    test(`takes what had landed when the loop died (${step}) for done: no iteration and no task is run twice`, async () => {
      const body = 'echo "$OOMPA_TASK" >> "$HOME/worked"; echo made > "$OOMPA_WORKTREE/$OOMPA_TASK.txt"'
      const loop = level2(body, {
        iterations: 2,
        files: {
          'hooks/tasks.mjs': "import { taskFolder } from 'oompa-loompas'\nexport default taskFolder()\n",
          'tasks/pending/one.json': '{ "id": "one", "summary": "The first" }\n',
          'tasks/pending/two.json': '{ "id": "two", "summary": "The second" }\n',
          '.gitignore': '/tasks/\n',
        },
      })
      for (const name of ['one', 'two'])
        loop.repository.write(`tasks/pending/${name}.json`, JSON.stringify({ id: name, summary: name }))
      await loop.run([], { env: { ...loop.env, OOMPA_CRASH_AT: step } })
      expect(await states(loop)).toEqual(['crashed'])
      const resumed = await loop.oompa(['resume'])
      expect(resumed.status, resumed.stdout + resumed.stderr).toBe(0)
      expect(readFileSync(path.join(loop.repository.home, 'worked'), 'utf8')).toBe('one\ntwo\n')
      const ended = loop.events('iteration.ended')
      expect(ended.map(({ worker, iteration, outcome }) => `${worker}-${iteration} ${outcome}`)).toEqual([
        'w1-1 landed',
        'w1-2 landed',
      ])
      const merges = loop.repository.git(['rev-list', '--first-parent', '--reverse', '--merges', 'main']).split('\n')
      expect(loop.events('landing.landed').map((event) => event.commit)).toEqual(merges)
      expect(loop.repository.git(['worktree', 'list']).split('\n')).toHaveLength(1)
      expect(loop.refs('refs/heads/oompa')).toEqual([])
      expect(loop.refs('refs/oompa')).toEqual([])
      expect(existsSync(path.join(loop.repository.root, 'tasks/complete/one.json'))).toBe(true)
      expect(loop.repository.git(['status', '--porcelain'])).toBe('')
    })
  }

  test('goes on with the same id and what was left, and names the interrupted work in the prompt', async () => {
    const loop = level2(hangsOnce, { workers: 2, iterations: 2 })
    const running = loop.start()
    await started(loop, 2)
    running.child.kill('SIGKILL')
    await running.ended
    await allEnded(loop)
    const [id = ''] = loop.swarms()
    writeFileSync(path.join(loop.repository.home, 'again'), '')
    const resumed = await loop.oompa(['resume', id.slice(0, 4)])
    expect(resumed.status, resumed.stdout + resumed.stderr).toBe(0)
    expect(loop.swarms()).toEqual([id])
    const ran = loop.events('iteration.ended').map((event) => `${event.worker}-${event.iteration} ${event.outcome}`)
    expect(ran.sort()).toEqual(['w1-1 landed', 'w1-2 nothing', 'w2-1 landed', 'w2-2 nothing'])
    const second = loop.agent
      .calls()
      .filter((call) => call.env.OOMPA_ITERATION === '1' && call.env.OOMPA_WORKER === 'w1')
    expect(second).toHaveLength(2)
    expect(second[1]?.input).toContain(`refs/oompa/kept/${id}/w1-1`)
    expect((await loop.oompa(['resume'])).status).toBe(3)
    expect((await loop.oompa(['resume', 'ffff'])).status).toBe(2)
  })

  test('takes the flags and variables of the first start, whatever the shell has now', async () => {
    const loop = level1(hangsOnce)
    const running = loop.start(['--iterations', '2'], { env: { ...loop.env, WORKERS: '1' } })
    await started(loop, 1)
    running.child.kill('SIGKILL')
    await running.ended
    await allEnded(loop)
    writeFileSync(path.join(loop.repository.home, 'again'), '')
    const resumed = await loop.oompa(['resume'], { env: { ...loop.env, WORKERS: '4', ITERATIONS: '9' } })
    expect(resumed.status, resumed.stdout + resumed.stderr).toBe(0)
    expect(loop.agent.calls().map((call) => `${call.env.OOMPA_WORKER}-${call.env.OOMPA_ITERATION}`)).toEqual([
      'w1-1',
      'w1-1',
      'w1-2',
    ])
  })

  test('of `oompa loop` goes on with its mixed set of workers', async () => {
    const loop = level1(hangsOnce)
    loop.repository.write('../home/bin/quick', '#!/bin/sh\ncat > /dev/null\n', 0o755)
    const call = loop.oompa(['loop', '2', '--workers', 'claude:1', 'command:quick:1'])
    await started(loop, 1)
    await until(() => loop.events('iteration.ended').length === 2, 'the quick one')
    process.kill(loop.events('swarm.started')[0]?.pid ?? 0, 'SIGKILL')
    await call
    await allEnded(loop)
    writeFileSync(path.join(loop.repository.home, 'again'), '')
    const resumed = await loop.oompa(['resume'])
    expect(resumed.status, resumed.stdout + resumed.stderr).toBe(0)
    expect(loop.agent.calls().map((one) => one.env.OOMPA_ITERATION)).toEqual(['1', '1', '2'])
    expect(loop.events('iteration.ended').filter((event) => event.worker === 'w2')).toHaveLength(2)
  })

  test('of a swarm whose workers said that they are done has nothing to do: 3', async () => {
    const loop = level1('echo __DONE__')
    expect((await loop.run([], { env: { ...loop.env, WORKERS: '1', ITERATIONS: '5' } })).status).toBe(0)
    const ended = await loop.oompa(['resume'])
    expect(ended.status).toBe(3)
    expect(ended.stderr).toContain('no iterations left')
  })

  test('refuses while the swarm runs, and while another has its worker numbers', async () => {
    const loop = level1(hangsOnce)
    const env = { ...loop.env, WORKERS: '1', ITERATIONS: '2' }
    const first = loop.start([], { env })
    await started(loop, 1)
    const [id = ''] = loop.swarms()
    expect((await loop.oompa(['resume', id])).status).toBe(4)
    first.child.kill('SIGKILL')
    await first.ended
    await allEnded(loop)
    const second = loop.start([], { env })
    await until(() => loop.agent.calls().length === 2, 'the second swarm')
    const refused = await loop.oompa(['resume', id])
    expect(refused.status).toBe(4)
    expect(refused.stderr).toContain('w1')
    second.child.kill('SIGTERM')
    expect((await second.ended).status).toBe(130)
    await allEnded(loop)
  })

  test('an interrupted iteration that is interrupted again loses neither of its works', async () => {
    const loop = level2(
      `cd "$OOMPA_WORKTREE"; n=$(ls "$HOME" | grep -c '^run-'); touch "$HOME/run-$n"; echo "$n" > "file-$n"; touch "$HOME/wrote-$n"; sleep 1000`,
    )
    for (const [run, word] of [
      ['0', 'run'],
      ['1', 'resume'],
    ] as const) {
      const running = word === 'run' ? loop.start() : loop.start(['resume', loop.swarms()[0]!])
      await until(() => existsSync(path.join(loop.repository.home, `wrote-${run}`)), 'the agent to write')
      running.child.kill('SIGINT')
      expect((await running.ended).status).toBe(130)
    }
    const kept = loop.refs('refs/oompa/kept/')
    expect(kept).toHaveLength(2)
    const files = kept.map((ref) => loop.repository.git(['diff', '--name-only', 'main', ref]))
    expect(files.sort()).toEqual(['file-0', 'file-1'])
    await allEnded(loop)
  })
})

test('SIGKILL while worktrees are made leaves none that is taken for work, or worked in half made', async () => {
  const files = Object.fromEntries(Array.from({ length: 300 }, (_, at) => [`d/f${at}`, `${at}\n`.repeat(200)]))
  for (const start of [level1, level2]) {
    const body = 'cd "$OOMPA_WORKTREE" && test "$(ls d | wc -l)" = 300 && echo whole >> "$HOME/whole"; echo x > new'
    const loop = start === level1 ? level1(body, { ...level1Files, ...files }) : level2(body, { workers: 4, files })
    const env = { ...loop.env, WORKERS: '4', ITERATIONS: '1' }
    for (let tries = 0; tries < 3; tries++) {
      const running = loop.start([], { env })
      // As soon as a registration is there.
      await until(() => existsSync(path.join(loop.repository.root, '.git/worktrees')), 'a worktree')
      running.child.kill('SIGKILL')
      await running.ended
      await allEnded(loop)
    }
    const ended = await loop.run([], { env })
    expect(ended.status, ended.stdout + ended.stderr).toBe(0)
    expect(
      readFileSync(path.join(loop.repository.home, 'whole'), 'utf8').match(/whole/g)?.length,
    ).toBeGreaterThanOrEqual(4)
    // An agent may have come to work before the kill: then what it made is kept, and that alone.
    for (const ref of loop.refs('refs/oompa/kept')) {
      expect(loop.repository.git(['diff', '--name-status', `main...${ref}`])).toBe('A\tnew')
    }
    expect(loop.repository.git(['status', '--porcelain'])).toBe('')
  }
})
