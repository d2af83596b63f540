// The probe is the run: where agents will work, with the flags that they will have; `oompa check` looks there, too.

import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { without } from '../support/agents.js'
import { level1Files, loopIn, type TestLoop } from '../support/loop.js'
import { testRepository } from '../support/repository.js'

const said = (facts: unknown) => `printf '%s\\n' '${JSON.stringify(facts)}'`
const ready = said({ type: 'result', is_error: false, result: 'ready', session_id: 's', total_cost_usd: 0.001 })

/** A repository whose CLIs are these scripts; each call is written down. */
function withClis(
  clis: Readonly<Record<string, string>>,
  config: Readonly<Record<string, unknown>>,
  files: Readonly<Record<string, string>> = {},
): TestLoop & { calls(): string[] } {
  const repository = testRepository({ ...level1Files, 'oompa.json': JSON.stringify(config), ...files })
  for (const [name, script] of Object.entries(clis)) {
    repository.write(
      `../home/bin/${name}`,
      `#!/bin/bash\necho "${name} $* in $PWD worker=$OOMPA_WORKER" >> "$HOME/calls"\n${script}\n`,
      0o755,
    )
  }
  const env = { ...repository.env, PATH: `${path.join(repository.home, 'bin')}:${repository.env.PATH}` }
  const calls = () => {
    const file = path.join(repository.home, 'calls')
    return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : []
  }
  return Object.assign(loopIn(repository, { env, calls: () => [], probes: () => [] }), { calls })
}

const free = 'case "$1" in --version) echo 1.0; exit;; auth|login) exit 0;; esac; cat > /dev/null'
const workers = [{ model: 'claude', iterations: 1 }]
const finding = async (loop: TestLoop, name: string) => {
  const { stdout } = await loop.oompa(['check', '--json'])
  return JSON.parse(stdout).find((line: { check: string }) => line.check === name)
}

