// The real CLIs, run by our runner against the scripted model. With OOMPA_RECORD=1 their streams become the cassettes
// that cassettes.test.ts replays.

import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import path from 'node:path'
import { describe, expect } from 'vitest'
import { agents } from '../../src/agents/index.js'
import { probeVersion } from '../../src/agents/probe.js'
import { type AgentRun, runAgent } from '../../src/agents/run-agent.js'
import { until } from '../processes/support.js'
import { itWith, type RealHarness, realAgentEnvironment, realHarnesses, scriptedModel } from '../support/realAgents.js'
import { type TestRepository, testRepository } from '../support/repository.js'
import { type Cassette, writeCassette } from './cassette.js'
import { type AgentScenario, scenarios, turnOf } from './scenarios.js'

/** The CLIs' own start-up takes up to 9 s each, more while others run. */
async function play(scenario: AgentScenario, harness: RealHarness, repository: TestRepository, session?: string) {
  const agent = agents[harness]
  const model = await scriptedModel(scenario.reply(harness))
  const env = realAgentEnvironment(repository.home, model.url)
  for (const [name, value] of Object.entries(scenario.env?.(harness) ?? {})) {
    if (value === null) delete env[name]
    else env[name] = value
  }
  const turn = turnOf(scenario, harness, session)
  const logs = { stdout: '', stderr: '' }
  // A session that is gone is begun anew by the runner: what is recorded is the run that failed.
  const reader = agent.reader(turn)
  let first: { status: number | null; signal: string | null; stdout: string; stderr: string } | undefined
  const run = await runAgent({
    agent: {
      ...agent,
      reader: (asked) => {
        const inner = asked === turn ? reader : agent.reader(asked)
        return {
          get finished() {
            return inner.finished
          },
          read: (text) => {
            logs.stdout += text
            return inner.read(text)
          },
          end: (exit) => {
            first ??= { status: exit.status, signal: exit.signal, stdout: logs.stdout, stderr: exit.stderr }
            return inner.end(exit)
          },
        }
      },
    },
    turn,
    prompt: scenario.prompt,
    cwd: repository.root,
    env,
    limits: { iterationMs: 120_000, graceMs: 10_000 },
  })
  if (process.env.OOMPA_RECORD && first) await record(scenario, harness, repository, { ...first, turn }, model.url)
  return { run, first: reader, requests: model.requests }
}

async function record(
  scenario: AgentScenario,
  harness: RealHarness,
  repository: TestRepository,
  recorded: Omit<Cassette, 'version'>,
  url: string,
): Promise<void> {
  const { turn, ...rest } = recorded
  const spec = turn.spec
  const version = await probeVersion(agents[harness], spec, { root: repository.root, env: repository.env })
  const cli = rest.stderr.match(/[^\s(]*\/node_modules\/@google\/gemini-cli\//)?.[0] ?? '/cli/'
  writeCassette(harness, scenario.name, { version: version.detail, turn, ...rest }, [
    [repository.root, '/home/test/repo'],
    [repository.home, '/home/test'],
    [path.dirname(repository.root), '/home/test'],
    [url, 'http://127.0.0.1:1'],
    [cli.replace(/^file:\/\//, ''), '/cli/'],
  ])
}

for (const harness of realHarnesses) {
  describe(`the real ${harness}`, () => {
    for (const scenario of scenarios.filter(({ session, name }) => session !== 'resume' && name !== 'work')) {
      itWith(harness)(`tells "${scenario.name}" apart`, async () => {
        const repository = testRepository()
        const { run } = await play(scenario, harness, repository)
        if (scenario.session === 'unknown') expect(run).toMatchObject({ restarted: true, text: 'unexpected' })
        else scenario.check(run, agents[harness], harness)
        expect(run.leftovers).toBe(0)
      })
    }

    itWith(harness)('commits, says __DONE__, and goes on in the same session', async () => {
      const repository = testRepository()
      // Gemini's shell tool passes on no identity from the environment.
      repository.git(['config', 'user.name', 'Test'])
      repository.git(['config', 'user.email', 'test@example.com'])
      const [work, resume] = ['work', 'resume'].map((name) => scenarios.find((one) => one.name === name)!)
      const first = await play(work!, harness, repository)
      work!.check(first.run, agents[harness], harness)
      expect(repository.git(['log', '-1', '--format=%s'])).toBe('Add hello.txt')
      expect(readFileSync(path.join(repository.root, 'hello.txt'), 'utf8')).toBe('hello\n')
      expect(first.requests[0]?.prompt.trim()).toBe(work!.prompt.trim())
      const second: { run: AgentRun } = await play(resume!, harness, repository, first.run.session)
      resume!.check(second.run, agents[harness], harness)
      expect(second.run.session).toBe(first.run.session)
      expect(second.run.restarted).toBeUndefined()
      // One prompt and one answer: not the whole session's.
      expect(second.run.usage).toEqual({ input: 100, output: 10, cacheRead: 0, cacheWrite: 0 })
    })
  })
}

itWith('claude')('claude ends by itself at what it was told that it may cost, and says so', async () => {
  const repository = testRepository()
  // A dollar a turn at its list price, for ever.
  const model = await scriptedModel(({ tools }) =>
    tools.length === 0 ? { text: 'a title' } : { text: 'More.', shell: 'true', usage: { input: 330_000, output: 10 } },
  )
  const run = await runAgent({
    agent: agents.claude,
    turn: { ...turnOf({ ...scenarios[0]!, permissions: 'bypass' }, 'claude'), maxUsd: 1.5 },
    prompt: 'Work.\n',
    cwd: repository.root,
    env: realAgentEnvironment(repository.home, model.url),
    limits: { iterationMs: 120_000 },
  })
  expect(run.failure).toMatchObject({ kind: 'budget' })
  expect(run.costUsd).toBeGreaterThanOrEqual(1.5)
  expect(run.costUsd).toBeLessThan(3.5)
})

describe('ending a real agent during a tool', () => {
  for (const harness of realHarnesses) {
    itWith(harness)(`${harness}: nothing of it is left, and it is never done`, async () => {
      const repository = testRepository()
      const model = await scriptedModel(({ tools, turn }) => {
        if (tools.length === 0) return { text: 'a title' }
        // A child in a session of its own, one without our environment, and the tool itself.
        const daemons = 'setsid sleep 7001 & env -i setsid sleep 7002 & echo x > started; sleep 7003'
        return turn === 0 ? { text: '__DONE__', shell: daemons } : { text: '__DONE__' }
      })
      const abort = new AbortController()
      const started = path.join(repository.root, 'started')
      const run = runAgent({
        agent: agents[harness],
        turn: turnOf({ ...scenarios[0]!, permissions: 'bypass' }, harness),
        prompt: 'Work.\n',
        cwd: repository.root,
        env: realAgentEnvironment(repository.home, model.url),
        limits: {},
        signal: abort.signal,
      })
      await until(() => existsSync(started), 'the tool has started', 120_000)
      abort.abort()
      const ended = await run
      expect(ended).toMatchObject({ reason: 'aborted', failure: { kind: 'interrupted' } })
      expect(ended.leftovers).toBeGreaterThanOrEqual(3)
      expect(sleepersIn(repository.root)).toEqual([])
    })
  }
})

/** Command lines of processes that work in this folder. */
function sleepersIn(folder: string): string[] {
  if (!existsSync('/proc')) return []
  return readdirSync('/proc').flatMap((pid) => {
    try {
      if (readlinkSync(`/proc/${pid}/cwd`) !== folder) return []
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
    } catch {
      return []
    }
  })
}
