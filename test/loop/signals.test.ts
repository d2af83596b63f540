import { execFileSync, spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, onTestFinished, test } from 'vitest'
import { findExecutable } from '../../src/processes/find-executable.js'
import { allEnded, level1, level2, type TestLoop, until } from '../support/loop.js'
import { loopFile } from '../support/oompa.js'

/** Leaves a file, and children, and does not come to an end. */
const hangs = `cd "$OOMPA_WORKTREE"
echo "made by $OOMPA_WORKER" > "$OOMPA_WORKER.txt"
setsid sleep 1000 & sleep 1000 & touch "$HOME/started-$OOMPA_WORKER"
wait`

const started = (loop: TestLoop) => until(() => existsSync(path.join(loop.repository.home, 'started-w1')), 'the agent')
const stopped = (loop: TestLoop) => until(() => loop.events('swarm.stopped')[0], 'the end of the swarm')
const quoted = (text: string) => `'${text.replace(/'/g, "'\\''")}'`

describe('signals', () => {
  test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    '%s ends the agents, keeps their work, releases claims: 130',
    async (signal) => {
      const loop = level2(hangs, {
        files: {
          'hooks/tasks.mjs': "import { taskFolder } from 'oompa-loompas'\nexport default taskFolder()\n",
          'tasks/pending/one.json': '{ "id": "one", "summary": "The first" }\n',
        },
      })
      const running = loop.start()
      await started(loop)
      running.child.kill(signal)
      const ended = await running.ended
      expect(ended.status).toBe(130)
      expect(ended.stdout).toContain(signal)
      await allEnded(loop)
      const [ref = ''] = loop.refs('refs/oompa/kept/')
      expect(loop.repository.git(['show', `${ref}:w1.txt`])).toBe('made by w1')
      expect(existsSync(path.join(loop.repository.root, 'tasks/pending/one.json'))).toBe(true)
      expect(loop.events('iteration.ended')).toMatchObject([{ outcome: 'interrupted', kept: ref }])
      expect(loop.events('swarm.stopped')).toMatchObject([{ status: 130 }])
    },
  )

  test('a second one ends at once; the log says so, and the next start sees to what was left', async () => {
    // It takes no notice of TERM, so that the first Ctrl-C would take two seconds.
    const loop = level2(`trap '' TERM\n${hangs}`, { config: { probe: false } })
    const running = loop.start()
    await started(loop)
    running.child.kill('SIGINT')
    await running.prints(/SIGINT/)
    running.child.kill('SIGINT')
    const ended = await running.ended
    expect(ended.status).toBe(130)
    await allEnded(loop)
    const [id = ''] = loop.swarms()
    expect(loop.events('swarm.stopped')).toMatchObject([{ status: 130, abrupt: true }])
    expect(loop.events('iteration.ended')).toEqual([])
    const next = await loop.run([], { env: { ...loop.env, OOMPA_AGENT: 'command:true' } })
    expect(next.stdout).toContain(`refs/oompa/kept/${id}/w1-1`)
    expect(loop.repository.git(['show', `refs/oompa/kept/${id}/w1-1:w1.txt`])).toBe('made by w1')
  })

  test('a landing in progress ends before the first Ctrl-C does', async () => {
    const loop = level2('cd "$OOMPA_WORKTREE"; echo x > x; git add -A; git commit -qm x; echo done', {
      config: { merge: { test: 'touch "$HOME/testing"; sleep 1' } },
    })
    const running = loop.start()
    await until(() => existsSync(path.join(loop.repository.home, 'testing')), 'the test to begin')
    running.child.kill('SIGINT')
    const ended = await running.ended
    expect(ended.status).toBe(130)
    expect(loop.events('iteration.ended')).toMatchObject([{ outcome: 'landed' }])
    expect(loop.repository.git(['show', 'main:x'])).toBe('x')
    expect(loop.repository.git(['status', '--porcelain'])).toBe('')
    await allEnded(loop)
  })

  test('oompa stop lets the iteration finish, and no further one begins', async () => {
    const loop = level1('touch "$HOME/started-w1"; while [ ! -e "$HOME/go" ]; do sleep 0.05; done; echo done')
    const running = loop.start([], { env: { ...loop.env, WORKERS: '1', ITERATIONS: '5' } })
    await started(loop)
    expect((await loop.oompa(['stop'])).status).toBe(0)
    await running.prints(/Asked to stop/)
    loop.repository.write('../home/go', '')
    expect((await running.ended).status).toBe(0)
    expect(loop.agent.calls()).toHaveLength(1)
    expect(loop.events('iteration.ended')).toMatchObject([{ outcome: 'done' }])
  })

  test('oompa kill ends the swarm and all that it started; the work is kept', async () => {
    const loop = level2(hangs)
    const running = loop.start()
    await started(loop)
    expect((await loop.oompa(['kill'])).status).toBe(0)
    await running.ended
    await allEnded(loop)
    expect(loop.refs('refs/oompa/kept/')).toHaveLength(1)
  })

  test('a laptop that slept goes on: nothing is taken for dead or silent', async () => {
    const loop = level2(
      'cd "$OOMPA_WORKTREE"; touch "$HOME/started-w1"; for i in 1 2 3 4 5 6 7 8; do echo working; sleep 0.5; done; echo x > x; git add x; git commit -qm x',
      // Far less than the sleep.
      { config: { limits: { idle: 2 } } },
    )
    const running = loop.start([], { detached: true })
    await started(loop)
    const group = -(running.child.pid ?? 0)
    process.kill(group, 'SIGSTOP')
    await sleep(3500)
    expect(JSON.parse((await loop.oompa(['status', '--json'])).stdout)).toMatchObject([{ state: 'running' }])
    process.kill(group, 'SIGCONT')
    const ended = await running.ended
    expect(ended.status, ended.stdout + ended.stderr).toBe(0)
    expect(loop.events('iteration.ended')).toMatchObject([{ outcome: 'landed' }])
  })
})

