import { existsSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { level1, level1Files, level2, type TestLoop } from '../support/loop.js'
import type { Ended } from '../support/oompa.js'

const once = { WORKERS: '1', ITERATIONS: '1' }

/** A mistake that is found before anything is made or started. */
function expectMistake(loop: TestLoop, ended: Ended, says: RegExp, status = 2): void {
  expect(ended.stderr).toMatch(says)
  expect(ended.stderr).toContain('→')
  expect(ended.stderr).not.toMatch(/\n\s+at /)
  expect(ended.status).toBe(status)
  expect(loop.agent.calls()).toEqual([])
  expect(existsSync(path.join(loop.repository.root, '.w1-i1'))).toBe(false)
  // It is said once, and no swarm has been.
  expect(ended.stdout).toBe('')
  expect(ended.stderr.match(says)).toHaveLength(1)
  expect(loop.swarms()).toEqual([])
  expect(loop.refs('refs/heads/oompa/')).toEqual([])
  expect(loop.repository.git(['status', '--porcelain'])).toBe('')
}

describe('mistakes are said before anything is started', () => {
  test('`claude` is not installed', async () => {
    const loop = level1('echo done')
    // Everything that is on the PATH but the scripted agent.
    const ended = await loop.run([], { env: { ...loop.env, ...once, PATH: '/usr/bin:/bin' } })
    expectMistake(loop, ended, /no executable `claude` on the PATH/)
  })

  test('Node is too old, at each door', async () => {
    const loop = level1('echo done')
    // What such a Node has not, either.
    const old = loop.repository.write(
      '../home/old.mjs',
      "Object.defineProperty(process, 'version', { value: 'v18.20.4' })\nObject.defineProperty(process, 'versions', { value: { ...process.versions, node: '18.20.4' } })\n",
    )
    const env = { ...loop.env, NODE_OPTIONS: `--import=${old}` }
    for (const ended of [await loop.run([], { env }), await loop.oompa(['run'], { env })])
      expectMistake(loop, ended, /^oompa needs Node 20\.19 or 22\.12 and newer; this is v18\.20\.4\.$/m)
  })

  test('an agent’s program is not there', async () => {
    const loop = level1('echo done')
    expectMistake(loop, await loop.oompa(['run', '--agent', 'command:./nope']), /no executable `\.\/nope`/)
  })

  test('`claude` is not logged in, by its own free command: one sentence, and what mends it', async () => {
    const loop = level1('echo done')
    loop.repository.write(
      '../home/bin/claude',
      `#!/bin/sh\ncase "$1" in --version) echo 2.1.197;; auth) echo '{"loggedIn": false}'; exit 1;; *) touch "$HOME/ran";; esac\n`,
      0o755,
    )
    expectMistake(loop, await loop.run([], { env: { ...loop.env, ...once } }), /claude cannot work: not logged in/, 1)
    expect(existsSync(path.join(loop.repository.home, 'ran'))).toBe(false)
  })

  test('the prompt is missing, or empty', async () => {
    const missing = level1('echo done', { 'spec.md': '' })
    expectMistake(missing, await missing.run(), /prompts\/worker\.md/)
    const empty = level1('echo done', { 'prompts/worker.md': ' \n' })
    expectMistake(empty, await empty.run(), /prompts\/worker\.md.*empty/s)
    const named = level1('echo done')
    expectMistake(named, await named.run(['--prompt', 'prompts/other.md']), /prompts\/other\.md/)
  })

  test('a prompt that is not UTF-8: level 1 passes its bytes on, level 2 refuses', async () => {
    const bytes = Buffer.from([0x47, 0x6f, 0xff, 0xfe, 0x0a])
    const loop = level1('od -An -tx1 "$INPUT" | tr -d " \\n" > "$HOME/seen"; echo done')
    loop.repository.write('prompts/worker.md', bytes)
    expect((await loop.run([], { env: { ...loop.env, ...once } })).status).toBe(0)
    const { readFileSync } = await import('node:fs')
    const seen = readFileSync(path.join(loop.repository.home, 'seen'), 'utf8')
    expect(seen).toBe(Buffer.concat([Buffer.from('Worktree: .w1-i1\n'), bytes]).toString('hex'))
    const two = level2('echo done')
    two.repository.write('prompts/worker.md', bytes)
    two.repository.commit('Bytes')
    expectMistake(two, await two.run(), /prompts\/worker\.md.*UTF-8/s)
  })

  test.each([
    ['WORKERS', '0'],
    ['WORKERS', 'abc'],
    ['WORKERS', '1e9'],
    ['ITERATIONS', '-1'],
    ['ITERATIONS', '2.5'],
    ['OOMPA_BUDGET_USD', 'much'],
    ['OOMPA_BUDGET_USD', '-1'],
    ['OOMPA_AGENT', ':'],
  ])('%s=%s', async (name, value) => {
    const loop = level1('echo done')
    expectMistake(loop, await loop.run([], { env: { ...loop.env, [name]: value } }), new RegExp(name))
  })

  test.each([
    [['--workers', '0'], /--workers/],
    [['--iterations', '-1'], /--iterations/],
    [['--budget-usd', 'x'], /--budget-usd/],
    [['--worker', '2'], /workers?/],
    [['none.json'], /none\.json/],
  ])('oompa run %j', async (args, says) => {
    const loop = level1('echo done')
    expectMistake(loop, await loop.oompa(['run', ...args]), says)
  })

  test.each([
    [{ merge: { into: 'mian' } }, /no branch `mian`/, 'Did you mean main?'],
    [{ reviewer: 'clade' }, /no agent called `clade`/, 'Did you mean claude?'],
    [{ workers: [{ model: 'command:worker' }], planner: { model: 'cdex' } }, /no agent called `cdex`/, 'codex?'],
  ])('what oompa.json names is not there: %j', async (config, says, mend) => {
    const loop = level2('echo done', { config: { probe: false, ...config } })
    const ended = await loop.oompa(['run'])
    expectMistake(loop, ended, says)
    expect(ended.stderr).toContain(mend)
  })

  test('an agent whose name has a typo', async () => {
    const loop = level1('echo done')
    expectMistake(loop, await loop.oompa(['run', '--agent', 'cluade']), /no agent called `cluade`/)
  })

  test.each([
    ['{ "workers": [', /oompa\.json/],
    ['{ "workers": 3 }', /workers/],
    ['{ "wrokers": [] }', /workers/],
    ['', /oompa\.json/],
    ['{ "workers": [{ "model": "claude", "count": 0 }] }', /count/],
  ])('a broken oompa.json: %s', async (text, says) => {
    const loop = level1('echo done', { ...level1Files, 'oompa.json': text })
    expectMistake(loop, await loop.run(), says)
  })

  test.each([
    ['hooks/merge.ts', "import { mergeQueue } from 'oompa-loompas'\nexport default mergeQueue({\n", /hooks\/merge\.ts/],
    ['hooks/review.mjs', 'export default 3\n', /hooks\/review\.mjs/],
    ['hooks/event.js', 'throw new Error("at once")\n', /hooks\/event\.js.*at once/s],
  ])('a hook that cannot be loaded: %s', async (file, text, says) => {
    const loop = level1('echo done', { ...level1Files, [file]: text })
    expectMistake(loop, await loop.run(), says)
  })
})
