// What becomes of a change by how its agent's run ended.

import { existsSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { isLitter } from '../../src/merge/secrets.js'
import { level1, level1Files, type TestLoop } from '../support/loop.js'

const json = (facts: unknown) => `printf '%s\\n' '${JSON.stringify(facts)}'`
const init = json({ type: 'system', subtype: 'init', session_id: 's' })
const result = json({ type: 'result', is_error: false, result: 'All done.', session_id: 's', total_cost_usd: 0.01 })
const commit = 'cd "$OOMPA_WORKTREE"; echo work > work; git add work; git commit -qm work'

/** A level 2 repository of scripted `claude`s. */
function claudes(body: string, iterations = 1): TestLoop {
  const config = {
    workers: [{ model: 'claude', iterations }],
    probe: false,
    backoff: { first: '10ms', max: '10ms' },
    limits: { grace: '300ms', iteration: '30s' },
  }
  return level1(body, { ...level1Files, 'oompa.json': JSON.stringify(config) })
}

describe('a change', () => {
  test('of a complete turn lands, whatever its CLI ended with, and that is said', async () => {
    const loop = claudes(`${init}; ${commit}; ${result}; echo "tls handshake eof" >&2; exit 1`)
    const ended = await loop.run()
    expect(ended.status, ended.stdout).toBe(0)
    expect(loop.events('iteration.ended')).toMatchObject([{ outcome: 'landed' }])
    expect(ended.stdout).toContain('tls handshake eof')
    expect(loop.repository.git(['show', 'main:work'])).toBe('work')
  })

  test('of a complete turn that left nothing does not land by that', async () => {
    const loop = claudes(`${init}; ${result}; exit 1`)
    expect((await loop.run()).status).toBe(1)
    expect(loop.events('iteration.ended')).toMatchObject([{ outcome: 'failed' }])
  })

  test('of a turn without its end does not land, though its status is 0, and is kept and named', async () => {
    const loop = claudes(`${init}; ${commit}; exit 0`)
    const ended = await loop.run()
    expect(ended.status).toBe(1)
    const [iteration] = loop.events('iteration.ended')
    expect(iteration).toMatchObject({ outcome: 'failed', kept: expect.stringContaining('refs/oompa/kept/') })
    expect(ended.stdout).toContain(iteration?.kept)
    expect(loop.repository.git(['rev-list', '--count', 'main'])).toBe('1')
  })

  test('of an agent that goes on after its final message lands as a whole', async () => {
    const loop = claudes(
      `${init}; ${result}; ${init}; cd "$OOMPA_WORKTREE"; echo half > work; sleep 1; echo whole > work; git add work; git commit -qm work; ${result}`,
    )
    const ended = await loop.run()
    expect(ended.status, ended.stdout).toBe(0)
    expect(loop.repository.git(['show', 'main:work'])).toBe('whole')
  })

  test('of an agent that was ended while it went on does not land, and is kept', async () => {
    const loop = claudes(
      `trap 'exit 0' TERM; ${init}; ${result}; ${init}; cd "$OOMPA_WORKTREE"; echo half > work; while :; do sleep 0.05; done`,
    )
    loop.repository.commit('Less time', {
      'oompa.json': JSON.stringify({
        workers: [{ model: 'claude', iterations: 1 }],
        probe: false,
        limits: { grace: '100ms', iteration: '2s' },
      }),
    })
    expect((await loop.run()).status).toBe(1)
    const [iteration] = loop.events('iteration.ended')
    expect(iteration).toMatchObject({ outcome: 'failed', reason: expect.stringContaining('took longer than') })
    expect(loop.repository.git(['show', `${iteration?.kept}:work`])).toBe('half')
  })
})

describe('what tools leave beside the work', () => {
  const made = [
    '.claude/settings.local.json',
    '.DS_Store',
    '.aider.chat.history.md',
    '__pycache__/a.pyc',
    'nohup.out',
    'server.pid',
  ]
  const leaves = `cd "$OOMPA_WORKTREE"; mkdir -p .claude __pycache__; for f in ${made.join(' ')}; do echo x > "$f"; done`

  test('is not committed for an agent, is said, and keeps no worktree', async () => {
    const loop = claudes(`${init}; ${leaves}; echo work > work; ${result}`)
    const ended = await loop.run()
    expect(ended.status, ended.stdout).toBe(0)
    expect(loop.repository.git(['diff', '--name-only', 'main~1', 'main'])).toBe('work')
    for (const file of made) expect(ended.stdout).toContain(file)
    expect(ended.stdout).toContain('not committed: a file of a tool')
    expect(existsSync(path.join(loop.repository.root, '.w1-i1'))).toBe(false)
    // Nothing that an agent made is lost.
    const aside = path.join(loop.repository.root, '.oompa/runs', loop.swarms()[0] ?? '', 'litter/w1-1')
    expect(made.every((file) => existsSync(path.join(aside, file)))).toBe(true)
  })

  test('is no change', async () => {
    const loop = claudes(`${init}; ${leaves}; ${result}`)
    await loop.run()
    expect(loop.events('iteration.ended')).toMatchObject([{ outcome: 'nothing' }])
  })

  test.each([
    ...made,
    'sub/.aider.tags.cache.v3/x',
    '.codex/sessions/2026/x.jsonl',
    '.gemini/tmp.json',
    '.opencode/x',
    '.playwright-mcp/page.png',
    'dev-server.log',
    '.foo.swp',
  ])('is known by its name: %s', (file) => {
    expect(isLitter(file)).toBe(true)
  })

  test.each([
    '.claude/settings.json',
    '.claude/commands/x.md',
    '.codex/config.toml',
    '.opencode/agent/reviewer.md',
    'opencode.json',
    '.aider.conf.yml',
    '.aiderignore',
    'test/fixtures/app.log',
    'src/pid.ts',
    'docs/nohup.out.md',
    'CLAUDE.md',
    '.gitignore',
  ])('is not what a person would commit: %s', (file) => {
    expect(isLitter(file)).toBe(false)
  })
})
