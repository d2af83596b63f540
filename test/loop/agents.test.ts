import { readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { allEnded, level1, level1Files, level2 } from '../support/loop.js'

const once = { WORKERS: '1', ITERATIONS: '1' }

describe('agents that misbehave', () => {
  test('one that never reads its standard input, with a prompt larger than a pipe', async () => {
    const loop = level1('echo done', { ...level1Files, 'prompts/worker.md': `Goal.\n${'x'.repeat(300_000)}\n` })
    // In place of the scripted one, which reads.
    loop.repository.write(
      '../home/bin/claude',
      '#!/bin/sh\ncase "$1" in --version) echo 2.1.197;; auth) echo \'{"loggedIn": true}\';; *) echo did not read;; esac\n',
      0o755,
    )
    const ended = await loop.run([], { env: { ...loop.env, ...once } })
    expect(ended.status, ended.stderr).toBe(0)
    expect(ended.stdout).toContain('did not read')
  })

  test('one that prints 100 MB: its end is in its file, and our memory stays flat', async () => {
    const loop = level1(`head -c 104857600 /dev/zero | tr '\\0' 'x' | fold -w 1000; echo; echo done`)
    const running = loop.start([], { env: { ...loop.env, ...once } })
    let peak = 0
    const timer = setInterval(() => {
      try {
        const status = readFileSync(`/proc/${running.child.pid}/status`, 'utf8')
        peak = Math.max(peak, Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0))
      } catch {
        // It has ended.
      }
    }, 50)
    // What it prints is not kept here, either.
    running.child.stdout?.removeAllListeners('data').resume()
    const { status } = await running.ended
    clearInterval(timer)
    expect(status).toBe(0)
    const [id = ''] = loop.swarms()
    const log = path.join(loop.repository.root, '.oompa/runs', id, 'w1-1.log')
    expect(statSync(log).size + statSync(`${log}.old`).size).toBeGreaterThan(32_000_000)
    expect(statSync(log).size + statSync(`${log}.old`).size).toBeLessThanOrEqual(64_000_000)
    expect(readFileSync(log, 'utf8').endsWith('\ndone\n')).toBe(true)
    expect(peak / 1024).toBeLessThan(200)
  })

  test('control characters never reach the terminal', async () => {
    const loop = level1(`printf 'a\\033[2Jb\\033]0;title\\007c\\rd\\n'`)
    const ended = await loop.run([], { env: { ...loop.env, ...once } })
    expect(ended.status).toBe(0)
    expect(ended.stdout).toContain('a')
    expect(ended.stdout).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f]/)
  })

  test('one that hangs is ended after the idle limit, with its children, and the loop goes on', async () => {
    const loop = level2(
      '[ "$OOMPA_ITERATION" = 2 ] && { echo done; exit; }; cd "$OOMPA_WORKTREE"; echo x > x; setsid sleep 1000 & sleep 1000',
      {
        iterations: 2,
        config: { limits: { idle: 1 }, backoff: { first: 0 } },
      },
    )
    const ended = await loop.run()
    expect(ended.stdout).toContain('said nothing for 1 s')
    expect(loop.events('iteration.ended')).toMatchObject([{ outcome: 'failed', commits: 1 }, { outcome: 'nothing' }])
    await allEnded(loop)
  })

  test('children that outlive it, also in sessions of their own or without its environment, end with it', async () => {
    const loop = level1(
      'sleep 1000 & setsid sleep 1000 & (setsid env -i sleep 1001 &) ; nohup setsid sh -c "sleep 1000; true" > /dev/null 2>&1 & sleep 0.3; echo done',
    )
    const ended = await loop.run([], { env: { ...loop.env, ...once } })
    expect(ended.status).toBe(0)
    await allEnded(loop)
    // The one without an environment is not found by its home.
    const { processes } = await import('../support/processes.js')
    expect(processes('sleep 1001')).toEqual([])
  })

  test('one that fails, one that is ended by a signal, and one that says nothing', async () => {
    const loop = level1('case "$OOMPA_ITERATION" in 1) exit 3;; 2) kill -9 $$;; 3) :;; esac')
    const ended = await loop.run([], { env: { ...loop.env, WORKERS: '1', ITERATIONS: '3' } })
    expect(ended.status).toBe(0)
    expect(loop.events('iteration.ended').map((event) => event.outcome)).toEqual(['failed', 'failed', 'done'])
  })

  test('one that says status 0 after the limit has not done its turn', async () => {
    const loop = level1(`trap 'exit 0' TERM; sleep 1000 & wait`)
    const ended = await loop.run([], { env: { ...loop.env, ...once, OOMPA_IDLE_LIMIT: '1' } })
    expect(ended.status).toBe(1)
    expect(loop.events('iteration.ended')).toMatchObject([{ outcome: 'failed' }])
  })

  test('refused tools are said, with how to allow them', async () => {
    const loop = level1(
      `printf '%s\\n' '${JSON.stringify({ type: 'result', is_error: false, result: 'ok', session_id: 'x', total_cost_usd: 0, permission_denials: [{ tool_name: 'Bash' }] })}'`,
      { ...level1Files, 'oompa.json': '{ "workers": [{ "model": "claude", "iterations": 1 }], "probe": false }' },
    )
    const ended = await loop.run()
    expect(ended.stdout).toMatch(/denied: Bash/)
    expect(ended.stdout).toMatch(/permissions/)
  })
})
