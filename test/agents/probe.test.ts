// Whether an agent can work at all, before a swarm starts.

import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { agents } from '../../src/agents/index.js'
import { probeLogin, probePrompt, probeVersion } from '../../src/agents/probe.js'
import { command } from '../../src/agents/program.js'
import { parseAgentSpec } from '../../src/agents/spec.js'
import { testRepository } from '../support/repository.js'

/** A repository with programs in `bin/`, which is first on the PATH. */
function withPrograms(programs: Readonly<Record<string, string>>) {
  const repository = testRepository()
  for (const [name, script] of Object.entries(programs))
    repository.write(`bin/${name}`, `#!/bin/sh\n${script}\n`, 0o755)
  const env = { ...repository.env, PATH: `${path.join(repository.root, 'bin')}:/usr/bin:/bin` }
  return { repository, context: { root: repository.root, env } }
}

describe('the version', () => {
  it('is what the CLI says', async () => {
    const { context } = withPrograms({ claude: '[ "$1" = --version ] && echo "2.1.197 (Claude Code)"' })
    expect(await probeVersion(agents.claude, { harness: 'claude' }, context)).toEqual({
      works: true,
      detail: '2.1.197 (Claude Code)',
    })
  })

  it('is missing with the CLI, and says how to install it', async () => {
    const { context } = withPrograms({})
    const probe = await probeVersion(agents.opencode, { harness: 'opencode' }, context)
    expect(probe).toMatchObject({ works: false, mend: 'npm install -g opencode-ai' })
    expect(probe.detail).toContain('PATH')
  })

  it('is missing where the CLI does not start', async () => {
    const { context } = withPrograms({ codex: 'echo "Unsupported platform" >&2; exit 1' })
    const probe = await probeVersion(agents.codex, { harness: 'codex' }, context)
    expect(probe).toMatchObject({ works: false, detail: expect.stringContaining('Unsupported platform') })
  })

  it('of a program is only that it is there and executable, and it is not run', async () => {
    const { repository, context } = withPrograms({ mine: 'touch was-run' })
    for (const spec of [
      'command:bin/mine',
      'command:./bin/mine',
      'command:mine',
      `command:${repository.root}/bin/mine`,
    ]) {
      expect(await probeVersion(agents.command, parseAgentSpec(spec), context)).toMatchObject({ works: true })
    }
    expect(() => readFileSync(path.join(repository.root, 'was-run'))).toThrow()
    repository.write('plain', 'x')
    for (const spec of ['command:./nothing', 'command:./plain', 'command:./bin']) {
      expect(await probeVersion(agents.command, parseAgentSpec(spec), context)).toMatchObject({ works: false })
    }
    expect(await probeVersion(command('./bin/mine'), { harness: 'mine' }, context)).toMatchObject({ works: true })
  })
})

describe('the login', () => {
  it('is what the CLI’s own command says', async () => {
    const { context } = withPrograms({
      claude: '[ "$1 $2" = "auth status" ] && exit 0',
      codex: 'echo "Not logged in" >&2; exit 1',
    })
    expect(await probeLogin(agents.claude, { harness: 'claude' }, context)).toMatchObject({ works: true })
    expect(await probeLogin(agents.codex, { harness: 'codex' }, context)).toEqual({
      works: false,
      detail: 'Not logged in',
      mend: 'Run `codex login`, or set CODEX_API_KEY.',
    })
  })

  it('is not asked for in vain where a key or a provider of one’s own stands in for it', async () => {
    const { repository, context } = withPrograms({ codex: 'exit 1' })
    const keyed = { ...context, env: { ...context.env, CODEX_API_KEY: 'x' } }
    expect(await probeLogin(agents.codex, { harness: 'codex' }, keyed)).toMatchObject({ works: 'unknown' })
    repository.write('codex-home/config.toml', 'model_provider = "scripted"\n')
    const provider = { ...context, env: { ...context.env, CODEX_HOME: path.join(repository.root, 'codex-home') } }
    expect(await probeLogin(agents.codex, { harness: 'codex' }, provider)).toMatchObject({ works: 'unknown' })
  })

  it('is told by the first run where the CLI has no command for it', async () => {
    const { context } = withPrograms({})
    expect(await probeLogin(agents.gemini, { harness: 'gemini' }, context)).toMatchObject({ works: 'unknown' })
  })
})

describe('a prompt', () => {
  it('is one word, without a worker’s name in the environment', async () => {
    const { repository, context } = withPrograms({
      claude: `cat > asked; env > environment; echo '{"type":"result","is_error":false,"result":"ready","total_cost_usd":0.001}'`,
    })
    const env = { ...context.env, OOMPA_WORKER: 'w1' }
    const probe = await probePrompt(agents.claude, { harness: 'claude' }, { ...context, env })
    expect(probe).toMatchObject({ result: { text: 'ready', costUsd: 0.001 } })
    expect(probe.failure).toBeUndefined()
    expect(readFileSync(path.join(repository.root, 'environment'), 'utf8')).not.toContain('OOMPA_WORKER')
  })

  it('says what mends a login or a model that does not work', async () => {
    const { context } = withPrograms({
      claude: `echo '{"type":"result","is_error":true,"api_error_status":404,"result":"There is an issue with the selected model"}'; exit 1`,
      codex: `echo '{"type":"turn.failed","error":{"message":"unexpected status 401 Unauthorized"}}'; exit 1`,
    })
    const model = await probePrompt(agents.claude, parseAgentSpec('claude:nope'), context)
    expect(model).toMatchObject({ failure: { kind: 'model' }, mend: expect.stringContaining('claude:nope') })
    const login = await probePrompt(agents.codex, { harness: 'codex' }, context)
    expect(login).toMatchObject({ failure: { kind: 'login' }, mend: expect.stringContaining('codex login') })
  })
})