describe('terminals', () => {
  const hasScript = findExecutable('script', process.env, '/') !== undefined
  const hasTmux = findExecutable('tmux', process.env, '/') !== undefined
  if (!hasScript) console.log('skipped: a closed terminal, because there is no `script` on the PATH')
  if (!hasTmux) console.log('skipped: tmux kill-session, because there is no `tmux` on the PATH')

  test.skipIf(!hasScript)('a closed terminal ends the swarm as Ctrl-C does', async () => {
    const loop = level1(hangs)
    // `script` holds the other end of a terminal; when it dies the terminal is closed.
    const line = `exec ${quoted(process.execPath)} ${quoted(loopFile)}`
    const terminal = spawn('script', ['-qfec', line, '/dev/null'], {
      cwd: loop.repository.root,
      env: { ...loop.env, WORKERS: '1', ITERATIONS: '3', TERM: 'xterm' },
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
    })
    await started(loop)
    terminal.kill('SIGKILL')
    expect(await stopped(loop)).toMatchObject({ status: 130 })
    await allEnded(loop)
    expect(readFileSync(path.join(loop.repository.root, '.w1-i1/w1.txt'), 'utf8')).toBe('made by w1\n')
    expect(loop.agent.calls()).toHaveLength(1)
  })

  test.skipIf(!hasTmux)('so does tmux kill-session', async () => {
    const loop = level1(hangs)
    const socket = path.join(loop.repository.home, 'tmux')
    const tmux = (...args: string[]) =>
      execFileSync('tmux', ['-S', socket, ...args], {
        cwd: loop.repository.root,
        env: { ...loop.env, WORKERS: '1', ITERATIONS: '3', TERM: 'xterm' },
        stdio: 'ignore',
      })
    onTestFinished(() => {
      try {
        tmux('kill-server')
      } catch {
        // It has ended with its last session.
      }
    })
    tmux('new-session', '-d', '-s', 'swarm', `${quoted(process.execPath)} ${quoted(loopFile)}`)
    await started(loop)
    tmux('kill-session', '-t', 'swarm')
    expect(await stopped(loop)).toMatchObject({ status: 130 })
    await allEnded(loop)
  })

  test('a reader that has gone away (`| head -1`) does not end the swarm', async () => {
    const loop = level1('echo one; echo two')
    const line = `${quoted(process.execPath)} ${quoted(loopFile)} | head -1`
    execFileSync('bash', ['-c', `${line}; exit \${PIPESTATUS[0]}`], {
      cwd: loop.repository.root,
      env: { ...loop.env, WORKERS: '1', ITERATIONS: '2' },
      stdio: 'ignore',
    })
    expect(loop.agent.calls()).toHaveLength(2)
  })
})

describe('--detach', () => {
  const body = 'touch "$HOME/started-w1"; while [ ! -e "$HOME/go" ]; do sleep 0.05; done; echo done'

  test.each(['oompa run --detach', './oompa_loompas.mjs --detach'])(
    '%s returns with id, pid and log when the swarm has begun',
    async (how) => {
      const loop = level1(body)
      const env = { ...loop.env, WORKERS: '1', ITERATIONS: '1' }
      const call = how.startsWith('oompa')
        ? loop.oompa(['run', '--detach', '--json'], { env })
        : loop.run(['--detach', '--json'], { env })
      const ended = await call
      expect(ended.status, ended.stderr).toBe(0)
      const said: { swarm: string; pid: number; log: string } = JSON.parse(ended.stdout)
      expect(said.swarm).toBe(loop.swarms()[0])
      expect(loop.events('swarm.started')[0]?.pid).toBe(said.pid)
      await started(loop)
      expect(JSON.parse((await loop.oompa(['status', '--json'])).stdout)).toMatchObject([{ state: 'running' }])
      loop.repository.write('../home/go', '')
      expect(await stopped(loop)).toMatchObject({ status: 0 })
      await allEnded(loop)
      expect(readFileSync(said.log, 'utf8')).toContain('swarm.stopped')
    },
  )

  test('a start that fails is said, with its status', async () => {
    const loop = level1(body, { 'spec.md': '' })
    const ended = await loop.oompa(['run', '--detach', '--workers', '1'])
    expect(ended.status).toBe(2)
    expect(ended.stderr).toContain('prompts/worker.md')
    const late = level2(body, { config: { workers: [{ model: 'command:./missing' }] } })
    const failed = await late.oompa(['run', '--detach'])
    expect(failed.status).toBe(2)
    expect(failed.stderr).toContain('./missing')
    await allEnded(late)
  })

  test('a detached swarm survives its terminal, and is resumed detached', async () => {
    const loop = level1(body)
    const env = { ...loop.env, WORKERS: '1' }
    await loop.oompa(['run', '--detach', '--iterations', '2'], { env })
    await started(loop)
    const [id = ''] = loop.swarms()
    const pid = loop.events('swarm.started')[0]?.pid ?? 0
    process.kill(pid, 'SIGKILL')
    await allEnded(loop)
    const again = await loop.oompa(['resume', '--detach', '--json'])
    expect(again.status, again.stderr).toBe(0)
    expect(JSON.parse(again.stdout)).toMatchObject({ swarm: id })
    loop.repository.write('../home/go', '')
    await until(() => loop.events('swarm.stopped').length === 1, 'the end')
    expect(loop.events('iteration.ended').map((event) => event.iteration)).toEqual([1, 2])
    await allEnded(loop)
  })
})
