// A swarm that pushes, and its remote: what others have pushed before it begins, silence, and a server that says no.

import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { allEnded, level2, type TestLoop, until } from '../support/loop.js'
import { processes } from '../support/processes.js'
import { repositoryAt, type TestRepository } from '../support/repository.js'

const works = 'cd "$OOMPA_WORKTREE"; ls > "$HOME/saw"; echo done > "$OOMPA_WORKER-$OOMPA_ITERATION.txt"'

/** A swarm that pushes to a bare repository beside it. */
function pushing(
  iterations = 1,
  files: Readonly<Record<string, string>> = {},
  config: Readonly<Record<string, unknown>> = {},
): { loop: TestLoop; bare: TestRepository } {
  const loop = level2(works, { iterations, files, config: { merge: { push: true }, probe: false, ...config } })
  const { root, home, git } = loop.repository
  const bare = path.join(home, 'bare.git')
  git(['clone', '-q', '--bare', root, bare])
  git(['remote', 'add', 'origin', bare])
  return { loop, bare: repositoryAt(bare, home) }
}

/** A swarm whose remote accepts the connection and never answers; the number tells its processes from all others. */
function hanging(seconds: string, config: Readonly<Record<string, unknown>> = {}): TestLoop {
  const loop = level2(works, { config: { merge: { push: true }, probe: false, ...config } })
  loop.env.GIT_SSH = loop.repository.write('.git/ssh', `#!/bin/sh\nexec sleep ${seconds}\n`, 0o755)
  loop.repository.git(['remote', 'add', 'origin', 'ssh://git@example.invalid/x.git'])
  return loop
}

describe('a swarm that pushes', () => {
  test('begins from what others have pushed: the target is moved forward before claims and worktrees', async () => {
    const tasks = { 'tasks/pending/one.json': '{ "id": "one", "summary": "The first" }\n' }
    const hook = { 'hooks/tasks.mjs': "import { taskFolder } from 'oompa-loompas'\nexport default taskFolder()\n" }
    // Nobody who is here may add another.
    const workers = [{ model: 'command:worker', iterations: 1, can_plan: false }]
    const { loop, bare } = pushing(1, { ...tasks, ...hook }, { workers })
    const { git, home } = loop.repository
    const clone = path.join(home, 'clone')
    git(['clone', '-q', bare.root, clone])
    const other = repositoryAt(clone, home)
    // A swarm in another clone has completed the task.
    other.git(['mv', 'tasks/pending/one.json', 'tasks/one.json'])
    other.commit('Elsewhere', {
      'elsewhere.txt': '1',
      'tasks/complete/one.json': readFileSync(path.join(clone, 'tasks/one.json'), 'utf8'),
    })
    other.git(['push', '-q'])
    const ended = await loop.run()
    expect(ended.status).toBe(3)
    expect(loop.events('task.claimed')).toEqual([])
    expect(git(['rev-parse', 'main'])).toBe(other.git(['rev-parse', 'main']))
  })

  test('stops landing where the server goes on refusing, says so in its words, and does not end with 0', async () => {
    const { loop, bare } = pushing(3)
    bare.write('hooks/pre-receive', '#!/bin/sh\necho "not on a Friday"\nexit 1\n', 0o755)
    const ended = await loop.run()
    expect(ended.status).toBe(1)
    expect(ended.stdout).toContain('not on a Friday')
    expect(loop.events('landing.landed')).toHaveLength(1)
    expect(loop.events('iteration.started')).toHaveLength(1)
    expect(loop.events('swarm.stopped')).toMatchObject([
      { status: 1, reason: expect.stringContaining('origin refuses') },
    ])
  })

  test('says that there is no remote before an agent runs: wrong configuration', async () => {
    const loop = level2(works, { config: { merge: { push: true }, probe: false } })
    const ended = await loop.run()
    expect(ended.status).toBe(2)
    expect(ended.stderr).toContain('There is no remote `origin`')
    expect(loop.agent.calls()).toEqual([])
  })
})

describe('a remote that never answers', () => {
  test('is waited for aloud, and the first Ctrl-C ends the swarm, git and ssh', async () => {
    const loop = hanging('98711')
    const running = loop.start()
    await running.prints(/Waiting for origin/)
    expect(processes('sleep 98711')).toHaveLength(1)
    running.child.kill('SIGINT')
    expect((await running.ended).status).toBe(130)
    expect(processes('sleep 98711')).toEqual([])
    await allEnded(loop)
  })

  test('keeps nobody from working: after the limit what is made lands here, and is not pushed', async () => {
    const loop = hanging('98712', { limits: { remote: '1s' } })
    const ended = await loop.run()
    expect(ended.status).toBe(0)
    expect(loop.events('landing.landed')).toHaveLength(1)
    expect(loop.events('landing.unpushed')).toMatchObject([{ reason: expect.stringContaining('silent') }])
    expect(processes('sleep 98712')).toEqual([])
  })

  test('in a push ends with the first Ctrl-C; what has landed has landed, and is told as that', async () => {
    const { loop, bare } = pushing()
    const waits = path.join(loop.repository.home, 'waits')
    const waiting = `touch '${waits}'; exec sleep 98713`
    bare.write('hooks/update', `#!/bin/sh\ncase $1 in refs/heads/*) ${waiting};; esac\n`, 0o755)
    const running = loop.start()
    await until(() => existsSync(waits), 'the push')
    running.child.kill('SIGINT')
    expect((await running.ended).status).toBe(130)
    expect(loop.events('iteration.ended')).toMatchObject([{ outcome: 'landed' }])
    expect(loop.events('landing.unpushed')).toMatchObject([{ reason: 'interrupted' }])
    expect(processes('sleep 98713')).toEqual([])
    await allEnded(loop)
  })

  test('where a turn is asked for, too: that ends with the first Ctrl-C, and what has not begun to land is kept', async () => {
    const { loop, bare } = pushing()
    const waits = path.join(loop.repository.home, 'waits')
    bare.write('hooks/pre-receive', `#!/bin/sh\ntouch '${waits}'; exec sleep 98715\n`, 0o755)
    const running = loop.start()
    await until(() => existsSync(waits), 'the ticket')
    running.child.kill('SIGINT')
    expect((await running.ended).status).toBe(130)
    expect(loop.events('iteration.ended')).toMatchObject([{ outcome: 'interrupted', kept: expect.any(String) }])
    expect(processes('sleep 98715')).toEqual([])
    await allEnded(loop)
  })

  test('leaves no git and no ssh behind a swarm that is killed', async () => {
    const loop = hanging('98714')
    const running = loop.start()
    await until(() => processes('sleep 98714').length === 1, 'the fetch')
    running.child.kill('SIGKILL')
    await running.ended
    await until(() => processes('sleep 98714').length === 0, 'the end of ssh')
    await allEnded(loop)
  })
})
