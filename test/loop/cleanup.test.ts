import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { level1, level2, type TestLoop, until } from '../support/loop.js'

const works =
  'cd "$OOMPA_WORKTREE" && echo "$OOMPA_WORKER" > "$OOMPA_WORKER.txt" && git add -A && git commit -qm "Work of $OOMPA_WORKER"; echo done'
const there = (loop: TestLoop, name: string) => existsSync(path.join(loop.repository.root, name))

interface Cleanup {
  removed: { worktree?: string; branch?: string }[]
  left: { name: string; why: string; look?: string }[]
  logs: { swarm: string; bytes: number }[]
}

async function cleanup(loop: TestLoop, ...flags: string[]): Promise<Cleanup> {
  const ended = await loop.oompa(['cleanup', '--json', ...flags])
  expect(ended.status, ended.stderr).toBe(0)
  return JSON.parse(ended.stdout)
}

describe('oompa cleanup', () => {
  test('never takes work: unsaved, unlanded, locked and detached worktrees stay, and it says why', async () => {
    const loop = level1(
      'cd "$OOMPA_WORKTREE"; case "$OOMPA_WORKER" in w1) echo x > x;; w2) echo y > y; git add y; git commit -qm y;; w4) git checkout -q --detach; git commit -q --allow-empty -m lone;; esac; echo done',
    )
    const env = { ...loop.env, WORKERS: '6', ITERATIONS: '1' }
    expect((await loop.run([], { env })).status).toBe(0)
    const { repository } = loop
    repository.git(['worktree', 'lock', '.w3-i1'])
    // Its folder was deleted by hand; its branch has a commit that nobody else has.
    repository.git(['commit', '-q', '--allow-empty', '-m', 'only here'], path.join(repository.root, '.w5-i1'))
    rmSync(path.join(repository.root, '.w5-i1'), { recursive: true })
    const before = repository.git(['for-each-ref'])

    const dry = await cleanup(loop, '--dry-run')
    expect(repository.git(['for-each-ref'])).toBe(before)
    expect(there(loop, '.w6-i1')).toBe(true)
    const done = await cleanup(loop)
    expect(done).toMatchObject({ removed: dry.removed, left: dry.left })
    const reasons = Object.fromEntries(done.left.map(({ name, why }) => [name, why]))
    expect(reasons['.w1-i1']).toContain('uncommitted')
    expect(reasons['.w2-i1']).toContain('not landed')
    expect(reasons['.w3-i1']).toContain('locked')
    expect(reasons['.w4-i1']).toContain('no branch')
    expect(reasons['oompa/w5-i1']).toContain('not landed')
    expect(done.removed).toContainEqual({ worktree: '.w6-i1', branch: 'oompa/w6-i1' })
    for (const name of ['.w1-i1', '.w2-i1', '.w3-i1', '.w4-i1']) expect(there(loop, name)).toBe(true)
    expect(there(loop, '.w6-i1')).toBe(false)
    expect(repository.git(['log', '-1', '--format=%s', 'oompa/w5-i1'])).toBe('only here')
    expect(repository.git(['log', '-1', '--format=%s', 'oompa/w2-i1'])).toBe('y')
    // A second time there is nothing more to take.
    expect((await cleanup(loop)).removed).toEqual([])
  })

  test('takes what has landed, by a merge of the person or by a squash that says so', async () => {
    const loop = level1(works)
    expect((await loop.run([], { env: { ...loop.env, WORKERS: '3', ITERATIONS: '1' } })).status).toBe(0)
    loop.repository.git(['merge', '-q', '--no-ff', '--no-edit', 'oompa/w1-i1'])
    expect((await loop.oompa(['merge', 'oompa/w2-i1', '--strategy', 'squash'])).status).toBe(0)
    const { removed, left } = await cleanup(loop)
    expect(removed.map(({ branch }) => branch).sort()).toEqual(['oompa/w1-i1', 'oompa/w2-i1'])
    expect(left.map(({ name }) => name)).toEqual(['.w3-i1'])
    expect(left[0]?.look).toBe('oompa merge oompa/w3-i1')
  })

  test('never touches a running swarm, nor the worktree it has prepared', async () => {
    const loop = level1('touch "$HOME/started"; while [ ! -e "$HOME/go" ]; do sleep 0.05; done; echo done')
    const running = loop.start([], { env: { ...loop.env, WORKERS: '1', ITERATIONS: '2' } })
    await until(
      () => existsSync(path.join(loop.repository.home, 'started')) && there(loop, '.w1-i2/.git'),
      'the next worktree',
    )
    const { removed, left } = await cleanup(loop)
    expect(removed).toEqual([])
    expect(left.map(({ name }) => name)).toEqual(['.w1-i1', '.w1-i2'])
    expect(left[0]?.why).toContain('running')
    loop.repository.write('../home/go', '')
    expect((await running.ended).status).toBe(0)
    expect((await cleanup(loop)).removed).toHaveLength(2)
  })

  test('spare checkouts wait in the cache folder, and --all takes them', async () => {
    const loop = level2(works, { workers: 2 })
    expect((await loop.run()).status).toBe(0)
    const cache = path.join(loop.repository.home, '.cache/oompa')
    const spares = () =>
      readdirSync(cache).flatMap((one) => {
        const folder = path.join(cache, one, 'spares')
        return existsSync(folder) ? readdirSync(folder) : []
      })
    expect(spares().length).toBeGreaterThan(0)
    await cleanup(loop, '--all', '--dry-run')
    expect(spares().length).toBeGreaterThan(0)
    await cleanup(loop, '--all')
    expect(spares()).toEqual([])
  })

  test('removes what the agents of old swarms printed and left, as a setting says, and never the record of a swarm', async () => {
    const loop = level2('echo a line', { config: { logs: { keep_days: 1 } } })
    expect((await loop.run()).status).toBe(3)
    const [old = ''] = loop.swarms()
    const runs = path.join(loop.repository.root, '.oompa/runs')
    expect(await cleanup(loop)).toMatchObject({ logs: [] })
    // Two days later.
    const file = path.join(runs, old, 'events.jsonl')
    const earlier = new Date(Date.now() - 2 * 86_400_000).toISOString()
    writeFileSync(file, readFileSync(file, 'utf8').replace(/"at":"[^"]*"/g, `"at":"${earlier}"`))
    writeFileSync(path.join(runs, old, 'w1-1.log.old'), 'older')
    mkdirSync(path.join(runs, old, 'litter/w1-1'), { recursive: true })
    writeFileSync(path.join(runs, old, 'litter/w1-1/nohup.out'), 'x')
    writeFileSync(path.join(runs, old, 'mine.txt'), 'not of ours')
    expect((await loop.run()).status).toBe(3)
    expect(await cleanup(loop, '--dry-run')).toMatchObject({ logs: [{ swarm: old }] })
    expect(readdirSync(path.join(runs, old))).toContain('w1-1.log')
    expect(await cleanup(loop)).toMatchObject({ logs: [{ swarm: old }] })
    const left = readdirSync(path.join(runs, old))
    expect(left).not.toEqual(expect.arrayContaining(['w1-1.log']))
    expect(left).not.toEqual(expect.arrayContaining(['litter']))
    expect(left).toEqual(expect.arrayContaining(['events.jsonl', 'mine.txt']))
    const recent = loop.swarms().find((swarm) => swarm !== old) ?? ''
    expect(readdirSync(path.join(runs, recent))).toContain('w1-1.log')
  })
})
