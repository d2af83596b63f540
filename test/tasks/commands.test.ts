// Each tasks command as docs/contract.md has it: what it prints, and its exit status.

import { mkdirSync, utimesSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { readHistory } from '../../src/tasks/history.js'
import { oompa } from '../support/oompa.js'
import type { TestRepository } from '../support/repository.js'
import { linesOf, namesIn, repositoryWith, startClaimer, textOf } from './support.js'

const twoTasks = {
  'tasks/pending/a.edn': '{:id "a" :summary "First"}\n',
  'tasks/pending/b.json': '{"id": "b", "summary": "Second", "depends_on": ["a"]}\n',
}

function commands(repository: TestRepository) {
  return async (line: string, options: { cwd?: string; env?: NodeJS.ProcessEnv; input?: string } = {}) => {
    const { status, stdout, stderr } = await oompa(
      line.split(' ').map((word) => word.replaceAll('_', ' ')),
      {
        cwd: options.cwd ?? repository.root,
        env: { ...repository.env, ...options.env },
        input: options.input,
      },
    )
    return { status, stdout, stderr }
  }
}

describe('oompa tasks', () => {
  it('prints the counts and the lists as the earlier system did', async () => {
    const run = commands(
      repositoryWith({ ...twoTasks, 'tasks/current/c.edn': '{:id "c" :summary "Third \u001b[31m"}' }),
    )
    const { status, stdout } = await run('tasks')
    expect(status).toBe(0)
    expect(stdout.split('\n').slice(0, 4)).toEqual(['Task Status:', '  Pending:  2', '  Current:  1', '  Complete: 0'])
    expect(stdout).toContain('\n  - a: First\n')
    expect(stdout).toContain('\n  - b: Second\n      waits for a\n')
    expect(stdout).toContain('  - c: Third \\x1b[31m')
  })

  it('prints everything as JSON', async () => {
    const run = commands(repositoryWith(twoTasks))
    await run('tasks claim --worker w1')
    const { counts, pending, current } = JSON.parse((await run('tasks --json')).stdout)
    expect(counts).toEqual({ pending: 1, current: 1, complete: 0 })
    expect(pending[0]).toMatchObject({ id: 'b', ready: false, waitsFor: ['a'] })
    expect(current[0]).toMatchObject({ id: 'a', claim: { worker: 'w1' } })
  })

  it('works from any folder, and from a linked worktree means the main checkout', async () => {
    const repository = repositoryWith(twoTasks)
    const run = commands(repository)
    repository.git(['worktree', 'add', '-q', '.w1-i1', '-b', 'oompa/w1-i1'])
    mkdirSync(path.join(repository.root, '.w1-i1/deep'))
    expect((await run('tasks claim', { cwd: path.join(repository.root, '.w1-i1/deep') })).status).toBe(0)
    expect(namesIn(repository.root, 'tasks/current')).toEqual(['a.edn'])
    const elsewhere = await run('tasks', { cwd: repository.home })
    expect([elsewhere.status, elsewhere.stderr]).toEqual([2, expect.stringContaining('not inside a git repository')])
  })

  it('with a folder and a graph asks which, and takes what is imported for none', async () => {
    const graph = 'nodes:\n  - {id: n1, title: One}\n'
    const repository = repositoryWith({ 'tasks/pending/.gitkeep': '', 'docs/active/task-graph.yaml': graph })
    const run = commands(repository)
    const { status, stderr } = await run('tasks')
    expect(status).toBe(2)
    expect(stderr).toMatch(/tasks\/pending\/ and docs\/active\/task-graph\.yaml/)
    expect(stderr).toContain('"store": "folder" } } (or "graph")')
    expect((await run('tasks import docs/active/task-graph.yaml')).stdout).toBe('n1\n')
    expect(namesIn(repository.root, 'tasks/pending')).toEqual(['.gitkeep', 'n1.edn'])
  })

  it('with a folder and lists asks which, until oompa.json says it', async () => {
    const repository = repositoryWith({ ...twoTasks, 'tasks/pending.md': '- [ ] Other\n' })
    const run = commands(repository)
    const { status, stderr } = await run('tasks')
    expect(status).toBe(2)
    expect(stderr).toMatch(/tasks\/pending\/ and tasks\/pending\.md/)
    repository.write('task-graph.yaml', 'nodes: []\n')
    expect((await run('tasks')).stderr).toContain('tasks/pending/ and tasks/pending.md and task-graph.yaml')
    repository.write('oompa.json', '{"tasks": {"store": "lists"}}')
    expect((await run('tasks')).stdout).toContain('  - other: Other')
  })
})

describe('oompa tasks add', () => {
  it('prints the id, and writes what was given', async () => {
    const repository = repositoryWith({})
    const run = commands(repository)
    expect(await run('tasks add Write_the_parser --priority P1 --depends-on a b --files src/x.ts')).toMatchObject({
      status: 0,
      stdout: 'write-the-parser\n',
    })
    expect(textOf(repository.root, 'tasks/pending/write-the-parser.edn')).toBe(
      '{:id "write-the-parser"\n :summary "Write the parser"\n :priority 1\n :files ["src/x.ts"]\n :depends-on ["a" "b"]}\n',
    )
    expect((await run('tasks add Again --id write-the-parser')).status).toBe(4)
    expect((await run('tasks add Bad --id ../x')).status).toBe(2)
    expect((await run('tasks add Bad --priority soon')).status).toBe(2)
    expect((await run('tasks add')).status).toBe(2)
    expect((await run('tasks add As_JSON --format json --id j')).stdout).toBe('j\n')
    expect(JSON.parse(textOf(repository.root, 'tasks/pending/j.json'))).toEqual({ id: 'j', summary: 'As JSON' })
  })

  it('is refused to a worker that may not plan', async () => {
    const { status } = await commands(repositoryWith({}))('tasks add More', { env: { OOMPA_CAN_PLAN: '0' } })
    expect(status).toBe(4)
  })
})

describe('oompa tasks claim, complete, release', () => {
  it('end with the statuses of the contract', async () => {
    const repository = repositoryWith(twoTasks)
    const run = commands(repository)
    expect((await run('tasks claim b')).status).toBe(4)
    expect((await run('tasks claim nowhere')).status).toBe(2)
    expect((await run('tasks claim --preview')).stdout).toContain('a: First')
    expect(namesIn(repository.root, 'tasks/pending')).toHaveLength(2)
    expect((await run('tasks claim --worker w1')).stdout).toContain('a: First')
    expect((await run('tasks claim a')).status).toBe(4)
    const none = await run('tasks claim')
    expect([none.status, none.stdout]).toEqual([3, ''])
    expect(none.stderr).toMatch(/no task is ready: `b` waits for a/)
    expect((await run('tasks claim --preview')).status).toBe(3)

    expect((await run('tasks complete a --worker w2')).status).toBe(4)
    expect((await run('tasks release a --worker w2')).status).toBe(4)
    expect((await run('tasks release a --worker w1 --reason too_hard')).status).toBe(0)
    expect((await run('tasks complete a --worker w1')).status).toBe(4)
    expect((await run('tasks claim', { env: { OOMPA_WORKER: 'w1' } })).status).toBe(0)
    const done = await run('tasks complete', { env: { OOMPA_WORKER: 'w1', OOMPA_TASK: 'a' } })
    expect(done).toMatchObject({ status: 0, stdout: 'Completed a.\nReady now: b: Second\n' })
    expect((await run('tasks complete a --worker w1')).status).toBe(3)
    expect((await run('tasks complete a --worker w2')).status).toBe(4)
    expect(textOf(repository.root, 'tasks/complete/a.edn')).toMatch(/:completed-by "w1"/)
    const { stdout } = await run('tasks audit a --json')
    expect(JSON.parse(stdout).map((entry: { type: string }) => entry.type)).toEqual([
      'claimed',
      'released',
      'claimed',
      'completed',
    ])
    expect(readHistory(repository.root)).toHaveLength(4)
  })

  it('complete and release take a task over by force, and one that was moved by hand without', async () => {
    const repository = repositoryWith({ ...twoTasks, 'tasks/current/c.edn': '{:id "c" :summary "By hand"}' })
    const run = commands(repository)
    expect((await run('tasks complete c --worker w5')).status).toBe(0)
    await run('tasks claim a --worker w1')
    expect((await run('tasks release a --worker w2 --force')).status).toBe(0)
    expect(namesIn(repository.root, 'tasks/pending')).toEqual(['a.edn', 'b.json'])
  })

  it('reset puts back what is current or complete', async () => {
    const repository = repositoryWith({ ...twoTasks, 'tasks/complete/c.edn': '{:id "c" :summary "Done"}' })
    const run = commands(repository)
    await run('tasks claim a --worker w1')
    expect((await run('tasks reset a')).status).toBe(0)
    expect((await run('tasks reset a')).status).toBe(3)
    expect((await run('tasks reset c')).status).toBe(0)
    expect((await run('tasks reset nowhere')).status).toBe(2)
    expect(namesIn(repository.root, 'tasks/pending')).toEqual(['a.edn', 'b.json', 'c.edn'])
  })

  it('show prints the state, the holder and what it waits for', async () => {
    const run = commands(repositoryWith(twoTasks))
    expect((await run('tasks show b')).stdout).toMatch(/b: Second\n {2}state: pending\n {2}waits for: a\n/)
    await run('tasks claim --worker w1')
    expect(JSON.parse((await run('tasks show a --json')).stdout)).toMatchObject({
      id: 'a',
      state: 'current',
      claim: { worker: 'w1' },
    })
    expect((await run('tasks show nowhere')).status).toBe(2)
  })
})

describe('oompa tasks lint and graph', () => {
  it('name bad files with line and reason, and cycles by their ids', async () => {
    const repository = repositoryWith({
      ...twoTasks,
      'tasks/pending/bad.edn': '{:id "bad"\n :n 12abc}',
      'tasks/pending/c.edn': '{:id "c" :summary "C" :depends-on ["d"]}',
      'tasks/pending/d.edn': '{:id "d" :summary "D" :depends-on ["c" "gone"]}',
    })
    const run = commands(repository)
    const lint = await run('tasks lint')
    expect(lint.status).toBe(1)
    expect(lint.stdout).toBe(
      [
        'tasks/pending/bad.edn:2: `12abc` is not a number',
        'tasks/pending/d.edn: `d` depends on `gone`, which is no task',
        'tasks/pending/c.edn: these tasks wait for each other: `c` → `d` → `c`',
        '',
      ].join('\n'),
    )
    expect(JSON.parse((await run('tasks lint --json')).stdout)[0]).toMatchObject({ line: 2 })
    const graph = await run('tasks graph')
    expect(graph.stdout).toContain('○ a: First\n  · b: Second\n')
    expect(graph.stdout).toContain('Cycle: c → d → c')
    expect((await run('tasks graph --format mermaid')).stdout).toMatch(/^graph TD\n {2}t1\["a: First"\]:::ready\n/)
    expect((await run('tasks graph --format dot')).stdout).toContain('"a" -> "b";')
    expect((await run('tasks graph --format png')).status).toBe(2)
    expect((await commands(repositoryWith(twoTasks))('tasks lint')).status).toBe(0)
  })
})

describe('oompa tasks stale and requeue', () => {
  it('put back a claim whose process is gone, and what was moved by hand only if it is named', async () => {
    const repository = repositoryWith({ ...twoTasks, 'tasks/current/c.edn': '{:id "c" :summary "By hand"}' })
    const run = commands(repository)
    expect((await run('requeue')).status).toBe(3)
    await startClaimer(repository.root, 'w9', { KILL: '1' }).ended
    const listed = JSON.parse((await run('tasks stale --list --json')).stdout)
    expect(listed).toMatchObject([
      { id: 'a', claim: { worker: 'w9' }, requeued: false },
      { id: 'c', reason: expect.stringContaining('without a claim record'), requeued: false },
    ])
    expect((await run('requeue nowhere')).status).toBe(2)
    const stale = await run('tasks stale')
    expect(stale.stdout).toMatch(/a: First\n {2}held by w9; its process \d+ is gone; back to pending\n/)
    expect(textOf(repository.root, 'tasks/pending/a.edn')).toMatch(/:notes ".*The claim of w9 ended \(its process/)
    await startClaimer(repository.root, 'w8', { KILL: '1' }).ended
    expect((await run('requeue')).stdout).toMatch(/^Requeued a: its process \d+ is gone\.\n$/)
    expect(namesIn(repository.root, 'tasks/current')).toEqual(['c.edn'])
    expect((await run('requeue')).stdout).toContain('if nobody works on them: oompa requeue c')
    expect((await run('requeue c')).status).toBe(0)
    expect(namesIn(repository.root, 'tasks/current')).toEqual([])
  })

  it('see a claim without a process as stale when its lease is over, and any command of its worker renews it', async () => {
    const repository = repositoryWith(twoTasks)
    const run = commands(repository)
    await run('tasks claim --worker w1')
    const record = path.join(repository.root, '.oompa/claims/tasks/a.edn.claim')
    const age = (minutes: number) =>
      utimesSync(record, Date.now() / 1000 - minutes * 60, Date.now() / 1000 - minutes * 60)
    age(14)
    expect((await run('tasks stale')).stdout).toBe('No stale claims.\n')
    age(16)
    await run('tasks', { env: { OOMPA_WORKER: 'w1' } })
    expect((await run('tasks stale')).stdout).toBe('No stale claims.\n')
    age(16)
    expect((await run('requeue')).status).toBe(0)
  })

  it('name the work of a dead worker, and keep it at a ref', async () => {
    const repository = repositoryWith(twoTasks)
    const run = commands(repository)
    const base = repository.git(['rev-parse', 'HEAD'])
    repository.git(['checkout', '-q', '-b', 'oompa/w1-i3'])
    repository.git(['commit', '-q', '--allow-empty', '-m', 'Work'])
    repository.git(['checkout', '-q', 'main'])
    const swarm = { OOMPA_SWARM: '0badcafe', OOMPA_WORKER: 'w1' }
    await run('tasks claim --pid 999999', { env: swarm })
    const events = [
      {
        at: '2026-01-01T00:00:00.000Z',
        swarm: '0badcafe',
        type: 'iteration.started',
        worker: 'w1',
        iteration: 3,
        branch: 'oompa/w1-i3',
        base,
      },
      {
        at: '2026-01-01T00:00:01.000Z',
        swarm: '0badcafe',
        type: 'task.claimed',
        worker: 'w1',
        iteration: 3,
        task: 'a',
      },
    ]
    const folder = path.join(repository.root, '.oompa/runs/0badcafe')
    mkdirSync(folder, { recursive: true })
    writeFileSync(path.join(folder, 'events.jsonl'), events.map((event) => `${JSON.stringify(event)}\n`).join(''))
    expect((await run('requeue')).status).toBe(0)
    expect(textOf(repository.root, 'tasks/pending/a.edn')).toContain('Its work is at refs/oompa/kept/0badcafe/w1-3.')
    expect(repository.git(['rev-parse', 'refs/oompa/kept/0badcafe/w1-3'])).toBe(
      repository.git(['rev-parse', 'oompa/w1-i3']),
    )
  })
})

describe('oompa tasks import', () => {
  it('takes a markdown list, a JSON array and a task graph', async () => {
    const repository = repositoryWith({
      'TODO.md': '# Later\n\n- [ ] Write docs\n- [x] Done already\n- [ ] P1: Ship it (depends on: write-docs)\n',
      'prd.json':
        '{"userStories": [{"id": "US-1", "title": "Log in", "priority": 1, "passes": false}, {"id": "US-2", "title": "Out", "passes": true}]}',
      'old/task-graph.yaml':
        'nodes:\n  - id: n1\n    title: One\n    status: complete\n  - id: n2\n    title: Two\n    status: ready\nedges:\n  - {from: n1, to: n2}\n',
      'tasks/pending/.gitkeep': '',
    })
    const run = commands(repository)
    expect(linesOf((await run('tasks import TODO.md')).stdout)).toEqual(['write-docs', 'ship-it'])
    expect((await run('tasks import TODO.md')).status).toBe(3)
    expect(linesOf((await run('tasks import prd.json')).stdout)).toEqual(['US-1'])
    expect(linesOf((await run('tasks import old/task-graph.yaml')).stdout)).toEqual(['n2'])
    expect(linesOf((await run('tasks import -', { input: '- [ ] From a pipe\n' })).stdout)).toEqual(['from-a-pipe'])
    expect((await run('tasks import nowhere.md')).status).toBe(2)
    expect((await run('tasks import -', { input: '[{"id": 1},' })).status).toBe(2)
    expect((await run('tasks claim ship-it')).status).toBe(4)
    expect((await run('tasks claim')).stdout).toContain('US-1: Log in')
  })
})

describe('help', () => {
  it('has an example for each command', async () => {
    const run = commands(repositoryWith({}))
    for (const name of [
      '',
      ' add',
      ' claim',
      ' complete',
      ' release',
      ' reset',
      ' show',
      ' lint',
      ' graph',
      ' stale',
      ' audit',
      ' import',
    ]) {
      const { status, stdout } = await run(`tasks${name} --help`)
      expect([name, status]).toEqual([name, 0])
      expect(stdout).toMatch(/Examples:\n/)
    }
    expect((await run('requeue --help')).stdout).toMatch(/Examples:\n/)
  })
})
