// A harness that cannot be called for a while is waited for; an agent that only burns iterations is braked.

import { renameSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { type Answer, type HarnessParts, makeHarnesses, WAITS } from '../../src/swarm/harness.js'
import { backOff, countFailure } from '../../src/swarm/worker.js'
import { without } from '../support/agents.js'
import { level1, level1Files, loopIn, type TestLoop, until } from '../support/loop.js'
import { testRepository } from '../support/repository.js'

const spec = { harness: 'claude' }
const never = new AbortController().signal

/** Harnesses whose waits take milliseconds. */
function harnessesOf(parts: Partial<HarnessParts> = {}) {
  const events: { type: string; text?: string; kind?: string; agent?: string }[] = []
  const quick = { firstMs: 100, maxMs: 200, totalMs: 60_000, tries: 3 }
  const harnesses = makeHarnesses({
    emit: (event) => events.push(event),
    mend: () => 'Run `claude` once and log in.',
    waits: { limit: { ...WAITS.limit, firstMs: 100, maxMs: 200 }, login: quick, missing: quick },
    ...parts,
  })
  return { harnesses, events }
}

describe('a login that expires', () => {
  const login = { kind: 'login', message: 'OAuth session expired' } as const

  test('is waited for until the free command says yes, names the command, and goes on', async () => {
    let answer: Answer = 'no'
    const { harnesses, events } = harnessesOf({ ask: async () => answer })
    expect(harnesses.limited(spec, login)).toBe(true)
    let through = false
    const waiting = harnesses.ready(spec, never).then(() => {
      through = true
    })
    // Longer than its longest wait: the command says no.
    await until(() => events.filter((event) => event.type === 'limit.waiting').length >= 3, 'some waits')
    expect(through).toBe(false)
    answer = 'yes'
    await waiting
    harnesses.working(spec)
    expect(events[0]).toMatchObject({ type: 'note', text: expect.stringContaining('Run `claude` once and log in.') })
    expect(events[1]).toMatchObject({ type: 'limit.waiting', agent: 'claude', kind: 'login' })
    expect(events.at(-1)?.text).toBe('claude works again.')
  })

  test('is tried again by and by where the command says yes all the time, and in the end no more', async () => {
    const { harnesses } = harnessesOf({ ask: async () => 'yes' })
    let tries = 0
    while (harnesses.limited(spec, login)) {
      tries += 1
      await harnesses.ready(spec, never)
    }
    expect(tries).toBe(3)
  })

  test('is tried by one worker for all', async () => {
    const { harnesses } = harnessesOf({ ask: async () => 'unknown' })
    harnesses.limited(spec, login)
    let through = 0
    const waiting = [1, 2, 3].map(() => harnesses.ready(spec, never).then(() => (through += 1)))
    await until(() => through === 1, 'the first')
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect(through).toBe(1)
    harnesses.working(spec)
    await Promise.all(waiting)
  })

  test('of one harness is none of another, and several workers that meet it meet one', () => {
    const { harnesses, events } = harnessesOf()
    for (let worker = 0; worker < 5; worker++) expect(harnesses.limited(spec, login)).toBe(true)
    expect(events.filter((event) => event.type === 'limit.waiting')).toHaveLength(1)
  })

  test('can be waited for no longer when the swarm is being stopped', async () => {
    const { harnesses } = harnessesOf({ ask: async () => 'no' })
    harnesses.limited(spec, login)
    const stop = new AbortController()
    const waiting = harnesses.ready(spec, stop.signal)
    stop.abort()
    await expect(waiting).rejects.toThrow()
  })

  test('is no reason to wait for what waiting does not mend', () => {
    const { harnesses } = harnessesOf()
    for (const kind of ['error', 'model', 'timeout', 'exit', 'interrupted'] as const) {
      expect(harnesses.limited(spec, { kind, message: 'x' })).toBe(false)
    }
  })
})

describe('a limit', () => {
  test('that ends at a moment that cannot be waited for is not waited for', () => {
    const { harnesses } = harnessesOf()
    const until = new Date(Date.now() + 8 * 86_400_000).toISOString()
    expect(harnesses.limited(spec, { kind: 'limit', message: 'weekly', until })).toBe(false)
  })

  test('backs off longer each time it is met again, and not for each worker that meets it', async () => {
    const { harnesses, events } = harnessesOf()
    for (let worker = 0; worker < 3; worker++) harnesses.limited(spec, { kind: 'limit', message: '429' })
    expect(events).toHaveLength(1)
    await harnesses.ready(spec, never)
    harnesses.limited(spec, { kind: 'limit', message: '429' })
    expect(events).toHaveLength(2)
  })
})

describe('the brake of level 1', () => {
  const backoff = { firstMs: 1000, maxMs: 5000, failures: 5, brake: 3 }
  const quick = (count: number) => {
    let failures = { all: 0, quick: 0 }
    for (let i = 0; i < count; i++) failures = countFailure(failures, true, 50)
    return failures
  }

  test('lets some failures pass, and then backs off as level 2 does from the first', () => {
    expect([1, 2, 3, 4, 5, 6].map((count) => backOff(1, quick(count), backoff))).toEqual([0, 0, 1000, 2000, 4000, 5000])
    expect([1, 2, 3].map((count) => backOff(2, quick(count), backoff))).toEqual([1000, 2000, 4000])
  })

  test('can be set, and turned off', () => {
    expect(backOff(1, quick(1), { ...backoff, brake: 1 })).toBe(1000)
    expect(backOff(1, quick(100), { ...backoff, brake: 0 })).toBe(0)
  })

  test('is for failures within seconds only, and forgets them with an agent that worked', () => {
    expect(countFailure(quick(2), true, 60_000)).toEqual({ all: 3, quick: 0 })
    expect(countFailure(quick(2), false, 50)).toEqual({ all: 0, quick: 0 })
  })

  test('keeps a loop from burning its iterations', async () => {
    const config = JSON.stringify({ backoff: { first: '1s', max: '1s', brake: 2 } })
    const loop = level1('exit 1', { ...level1Files, 'oompa.json': config })
    const began = performance.now()
    expect((await loop.run([], { env: { ...loop.env, WORKERS: '1', ITERATIONS: '4' } })).status).toBe(1)
    expect(performance.now() - began).toBeGreaterThan(2000)
    expect(loop.agent.calls()).toHaveLength(4)
  })
})

/** A repository whose `claude` is this script: it answers its free commands itself. */
function withClaude(script: string, config: Readonly<Record<string, unknown>> = {}): TestLoop {
  const repository = testRepository({ ...level1Files, 'oompa.json': JSON.stringify({ probe: false, ...config }) })
  repository.write('../home/bin/claude', `#!/bin/bash\n${script}\n`, 0o755)
  const env = { ...repository.env, PATH: `${path.join(repository.home, 'bin')}:${repository.env.PATH}` }
  return loopIn(repository, { env, calls: () => [], probes: () => [] })
}

describe('a swarm in the night', () => {
  const said = (facts: unknown) => `printf '%s\\n' '${JSON.stringify(facts)}'`
  const result = { type: 'result', is_error: false, result: 'ok', session_id: 's', total_cost_usd: 0 }
  const workers = [{ model: 'claude', count: 2, iterations: 2 }]

  test('whose login expires waits for the person, and loses no iteration', async () => {
    const loop = withClaude(
      `case "$1 $2" in "--version "*) echo 1;; "auth status") [ -e "$HOME/in" ] || exit 1; exit 0;; esac
cat > /dev/null; echo x >> "$HOME/runs"
if [ ! -e "$HOME/in" ] && [ "$(wc -l < "$HOME/runs")" -gt 1 ]; then
  ${said({ ...result, is_error: true, api_error_status: 401, result: 'Failed to authenticate: OAuth session expired' })}; exit 1
fi
cd "$OOMPA_WORKTREE"; echo "$OOMPA_WORKER-$OOMPA_ITERATION" > "f-$OOMPA_WORKER-$OOMPA_ITERATION"; git add .; git commit -qm work
${said(result)}`,
      { workers, backoff: { first: '1s', max: '1s' } },
    )
    const running = loop.start()
    await until(() => loop.events('limit.waiting').length >= 2, 'the swarm to wait')
    expect(JSON.parse((await loop.oompa(['status', '--json'])).stdout)[0].state).toBe('running')
    loop.repository.write('../home/in', '')
    const ended = await running.ended
    expect(ended.status, ended.stdout).toBe(0)
    expect(loop.events('iteration.ended').map((event) => event.outcome)).toEqual(Array(4).fill('landed'))
    expect(ended.stdout).toMatch(/claude is not logged in any more.*Run `claude` once and log in/)
  })

  test('whose CLI is replaced waits for it, and loses no iteration', async () => {
    const loop = withClaude(`case "$1" in --version) echo 1; exit;; esac
cat > /dev/null
if [ ! -e "$HOME/gone" ]; then touch "$HOME/gone"; mv "$0" "$0.old"; fi
exit 0`)
    const file = path.join(loop.repository.home, 'bin/claude')
    // No other one takes its place while it is away.
    const env = without('claude', loop.env)
    env.PATH = `${path.dirname(file)}:${env.PATH}`
    const running = loop.start([], { env: { ...env, WORKERS: '1', ITERATIONS: '3' } })
    await until(() => loop.events('limit.waiting').length > 0 || loop.events('swarm.stopped').length > 0, 'the wait')
    renameSync(`${file}.old`, file)
    const ended = await running.ended
    expect(ended.status, ended.stdout).toBe(0)
    expect(loop.events('iteration.ended').map((event) => event.outcome)).toEqual(['done', 'done', 'done'])
  })

  test('goes on under a cap when one run is killed without a word about its cost', async () => {
    const loop = withClaude(
      `cat > /dev/null; echo x >> "$HOME/runs"
if [ "$(wc -l < "$HOME/runs")" = 2 ]; then kill -9 $$; fi
cd "$OOMPA_WORKTREE"; echo "$RANDOM" > "f-$OOMPA_ITERATION"; git add .; git commit -qm work
${said({ ...result, total_cost_usd: 0.25 })}`,
      { workers: [{ model: 'claude', iterations: 3 }], backoff: { first: '10ms' } },
    )
    const ended = await loop.run(['--budget-usd', '5'])
    expect(ended.status, ended.stdout).toBe(0)
    expect(loop.events('iteration.ended').map((event) => event.outcome)).toEqual(['landed', 'failed', 'landed'])
    expect(loop.events('agent.ended').map((event) => event.costUsd)).toEqual([0.25, 0.25, 0.25])
    expect(ended.stdout).toContain('the dearest run so far')
  })

  test('ends a back-off at once when another worker reaches the cap', async () => {
    const loop = withClaude(
      `cat > /dev/null
if [ "$OOMPA_WORKER" = w1 ]; then ${said({ ...result, is_error: true, result: 'something broke' })}; touch "$HOME/failed"; exit 1; fi
if [ "$OOMPA_ITERATION" = 1 ]; then ${said({ ...result, total_cost_usd: 0.01 })}; exit 0; fi
until [ -e "$HOME/failed" ]; do sleep 0.05; done; sleep 0.5
${said({ ...result, total_cost_usd: 9 })}`,
      { workers: [{ model: 'claude', count: 2, iterations: 3 }], backoff: { first: '10m', max: '10m' } },
    )
    const ended = await loop.run(['--budget-usd', '5'])
    expect(ended.status, ended.stdout).toBe(5)
    expect(loop.events('budget.reached')).toMatchObject([{ limit: 'budget' }])
  })
})
