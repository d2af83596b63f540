import { existsSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { allEnded, level1, level2, until } from '../support/loop.js'

describe('many at once', () => {
  test('sixty-four workers get sixty-four worktrees', async () => {
    const loop = level1('test -e "$OOMPA_WORKTREE/.git" && echo there')
    const ended = await loop.run([], { env: { ...loop.env, WORKERS: '64', ITERATIONS: '1' } })
    expect(ended.status, ended.stderr).toBe(0)
    expect(loop.events('worktree.failed')).toEqual([])
    expect(
      loop.repository.git(['worktree', 'list', '--porcelain']).match(/^branch refs\/heads\/oompa\//gm),
    ).toHaveLength(64)
    const ports = loop.agent.calls().map((call) => Number(call.env.OOMPA_PORT_BASE))
    expect(new Set(ports).size).toBe(64)
    // Blocks of twenty.
    const sorted = ports.sort((a, b) => a - b)
    for (const [at, port] of sorted.entries()) if (at > 0) expect(port - sorted[at - 1]!).toBeGreaterThanOrEqual(20)
  })

  test('two swarms in one repository: the second takes the next free worker numbers and ports, and says so', async () => {
    const loop = level1(
      'touch "$HOME/started-$OOMPA_WORKER"; while [ ! -e "$HOME/go" ]; do sleep 0.05; done; echo done',
    )
    const env = { ...loop.env, WORKERS: '2', ITERATIONS: '1' }
    const first = loop.start([], { env })
    const second = await until(() => existsSync(path.join(loop.repository.home, 'started-w2')), 'the first swarm').then(
      () => loop.start([], { env }),
    )
    await until(
      () =>
        existsSync(path.join(loop.repository.home, 'started-w4')) &&
        existsSync(path.join(loop.repository.home, 'started-w3')),
      'the second swarm',
    )
    expect(JSON.parse((await loop.oompa(['status', '--json'])).stdout)).toHaveLength(2)
    // Which of the two is meant has to be said.
    expect((await loop.oompa(['stop'])).status).toBe(2)
    loop.repository.write('../home/go', '')
    const [one, two] = await Promise.all([first.ended, second.ended])
    expect([one.status, two.status]).toEqual([0, 0])
    expect(two.stdout).toMatch(/is running: this one's workers are w3, w4/)
    const bases = new Set(loop.agent.calls().map((call) => call.env.OOMPA_PORT_BASE))
    expect(bases.size).toBe(4)
    await allEnded(loop)
  })

  test('three swarms started at the same moment share no worker, and all work lands', async () => {
    const loop = level2(
      'cd "$OOMPA_WORKTREE"; echo "$OOMPA_SWARM" > "$OOMPA_SWARM-$OOMPA_WORKER"; git add -A; git commit -qm work; sleep 0.5; echo done',
      { workers: 2 },
    )
    const ended = await Promise.all([loop.run(), loop.run(), loop.run()])
    for (const one of ended) expect(one.status, one.stdout + one.stderr).toBe(0)
    const workers = loop
      .swarms()
      .flatMap((id) => loop.events('swarm.started', id)[0]?.workers.map((lane) => lane.worker) ?? [])
    const overlapping = loop.agent.calls().length
    expect(overlapping).toBe(6)
    expect(workers).toHaveLength(6)
    expect(loop.repository.git(['ls-tree', '--name-only', 'main']).match(/^[0-9a-f]{8}-w\d+$/gm)).toHaveLength(6)
    expect(loop.repository.git(['status', '--porcelain'])).toBe('')
  })
})
