import { existsSync } from 'node:fs'
import { createServer } from 'node:net'
import path from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { allEnded, level1, level1Files, level2, loopIn, type TestLoop, until } from '../support/loop.js'
import { committingWorker, itWith, realAgentEnvironment, scriptedModel, scriptedModels } from '../support/realAgents.js'
import { testRepository } from '../support/repository.js'

/** What Claude prints at the end of a run, in its machine-readable form. */
const said = (facts: Readonly<Record<string, unknown>>) =>
  `printf '%s\\n' '${JSON.stringify({ type: 'result', subtype: 'success', is_error: false, result: 'ok', session_id: 'x', total_cost_usd: 0, ...facts })}'`

/** Refuses the first run as a subscription at its limit does (test/cassettes/claude/limit.json), until `seconds` from now. */
const limitedOnce = (seconds: number) => `if [ ! -e "$HOME/limited" ]; then
touch "$HOME/limited"
echo '{"type":"rate_limit_event","rate_limit_info":{"status":"rejected","resetsAt":'$(( $(date +%s) + ${seconds} ))',"rateLimitType":"five_hour"}}'
${said({ is_error: true, api_error_status: 429, result: 'You have hit your session limit' })}
exit 1
fi
cd "$OOMPA_WORKTREE"; echo x > x; git add x; git commit -qm x
${said({ total_cost_usd: 0.25 })}`

/** A level 2 repository of scripted `claude`s. */
function claudes(body: string, config: Readonly<Record<string, unknown>> = {}, iterations = 1): TestLoop {
  const whole = { workers: [{ model: 'claude', iterations }], probe: false, ...config }
  return level1(body, { ...level1Files, 'oompa.json': JSON.stringify(whole) })
}

describe('a usage limit', () => {
  test('is waited out without spending the attempt; the view says until when', async () => {
    const loop = claudes(limitedOnce(2))
    const running = loop.start()
    const [limit] = await until(
      () => (loop.events('limit.waiting').length ? loop.events('limit.waiting') : undefined),
      'the limit',
    )
    expect(limit?.agent).toBe('claude')
    const [swarm] = JSON.parse((await loop.oompa(['status', '--json'])).stdout)
    expect(swarm.workers[0].state).toBe('limit')
    const ended = await running.ended
    expect(ended.status, ended.stdout + ended.stderr).toBe(0)
    expect(ended.stdout).toMatch(/claude is limited until \d\d:\d\d/)
    expect(loop.events('iteration.ended')).toMatchObject([{ iteration: 1, outcome: 'landed' }])
    const [first, second] = loop.events('agent.ended').map((event) => Date.parse(event.at))
    expect(second! - first!).toBeGreaterThan(1000)
    expect(loop.events('agent.started').map((event) => event.attempt)).toEqual([1, 1])
  })

  test.each([
    ['Ctrl-C', 130],
    ['oompa stop', 0],
  ])('%s works while it is waited for', async (how, status) => {
    const loop = claudes(limitedOnce(3600))
    const running = loop.start()
    await until(() => loop.events('limit.waiting').length > 0, 'the limit')
    if (how === 'Ctrl-C') running.child.kill('SIGINT')
    else await loop.oompa(['stop'])
    expect((await running.ended).status).toBe(status)
    expect(loop.events('iteration.ended')).toMatchObject([{ outcome: 'interrupted' }])
    // The iteration was not spent: a resume runs it.
    expect((await loop.oompa(['list', '--json'])).status).toBe(0)
    await allEnded(loop)
  })

  test('of one harness keeps the others working', async () => {
    const loop = claudes(limitedOnce(3), {
      workers: [
        { model: 'claude', iterations: 1 },
        { model: 'command:quick', iterations: 2 },
      ],
    })
    loop.repository.write(
      '../home/bin/quick',
      '#!/bin/sh\ncat > /dev/null\necho "$OOMPA_ITERATION" > quick; git add -A; git commit -qm quick\n',
      0o755,
    )
    const ended = await loop.run()
    expect(ended.status, ended.stdout).toBe(0)
    const order = loop.events('iteration.ended').map((event) => `${event.worker}-${event.iteration} ${event.outcome}`)
    expect(order).toEqual(['w2-1 landed', 'w2-2 landed', 'w1-1 landed'])
  })

  itWith('claude')('of the real Claude Code, on a 429, is waited for', async () => {
    const repository = testRepository(level1Files)
    let refused = false
    const model = await scriptedModel((request) => {
      if (request.tools.length > 0 && !refused) {
        refused = true
        return { status: 429, message: 'Too many requests. Please try again in 2s.' }
      }
      return committingWorker(request)
    })
    const env = realAgentEnvironment(repository.home, model.url, {
      PATH: process.env.PATH,
      CLAUDE_CODE_MAX_RETRIES: '0',
    })
    const config = {
      workers: [{ model: `claude:${scriptedModels.claude}`, iterations: 1 }],
      permissions: 'bypass',
      probe: false,
    }
    repository.commit('Configure', { 'oompa.json': JSON.stringify(config) })
    const loop = loopIn(repository, { env, calls: () => [], probes: () => [] })
    const ended = await loop.run()
    expect(ended.status, ended.stdout).toBe(0)
    expect(loop.events('limit.waiting')).toHaveLength(1)
  })
})