describe('the probe', () => {
  test('is called as the run is: in a worktree, with its permissions and flags, and leaves nothing', async () => {
    const loop = withClis({ claude: `${free}\n${ready}` }, { workers, permissions: 'bypass' })
    await loop.run()
    const [version, login, probe, author] = loop.calls()
    const { root } = loop.repository
    for (const call of [version, login, probe])
      expect(call).toContain(`in ${root}/.w1-i0 worktree`.replace(' worktree', ' worker='))
    const flags = (call = '') => call.replace(/--session-id \S+/, '--session-id ID').replace(/ in .*/, '')
    expect(flags(probe)).toBe(flags(author))
    expect(flags(probe)).toContain('--session-id ID --dangerously-skip-permissions')
    expect(probe).toMatch(/worker=$/)
    expect(author).toContain(`in ${root}/.w1-i1 worker=w1`)
    expect(existsSync(path.join(root, '.w1-i0'))).toBe(false)
    expect(loop.refs('refs/heads/oompa/')).toEqual([])
  })

  test('finds a CLI that works at the top alone, and so does check; nothing is started', async () => {
    const loop = withClis(
      {
        claude: `[ -e .tool-versions ] || { echo "No version is set for command claude" >&2; exit 126; }\n${free}\n${ready}`,
      },
      { workers },
    )
    loop.repository.write('.tool-versions', 'claude 1\n')
    const ended = await loop.run()
    expect(ended.status).toBe(1)
    expect(ended.stderr).toMatch(/not in a worktree.*No version is set.*\n.*hooks\/worktree\.ts/)
    expect(loop.events('iteration.started')).toEqual([])
    expect(await finding(loop, 'claude')).toMatchObject({
      ok: false,
      text: expect.stringContaining('not in a worktree'),
    })
  })

  test('has the worktree set up where that makes the CLI work', async () => {
    const loop = withClis(
      { claude: `[ -e .tool-versions ] || exit 126\n${free}\n${ready}` },
      { workers },
      { 'hooks/worktree': '#!/bin/sh\ncp "$OOMPA_ROOT/.tool-versions" .\n', '.gitignore': '.tool-versions\n' },
    )
    loop.repository.git(['update-index', '--chmod=+x', 'hooks/worktree'])
    loop.repository.git(['commit', '-qm', 'Executable'])
    loop.repository.write(
      'hooks/worktree',
      readFileSync(path.join(loop.repository.root, 'hooks/worktree'), 'utf8'),
      0o755,
    )
    loop.repository.write('.tool-versions', 'claude 1\n')
    const ended = await loop.run()
    expect(loop.events('iteration.ended'), ended.stdout + ended.stderr).toHaveLength(1)
  })

  test('stops the start where the CLI refuses to start, with the words and a way on', async () => {
    const loop = withClis({ claude: `${free}\necho "refused for security reasons" >&2; exit 1` }, { workers })
    const ended = await loop.run()
    expect(ended.status).toBe(1)
    expect(ended.stderr).toMatch(/claude cannot work: refused for security reasons\n.*Try it by hand: cd .*claude -p/)
    expect(loop.events('iteration.started')).toEqual([])
  })

  test('does not stop it for what may be over by the next run', async () => {
    const down = said({ type: 'result', is_error: true, result: 'API Error: 500', session_id: 's', total_cost_usd: 0 })
    const loop = withClis(
      {
        claude: `${free}\nif [ -z "$OOMPA_WORKER" ]; then ${said({ type: 'system', subtype: 'init', session_id: 's' })}; ${down}; exit 1; fi\n${ready}`,
      },
      { workers },
    )
    await loop.run()
    expect(loop.events('iteration.started')).toHaveLength(1)
  })

  test('asks the reviewer of a hook, in a worktree as reviewers have it, and so does check', async () => {
    const loop = withClis(
      { claude: `${free}\n${ready}`, codex: 'case "$1" in --version) echo 0.1;; *) exit 1;; esac' },
      {},
      {
        'hooks/merge.ts': "import { mergeQueue } from 'oompa-loompas'\nexport default mergeQueue({})\n",
        'hooks/review.ts': "import { reviewer } from 'oompa-loompas'\nexport default reviewer({ agent: 'codex' })\n",
      },
    )
    const found = await finding(loop, 'codex')
    expect(found).toMatchObject({ ok: false, mend: expect.stringContaining('codex login') })
    expect(loop.calls().find((call) => call.startsWith('codex'))).toContain('/reviews/')
    const ended = await loop.run([], { env: { ...loop.env, WORKERS: '1', ITERATIONS: '1' } })
    expect(ended.status).toBe(1)
    expect(ended.stderr).toContain('codex cannot work')
    expect(loop.events('iteration.started')).toEqual([])
    expect(loop.repository.git(['worktree', 'list']).split('\n')).toHaveLength(1)
  })
})

describe('check', () => {
  test('sends no prompt, makes its worktrees for a moment, and leaves nothing', async () => {
    const loop = withClis({ claude: `${free}\n${ready}` }, { workers })
    expect(await finding(loop, 'claude')).toMatchObject({ ok: true })
    expect(loop.calls().map((call) => call.split(' in ')[0])).toEqual(['claude --version', 'claude auth status'])
    expect(loop.repository.git(['worktree', 'list']).split('\n')).toHaveLength(1)
    expect(loop.refs('refs/heads/oompa/')).toEqual([])
    expect(loop.repository.git(['status', '--porcelain'])).toBe('')
  })

  test('finds a CLI that the PATH lacks, and says who is billed', async () => {
    const loop = withClis({ claude: `${free}\n${ready}` }, { workers })
    loop.repository.write('../home/.claude/.credentials.json', '{"claudeAiOauth":{"subscriptionType":"max"}}')
    const keyed = await loop.oompa(['check'], { env: { ...loop.env, ANTHROPIC_API_KEY: 'k' } })
    expect(keyed.stdout).toMatch(/✓ claude.*ANTHROPIC_API_KEY is set beside a subscription \(max\)/)
    const elsewhere = withClis({}, { workers })
    elsewhere.repository.write('../home/.local/bin/claude', '#!/bin/sh\necho 1\n', 0o755)
    const { stdout, status } = await elsewhere.oompa(['check'], { env: without('claude', elsewhere.env) })
    expect(status).toBe(1)
    expect(stdout).toMatch(
      /✗ claude.*on the PATH, but it is there: .*\.local\/bin\/claude\n.*export PATH="\$HOME\/\.local\/bin:\$PATH"/,
    )
  })
})
