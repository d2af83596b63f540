// One swarm on two machines, whose tasks are in PostgreSQL; and the commands that make that ready.

import { execFileSync } from 'node:child_process'
import { existsSync, renameSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'
import { elsewhereRoot } from '../../src/events/copied-logs.js'
import { readLog } from '../../src/events/log.js'
import { ownVersion } from '../../src/tasks/postgres/postgres-engine.js'
import { postgresTasks } from '../../src/tasks/postgres/postgres-store.js'
import { team, testRuns, testsAlone } from '../support/clones.js'
import { type TestLoop, until } from '../support/loop.js'
import { oompa, oompaBin, start } from '../support/oompa.js'
import { describeWhere } from '../support/optional.js'
import { hasPostgres, type PostgresServer, postgresServer, STARTING_MS } from '../support/postgres.js'
import { temporaryFolder, testRepository } from '../support/repository.js'

let server: PostgresServer

describeWhere('PostgreSQL', hasPostgres)('with tasks in PostgreSQL', () => {
  beforeAll(async () => {
    server = await postgresServer()
  }, STARTING_MS)
  afterAll(() => server?.remove())

  it('two clones do each task once, and each begins with what it builds on, whoever did that', async () => {
    const store = postgresTasks({ url: server.url, schema: 'team' }, temporaryFolder())
    onTestFinished(() => store.close!())
    for (const base of ['a', 'b', 'c', 'd']) await store.add({ id: base, summary: `The task ${base}` })
    await store.add({ id: 'middle', summary: 'After two', priority: 0, dependsOn: ['a', 'b'] })
    await store.add({ id: 'top', summary: 'After all', priority: 0, dependsOn: ['middle', 'c', 'd'] })
    const all = team('cd "$OOMPA_WORKTREE"; ls *.txt > "saw-$OOMPA_TASK" 2> /dev/null; echo done > "$OOMPA_TASK.txt"', {
      worker: { count: 2, iterations: 6, max_wait_for_tasks: 120 },
      merge: { test: testsAlone },
      files: {
        'hooks/tasks.ts': `import { postgresTasks } from 'oompa-loompas'\nexport default postgresTasks({ url: '${server.url}', schema: 'team' })\n`,
      },
    })
    const { bare, clones } = all
    const ended = await Promise.all(clones.map((clone) => clone.run()))
    expect(ended.map(({ status, stderr }) => [status, stderr])).toEqual([
      [0, expect.not.stringContaining('Error')],
      [0, expect.not.stringContaining('Error')],
    ])
    const listing = await store.list()
    expect([listing.pending, listing.current].map(({ length }) => length)).toEqual([0, 0])
    expect(listing.complete).toHaveLength(6)
    expect(bare.git(['show', 'main:saw-top']).split('\n').sort()).toEqual(
      ['a', 'b', 'c', 'd', 'middle'].map((id) => `${id}.txt`),
    )
    const completions = await server.sql(`select task from team.history where type = 'completed'`)
    expect(completions.map(({ task }) => task).sort()).toEqual(['a', 'b', 'c', 'd', 'middle', 'top'])
    // Each has landed in its turn: nobody has tested what another's push made void.
    expect(testRuns(all).twice).toBe(false)
    expect(testRuns(all).runs).toBeLessThanOrEqual(6)
    expect(await server.sql('select is_called from team.lanes_ticket_seq')).toEqual([{ is_called: true }])
    expect(await server.sql('select * from team.lanes')).toEqual([])
  })

  it('while the server is away agents go on and no iteration is spent; whoever lost a claim keeps the work and gives up', async () => {
    const store = postgresTasks({ url: server.url, schema: 'gone', patience: 20 }, temporaryFolder())
    onTestFinished(() => store.close!())
    for (const id of ['a', 'b', 'c']) await store.add({ id, summary: `The task ${id}` })
    const { bare, clones } = team(
      'touch "$HOME/began-$OOMPA_TASK"; until test -e "$HOME/go"; do sleep 0.05; done; cd "$OOMPA_WORKTREE"; echo done > "$OOMPA_TASK.txt"',
      {
        clones: 1,
        worker: { count: 2, iterations: 2, max_wait_for_tasks: 1 },
        files: {
          'hooks/tasks.ts': `import { postgresTasks } from 'oompa-loompas'\nexport default postgresTasks({ url: '${server.url}', schema: 'gone', patience: 0.5 })\n`,
        },
      },
    )
    const [clone] = clones
    const { home } = clone!.repository
    const running = clone!.start()
    await until(() => ['a', 'b'].every((id) => existsSync(path.join(home, `began-${id}`))), 'the first two tasks')
    await server.sql(
      `update gone.tasks set fence = nextval('gone.fences'), holder = '{"worker": "other"}' where id = 'b'`,
    )
    await server.stop()
    writeFileSync(path.join(home, 'go'), '')
    await until(() => clone!.events('store.away').length > 0, 'what is said of the server')
    // Both have ended their turns, and nothing has come of it.
    await until(() => clone!.events('agent.ended').length === 2, 'the ends of both agents')
    expect([clone!.events('iteration.ended'), clone!.events('landing.landed')]).toEqual([[], []])
    await server.start()
    expect((await running.ended).status).toBe(0)
    expect([clone!.events('store.away').length, clone!.events('store.back').length]).toEqual([1, 1])
    const ended = clone!.events('iteration.ended').map(({ outcome, kept }) => `${outcome} ${kept !== undefined}`)
    expect(ended.sort()).toEqual(['kept true', 'landed false', 'landed false', 'nothing false'])
    const [held] = (await store.list()).current
    expect([held?.id, held?.claim?.holder.worker]).toEqual(['b', 'other'])
    expect((await store.list()).complete.map(({ id }) => id).sort()).toEqual(['a', 'c'])
    expect(
      bare
        .git(['ls-tree', '--name-only', 'main'])
        .split('\n')
        .filter((name) => /^[abc][.]txt$/.test(name)),
    ).toEqual(['a.txt', 'c.txt'])
  })

  it('a task is complete when its work has been pushed, and not while the remote is away', async () => {
    const store = postgresTasks({ url: server.url, schema: 'pushed' }, temporaryFolder())
    onTestFinished(() => store.close!())
    await store.add({ id: 'a', summary: 'The task a' })
    await store.add({ id: 'b', summary: 'The task b', dependsOn: ['a'] })
    const { bare, clones } = team(
      'touch "$HOME/began"; until test -e "$HOME/go"; do sleep 0.05; done; cd "$OOMPA_WORKTREE"; echo done > "$OOMPA_TASK.txt"',
      {
        clones: 1,
        worker: { iterations: 2, max_wait_for_tasks: 240 },
        files: {
          'hooks/tasks.ts': `import { postgresTasks } from 'oompa-loompas'\nexport default postgresTasks({ url: '${server.url}', schema: 'pushed' })\n`,
        },
      },
    )
    const [clone] = clones
    const { home } = clone!.repository
    const running = clone!.start()
    await until(() => existsSync(path.join(home, 'began')), 'the first task')
    renameSync(bare.root, `${bare.root}.away`)
    writeFileSync(path.join(home, 'go'), '')
    await until(() => clone!.events('note').some(({ text }) => text.includes('could not be completed')), 'the debt')
    expect(clone!.events('landing.landed')).toHaveLength(1)
    expect((await store.list()).current.map(({ id }) => id)).toEqual(['a'])
    renameSync(`${bare.root}.away`, bare.root)
    expect((await running.ended).status).toBe(0)
    const order = readLog(clone!.repository.root, clone!.swarms()[0]!).flatMap(({ type, task }) =>
      /^(landing[.](landed|pushed)|task[.](claimed|completed))$/.test(type) ? `${type} ${task ?? ''}`.trim() : [],
    )
    expect(order).toEqual([
      'task.claimed a',
      'landing.landed a',
      'landing.pushed',
      'task.completed a',
      'task.claimed b',
      'landing.landed b',
      'landing.pushed',
      'task.completed b',
    ])
  })

  it('a machine joins by one command; of one that dies the pushed work is named, and all see all of them', async () => {
    const store = postgresTasks({ url: server.url, schema: 'joined' }, temporaryFolder())
    onTestFinished(() => store.close!())
    await store.add({ id: 'slow/one', summary: 'The slow task', priority: 0 })
    await store.add({ id: 'x', summary: 'The task x' })
    await store.add({ id: 'after', summary: 'After the slow one', priority: 0, dependsOn: ['slow/one'] })
    await store.add({ id: 'never', summary: 'When it is drained', priority: 9, dependsOn: ['after'] })
    const { bare, clones } = team(
      'cd "$OOMPA_WORKTREE"; name=$(basename "$OOMPA_TASK"); echo done > "$name.txt"; git add -A; git commit -qm "Do $name"; touch "$HOME/began-$name"; until test -e "$HOME/go-$name"; do sleep 0.05; done',
      {
        clones: 3,
        worker: { iterations: 5, max_wait_for_tasks: 240 },
        files: {
          'hooks/tasks.ts': `import { postgresTasks } from 'oompa-loompas'\nexport default postgresTasks({ schema: 'joined' })\n`,
        },
      },
    )
    const [alder, birch, looker] = clones as [TestLoop, TestLoop, TestLoop]
    const began = (clone: TestLoop, name: string) =>
      until(() => existsSync(path.join(clone.repository.home, `began-${name}`)), `the task ${name}`)
    const go = (clone: TestLoop, name: string) => writeFileSync(path.join(clone.repository.home, `go-${name}`), '')
    const look = async (...args: string[]) => {
      const env = { ...looker.env, OOMPA_POSTGRES: server.url }
      const { stdout, stderr } = await looker.oompa(args, { env })
      return args.includes('--json') ? JSON.parse(stdout) : stdout + stderr
    }
    const first = alder.start([], { env: { ...alder.env, OOMPA_HOST: 'alder', OOMPA_POSTGRES: server.url } })
    await began(alder, 'one')
    const second = start(process.execPath, [oompaBin, 'join', server.url, '--label', 'gpu', '--iterations', '4'], {
      cwd: birch.repository.root,
      env: { ...birch.env, OOMPA_HOST: 'birch' },
    })
    await began(birch, 'x')
    const ref = `refs/oompa/changes/${alder.swarms()[0]}/w1/slow%2Fone`
    await until(() => bare.git(['for-each-ref', '--format=%(refname)', ref]) === ref, 'the push of the slow work')
    const machines = await until(async () => {
      const found = await look('machines', '--json')
      return found.length === 2 && found
    }, 'both machines')
    expect(machines).toMatchObject([
      { machine: 'alder', state: 'working', workers: 1, agents: ['command:worker'], work: [{ task: 'slow/one' }] },
      { machine: 'birch', state: 'working', labels: ['gpu'], work: [{ task: 'x', worker: 'w1' }] },
    ])
    // What its log says comes with its next word.
    const status = await until(async () => {
      const found = await look('status', '--json')
      return found[0].workers[0]?.task && found
    }, 'the events of the second machine')
    expect(status).toMatchObject([
      { workers: [{ worker: 'birch/w1', task: 'x' }] },
      { workers: [{ worker: 'alder/w1', task: 'slow/one' }] },
    ])

    expect(await look('scale', '--json')).toMatchObject({ ready: 0, current: 2, workers: 2, wanted: 2 })
    expect(await server.sql('select * from joined.scale')).toMatchObject([
      { ready: 0, current: 2, workers: 2, wanted: 2 },
    ])

    first.child.kill('SIGKILL')
    await first.ended
    for (const name of ['x', 'one']) go(birch, name)
    await began(birch, 'after')
    const notes = (await store.list()).complete.find(({ id }) => id === 'slow/one')?.notes
    expect(notes).toContain(`Its work is on origin: git fetch origin ${ref}`)
    expect(bare.git(['show', `${ref}:one.txt`])).toBe('done')
    expect(await look('drain', 'birch')).toBe('birch ends when its iterations have.\n')
    await until(() => birch.events('swarm.stopping').length > 0, 'the end of birch')
    go(birch, 'after')
    const ended = await second.ended
    expect(ended.status, ended.stdout + ended.stderr).toBe(0)
    expect((await store.list()).pending.map(({ id }) => id)).toEqual(['never'])
    expect(bare.git(['log', '--format=%(trailers:key=Oompa-Worker,valueonly)', 'main'])).toContain('birch/w1')
    expect(bare.git(['for-each-ref', '--format=%(refname)', 'refs/oompa/changes'])).toBe(ref)
    // The whole of both logs is here, where no swarm has been.
    expect(await look('view', birch.swarms()[0]!)).toContain('birch/w1')
    const mirrored = (clone: TestLoop) =>
      readLog(elsewhereRoot(looker.repository.root), clone.swarms()[0]!).map(({ type }) => type)
    expect(mirrored(birch)).toEqual(readLog(birch.repository.root, birch.swarms()[0]!).map(({ type }) => type))
    expect(mirrored(alder)).toContain('task.claimed')
    expect(looker.swarms()).toEqual([])
    expect((await look('metrics')).match(/^oompa_tasks_completed_total\S* (\d+)$/m)?.[1]).toBe('3')
  })

  it('`oompa add tasks --postgres` writes the hook, and `oompa engine` makes the database ready and looks at it', async () => {
    const repository = testRepository({ 'README.md': 'hello\n' })
    const env = { ...repository.env, OOMPA_POSTGRES: server.url }
    const run = (...args: string[]) => oompa(args, { cwd: repository.root, env })
    expect(await run('engine', 'status')).toMatchObject({ status: 2, stderr: expect.stringContaining('--postgres') })

    const added = await run('add', 'tasks', '--postgres')
    expect([added.status, added.stdout]).toEqual([0, expect.stringContaining('npm install pg')])
    expect(execFileSync('tail', ['-1', 'hooks/tasks.ts'], { cwd: repository.root, encoding: 'utf8' })).toBe(
      'export default postgresTasks()\n',
    )
    const other = testRepository({ 'README.md': 'hello\n' })
    await oompa(['add', 'tasks', '--git'], { cwd: other.root, env: other.env })
    expect(execFileSync('tail', ['-1', 'hooks/tasks.ts'], { cwd: other.root, encoding: 'utf8' })).toBe(
      'export default gitTasks()\n',
    )
    const without = await oompa(['tasks'], { cwd: repository.root, env: repository.env })
    expect(without).toMatchObject({ status: 2, stderr: expect.stringContaining('export OOMPA_POSTGRES=') })

    const before = await run('engine')
    expect([before.status, before.stdout]).toEqual([1, expect.stringContaining('schema:  oompa, not made yet')])
    expect((await run('engine', 'migrate')).stdout).toBe(`The schema has version ${ownVersion()} now.\n`)
    await server.sql('create role hand login; create role other login')
    const granted = await run('engine', 'migrate', '--grant', 'hand')
    expect(granted.stdout).toBe('The schema is up to date.\nhand may do what a worker does.\n')

    const asHand = { ...env, OOMPA_POSTGRES: server.urlOf('hand') }
    const hand = (...args: string[]) => oompa(args, { cwd: repository.root, env: asHand })
    expect((await hand('tasks', 'add', 'Write the parser', '--id', 'parser')).stdout).toBe('parser\n')
    expect((await hand('tasks', 'claim', '--worker', 'me')).stdout).toContain('parser: Write the parser')
    expect((await hand('tasks', 'complete', 'parser', '--worker', 'you')).status).toBe(4)
    expect((await hand('tasks', 'complete', 'parser', '--worker', 'me')).status).toBe(0)
    expect(await hand('engine', 'migrate', '--grant', 'other')).toMatchObject({
      status: 4,
      stderr: expect.stringContaining('--url URL-OF-THE-OWNER'),
    })
    expect((await hand('engine', 'migrate', '--url', server.url)).status).toBe(0)

    const { status, stdout } = await run('engine', 'status', '--json')
    expect([status, JSON.parse(stdout)]).toEqual([
      0,
      expect.objectContaining({
        schema: 'oompa',
        version: ownVersion(),
        ownVersion: ownVersion(),
        tasks: { pending: 0, ready: 0, current: 0, complete: 1 },
      }),
    ])
    expect((await run('engine')).stdout).toContain('tasks:   0 pending (0 ready), 0 current, 1 complete')
  })
})