describe('caps', () => {
  test('a budget ends the swarm with 5; it is passed by at most the runs that were going on', async () => {
    const loop = claudes(said({ total_cost_usd: 0.6 }), { workers: [{ model: 'claude', iterations: 5 }] })
    const ended = await loop.run(['--budget-usd', '1'])
    expect(ended.status).toBe(5)
    expect(loop.agent.calls()).toHaveLength(2)
    expect(loop.events('budget.reached')).toMatchObject([{ limit: 'budget', value: 1 }])
    // What was spent counts after a resume.
    expect((await loop.oompa(['resume'])).status).toBe(5)
    expect(loop.agent.calls()).toHaveLength(2)
  })

  test('a budget of 0 runs nothing, no probe either', async () => {
    const loop = claudes(said({}), { probe: true })
    const ended = await loop.run(['--budget-usd', '0'])
    expect(ended.status).toBe(5)
    expect(loop.agent.calls()).toEqual([])
    expect(loop.agent.probes().every((call) => call.argv[0] === '--version' || call.argv[0] === 'auth')).toBe(true)
  })

  test('an agent without a cost under a cap stops after its first run, and says so; prices make it work', async () => {
    const loop = level2('echo done', { iterations: 4 })
    const ended = await loop.run(['--budget-usd', '1'])
    expect(ended.status).toBe(5)
    expect(ended.stdout).toMatch(/reports no cost.*prices/s)
    expect(loop.agent.calls()).toHaveLength(1)
    const priced = claudes(said({ total_cost_usd: undefined, usage: { input_tokens: 1_000_000, output_tokens: 0 } }), {
      workers: [{ model: 'claude', iterations: 4 }],
      prices: { claude: { input: 3, output: 15 } },
    })
    expect((await priced.run(['--budget-usd', '5'])).status).toBe(5)
    expect(priced.agent.calls()).toHaveLength(2)
  })

  test('minutes end the agents, and keep their work', async () => {
    const loop = level2('cd "$OOMPA_WORKTREE"; echo x > x; sleep 1000')
    const ended = await loop.run(['--max-minutes', '0.03'])
    expect(ended.status).toBe(5)
    expect(loop.events('budget.reached')).toMatchObject([{ limit: 'minutes' }])
    expect(loop.refs('refs/oompa/kept/')).toHaveLength(1)
    await allEnded(loop)
  })

  test('three iterations of each worker in a row without progress end it', async () => {
    const loop = level2('echo done', { workers: 2, iterations: 9 })
    const ended = await loop.run()
    expect(ended.status).toBe(5)
    expect(loop.agent.calls().length).toBeGreaterThanOrEqual(6)
    expect(loop.agent.calls().length).toBeLessThanOrEqual(7)
    expect(ended.stdout).toContain('landed nothing')
  })

  test('at level 1 there is no such thing: agents see to their work themselves', async () => {
    const loop = level1('echo done')
    expect((await loop.run([], { env: { ...loop.env, WORKERS: '1', ITERATIONS: '5' } })).status).toBe(0)
    expect(loop.agent.calls()).toHaveLength(5)
  })
})

describe('ports', () => {
  test('a block that somebody listens in is not given out', async () => {
    const loop = level1('echo done')
    const probe = await loop.run([], { env: { ...loop.env, WORKERS: '1', ITERATIONS: '1' } })
    expect(probe.status).toBe(0)
    const base = Number(loop.agent.calls()[0]?.env.OOMPA_PORT_BASE)
    const server = createServer()
    onTestFinished(() => void server.close())
    await new Promise<void>((resolve) => server.listen(base + 7, '127.0.0.1', resolve))
    await loop.run([], { env: { ...loop.env, WORKERS: '1', ITERATIONS: '1' } })
    const second = Number(loop.agent.calls()[1]?.env.OOMPA_PORT_BASE)
    expect(Math.abs(second - base)).toBeGreaterThanOrEqual(20)
    expect(existsSync(path.join(loop.repository.root, '.w1-i1'))).toBe(true)
  })
})
