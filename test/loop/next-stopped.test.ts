// What stands under "Next:" is run as it stands there, and does what it says: for each way in which a swarm is ended.

import { existsSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { allEnded, level1, level1Files, level2, type TestLoop, until } from '../support/loop.js'
import { advised, follow, nextOf } from '../support/next.js'

const LOG = /^git log --oneline --first-parent -\d+ main$/
const MAKES = 'cd "$OOMPA_WORKTREE"; echo "$OOMPA_ITERATION" > "made-$OOMPA_ITERATION"'
/** Makes its file, says that it is at it, and waits for word to go on. */
const HOLDS = `${MAKES}; touch "$HOME/at-$OOMPA_ITERATION"; while [ ! -e "$HOME/go" ]; do sleep 0.05; done`

/** Waits until the agent, or a test, has left `name` in its home. */
const at = (loop: TestLoop, name: string) => until(() => existsSync(path.join(loop.repository.home, name)), name)
const go = (loop: TestLoop) => loop.repository.write('../home/go', '')
const files = (loop: TestLoop) => loop.repository.git(['ls-tree', '--name-only', 'main']).split('\n')
/** What `git log` prints of so many commits. */
const commits = (count: number) => expect.stringMatching(new RegExp(`^(\\S+ .*\\n){${count}}$`))

test('it runs, detached: it is watched to its end, and stopped', async () => {
  const loop = level2(HOLDS, { iterations: 3, config: { probe: false } })
  await loop.oompa(['run', '--detach'])
  await at(loop, 'at-1')
  const [id = ''] = loop.swarms()
  const [watch = '', stop = ''] = nextOf((await loop.oompa(['view', id])).stdout)
  expect([watch, stop]).toEqual([`oompa view ${id} --watch`, `oompa stop ${id}`])
  const watching = advised(loop, watch)
  expect((await advised(loop, stop).ended).status).toBe(0)
  go(loop)
  const seen = await watching.ended
  expect(seen.status, seen.stderr).toBe(0)
  expect(loop.events('iteration.ended')).toMatchObject([{ iteration: 1, outcome: 'landed' }])
  // The end of the watched swarm says what comes next, as the swarm itself would have.
  expect(nextOf(seen.stdout)).toEqual([`oompa resume ${id}`, expect.stringMatching(LOG)])
  await allEnded(loop)
})

test.each([
  ['Ctrl-C', 1],
  ['Ctrl-C twice', 2],
])('%s while an agent works: the resume that is named lands the iteration', async (_name, times) => {
  // It takes no notice of TERM: there is time for a second one.
  const loop = level2(`trap '' TERM\n${HOLDS}`, { config: { probe: false } })
  const running = loop.start()
  await at(loop, 'at-1')
  running.child.kill('SIGINT')
  if (times === 2) {
    await running.prints(/SIGINT/)
    running.child.kill('SIGINT')
  }
  expect((await running.ended).status).toBe(130)
  await allEnded(loop)
  const [id = ''] = loop.swarms()
  go(loop)
  // Who ends at once says nothing more; the view does.
  const [resumed, ...others] = await follow(loop, (await loop.oompa(['view', id])).stdout)
  expect(others).toEqual([])
  expect(resumed).toMatchObject({ command: `oompa resume ${id}`, status: 0 })
  expect(files(loop)).toContain('made-1')
  expect((await follow(loop, resumed?.stdout ?? '')).at(-1)).toMatchObject({ status: 0, stdout: commits(1) })
})

test('Ctrl-C while the last iteration lands: nothing is left but to see it', async () => {
  const loop = level2(MAKES, { config: { probe: false, merge: { test: 'touch "$HOME/testing"; sleep 1' } } })
  const running = loop.start()
  await at(loop, 'testing')
  running.child.kill('SIGINT')
  const ended = await running.ended
  expect(ended.status).toBe(130)
  expect(await follow(loop, ended.stdout)).toMatchObject([
    { command: expect.stringMatching(LOG), status: 0, stdout: commits(1) },
  ])
})

test.each(['swapped', 'finished'])('it crashed in its last landing, at %s: what landed is shown', async (step) => {
  const loop = level2(MAKES, { config: { probe: false } })
  await loop.run([], { env: { ...loop.env, OOMPA_CRASH_AT: step } })
  await allEnded(loop)
  const [id = ''] = loop.swarms()
  // Whatever comes next, the landing is mended first.
  for (let left = 3; left > 0; left--) {
    const next = await follow(loop, (await loop.oompa(['view', id])).stdout)
    expect(next.map(({ command, status }) => [command, status])).toEqual(next.map(({ command }) => [command, 0]))
    if (next.some(({ command }) => LOG.test(command))) break
  }
  expect(files(loop)).toContain('made-1')
  const [shown] = await follow(loop, (await loop.oompa(['view', id])).stdout)
  expect(shown).toMatchObject({ command: expect.stringMatching(LOG), status: 0, stdout: commits(1) })
})

test('its minutes are over: a resume has as many again', async () => {
  const loop = level2(`[ "$OOMPA_ITERATION" = 1 ] || { ${HOLDS}; }; ${MAKES}`, {
    iterations: 2,
    config: { probe: false, budget: { minutes: 0.3 } },
  })
  const ended = await loop.oompa(['run'])
  expect(ended.status, ended.stdout + ended.stderr).toBe(5)
  await allEnded(loop)
  const [id = ''] = loop.swarms()
  go(loop)
  const [resume, log] = await follow(loop, ended.stdout)
  expect(resume).toMatchObject({ command: `oompa resume ${id}`, status: 0 })
  expect(log).toMatchObject({ command: expect.stringMatching(LOG), status: 0 })
  expect(files(loop)).toEqual(expect.arrayContaining(['made-1', 'made-2']))
})

const asks = `printf '%s\\n' '${JSON.stringify({ type: 'assistant', session_id: 'x', message: { id: 'm', model: 'm', content: [{ type: 'text', text: 'May I?' }] } })}'`
const spends = (facts: object) =>
  `printf '%s\\n' '${JSON.stringify({ type: 'result', subtype: 'success', is_error: false, result: 'ok', session_id: 'x', ...facts })}'`
/** A level 2 repository of scripted `claude`s. */
function claudes(body: string, config: object): TestLoop {
  const whole = { workers: [{ model: 'claude', iterations: 3 }], probe: false, ...config }
  return level1(body, { ...level1Files, 'oompa.json': JSON.stringify(whole) })
}

test.each([
  ['money', { usd: 0.5 }, { total_cost_usd: 0.6 }],
  ['money of today', { perDay: 0.5 }, { total_cost_usd: 0.6 }],
  ['tokens', { tokens: 500 }, { total_cost_usd: 0, usage: { input_tokens: 600, output_tokens: 0 } }],
])('its %s is spent: no resume is named that would end at once', async (_name, budget, facts) => {
  const loop = claudes(`${MAKES}\n${spends(facts)}`, { budget })
  const ended = await loop.oompa(['run'])
  expect(ended.status, ended.stdout + ended.stderr).toBe(5)
  expect(await follow(loop, ended.stdout)).toMatchObject([
    { command: expect.stringMatching(LOG), status: 0, stdout: commits(1) },
  ])
  const [id = ''] = loop.swarms()
  expect((await loop.oompa(['resume', id])).status).toBe(5)
  expect(loop.agent.calls()).toHaveLength(1)
})

test('no progress: a resume goes on, and the last agent is shown', async () => {
  const loop = level2(`[ ! -e "$HOME/go" ] || { ${MAKES}; }; echo "I see nothing to do."`, {
    iterations: 4,
    config: { probe: false, no_progress: 2 },
  })
  const ended = await loop.oompa(['run'])
  expect(ended.status, ended.stdout + ended.stderr).toBe(5)
  const [id = ''] = loop.swarms()
  go(loop)
  expect(await follow(loop, ended.stdout)).toMatchObject([
    { command: `oompa resume ${id}`, status: 0 },
    {
      command: `oompa logs w1 --iteration 1 --swarm ${id}`,
      status: 0,
      stdout: expect.stringContaining('I see nothing to do.'),
    },
  ])
  expect(files(loop)).toContain('made-3')
})

test('its agent may change nothing: what it said is shown, and once that is mended a resume goes on', async () => {
  const denied = spends({ total_cost_usd: 0, permission_denials: [{ tool_name: 'Write', tool_input: {} }] })
  const loop = claudes(
    `if [ ! -e "$HOME/go" ]; then ${asks}; ${denied}; exit 0; fi\n${MAKES}\n${spends({ total_cost_usd: 0 })}`,
    {},
  )
  const ended = await loop.oompa(['run'])
  expect(ended.status, ended.stdout + ended.stderr).toBe(1)
  const [id = ''] = loop.swarms()
  go(loop)
  expect(await follow(loop, ended.stdout)).toMatchObject([
    { command: `oompa resume ${id}`, status: 0 },
    { command: `oompa logs w1 --iteration 1 --swarm ${id}`, status: 0, stdout: expect.stringContaining('May I?') },
  ])
  expect(files(loop)).toContain('made-3')
})

test('an agent changed nothing, and nothing landed: what it said is shown', async () => {
  const loop = level2('echo "I see nothing to do."', { config: { probe: false } })
  const ended = await loop.oompa(['run'])
  const [id = ''] = loop.swarms()
  expect(await follow(loop, ended.stdout)).toMatchObject([
    {
      command: `oompa logs w1 --iteration 1 --swarm ${id}`,
      status: 0,
      stdout: expect.stringContaining('nothing to do'),
    },
  ])
})

test('landing had to stop: once that is mended, a resume lands the rest', async () => {
  const loop = level2(MAKES, { iterations: 2, config: { probe: false, merge: { push: true } } })
  const { repository } = loop
  const remote = path.join(repository.home, 'remote.git')
  repository.git(['init', '--quiet', '--bare', remote])
  repository.git(['remote', 'add', 'origin', remote])
  repository.git(['push', '--quiet', '--set-upstream', 'origin', 'main'])
  repository.write('../home/remote.git/hooks/pre-receive', '#!/bin/sh\necho "Frozen until Monday."; exit 1\n', 0o755)
  const ended = await loop.oompa(['run'])
  expect(ended.status, ended.stdout + ended.stderr).toBe(1)
  const [id = ''] = loop.swarms()
  repository.write('../home/remote.git/hooks/pre-receive', '#!/bin/sh\nexit 0\n', 0o755)
  const [resume, log] = await follow(loop, ended.stdout)
  expect(resume).toMatchObject({ command: `oompa resume ${id}`, status: 0 })
  expect(log).toMatchObject({ command: expect.stringMatching(LOG), status: 0 })
  expect(repository.git(['--git-dir', remote, 'ls-tree', '--name-only', 'main']).split('\n')).toEqual(
    expect.arrayContaining(['made-1', 'made-2']),
  )
})

test('work was refused, and an earlier swarm left some: each is named by its swarm', async () => {
  const body = `${MAKES}; if [ "$OOMPA_ITERATION" = 1 ]; then touch bad; fi`
  const loop = level2(body, {
    iterations: 2,
    config: { probe: false, merge: { test: 'test ! -e bad' }, review_rounds: 1 },
  })
  const first = await loop.oompa(['run', '--iterations', '1'])
  const [earlier = ''] = loop.swarms()
  expect(nextOf(first.stdout)).toEqual([`oompa salvage ${earlier} --dry-run`])
  const second = await loop.oompa(['run'])
  const id = loop.swarms().find((one) => one !== earlier) ?? ''
  expect(await follow(loop, second.stdout)).toMatchObject([
    { command: `oompa salvage ${id} --dry-run`, status: 0, stdout: expect.stringContaining(`${id}/w1-1: 1 commit`) },
    { command: expect.stringMatching(LOG), status: 0, stdout: commits(1) },
  ])
  // It is no news to the second one, and is there.
  expect((await loop.oompa(['salvage', earlier, '--dry-run'])).stdout).toContain(`${earlier}/w1-1: 1 commit`)
})

test('a task waits for one of another story: the tasks are listed, with what each waits for', async () => {
  const loop = level2(MAKES, {
    files: {
      'hooks/tasks.mjs': "import { taskFolder } from 'oompa-loompas'\nexport default taskFolder()\n",
      'tasks/pending/a.edn': '{:id "a" :summary "A" :story "web"}\n',
      'tasks/pending/b.edn': '{:id "b" :summary "B" :story "api" :depends_on ["a"]}\n',
    },
    config: { probe: false, workers: [{ model: 'command:worker', iterations: 1, can_plan: false, story: 'api' }] },
  })
  const ended = await loop.oompa(['run'])
  expect(ended.status, ended.stdout + ended.stderr).toBe(3)
  expect(await follow(loop, ended.stdout)).toMatchObject([
    { command: 'oompa tasks', status: 0, stdout: expect.stringMatching(/- b: B\n +waits for a/) },
  ])
})
