// What can be told of a CLI without starting it.

import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { agents } from '../../src/agents/index.js'
import { findElsewhere, type Place, pathMend } from '../../src/agents/standing.js'
import { testRepository } from '../support/repository.js'

/** A home with these files. */
function homeWith(files: Readonly<Record<string, unknown>>) {
  const repository = testRepository()
  for (const [name, content] of Object.entries(files)) {
    repository.write(path.join('../home', name), typeof content === 'string' ? content : JSON.stringify(content), 0o755)
  }
  return { home: repository.home, env: { HOME: repository.home, PATH: '/nowhere' } }
}

describe('whether a CLI will refuse to start', () => {
  const asRoot = (place: Partial<Place>) =>
    agents.claude.check.refuses?.({ cwd: '/repo', env: {}, permissions: 'bypass', uid: 0, ...place })

  it('Claude, which lets root do everything in a container only', () => {
    expect(asRoot({})?.mend).toContain('IS_SANDBOX=1')
    expect(asRoot({ env: { IS_SANDBOX: '1' } })).toBeUndefined()
    expect(asRoot({ uid: 1000 })).toBeUndefined()
    expect(asRoot({ permissions: 'inherit' })).toBeUndefined()
  })

  const gemini = (cwd: string, files: Readonly<Record<string, unknown>>, extra: NodeJS.ProcessEnv = {}) => {
    const { env } = homeWith(files)
    return agents.gemini.check.refuses?.({ cwd, env: { ...env, ...extra }, permissions: 'bypass' })
  }

  it('Gemini, in a folder that nobody has trusted', () => {
    expect(gemini('/repo/.w1-i1', {})).toMatchObject({
      text: expect.stringContaining('/repo/.w1-i1'),
      mend: expect.stringContaining('GEMINI_CLI_TRUST_WORKSPACE=true'),
    })
    expect(gemini('/repo', {}, { GEMINI_CLI_TRUST_WORKSPACE: 'true' })).toBeUndefined()
    expect(
      gemini('/repo', { '.gemini/settings.json': { security: { folderTrust: { enabled: false } } } }),
    ).toBeUndefined()
  })

  it.each([
    ['/repo', 'TRUST_FOLDER', '/repo/.w1-i1', true],
    ['/repo', 'TRUST_FOLDER', '/repository', false],
    ['/repo/x', 'TRUST_PARENT', '/repo/.w1-i1', true],
    ['/', 'TRUST_FOLDER', '/anywhere', true],
    ['/repo', 'DO_NOT_TRUST', '/repo', false],
  ])('Gemini, by its list of folders: %s %s, for %s', (folder, rule, cwd, trusted) => {
    const refused = gemini(cwd, { '.gemini/trustedFolders.json': { [folder]: rule } })
    expect(refused === undefined).toBe(trusted)
  })

  it('Gemini, where a folder in a trusted one is not trusted', () => {
    const rules = { '/repo': 'TRUST_FOLDER', '/repo/.w1-i1': 'DO_NOT_TRUST' }
    expect(gemini('/repo/.w1-i1', { '.gemini/trustedFolders.json': rules })).toBeDefined()
  })
})

describe('who is billed', () => {
  const subscription = { claudeAiOauth: { accessToken: 'x', subscriptionType: 'max' } }

  it('is said where a key is set beside a subscription', () => {
    const { env } = homeWith({ '.claude/.credentials.json': subscription })
    const account = agents.claude.check.account!
    expect(account({ ...env, ANTHROPIC_API_KEY: 'k' })).toMatchObject({
      text: expect.stringMatching(/ANTHROPIC_API_KEY.*\(max\).*the key's account is billed/),
      mend: expect.stringContaining('unset ANTHROPIC_API_KEY'),
    })
    expect(account({ ...env, CLAUDE_CODE_USE_BEDROCK: '1' })?.text).toContain('the cloud account is billed')
    expect(account(env)).toBeUndefined()
  })

  it('is no question where there is a key alone', () => {
    const { env } = homeWith({})
    for (const agent of [agents.claude, agents.codex, agents.gemini]) {
      const keys = { ANTHROPIC_API_KEY: 'k', CODEX_API_KEY: 'k', GEMINI_API_KEY: 'k' }
      expect(agent.check.account?.({ ...env, ...keys })).toBeUndefined()
    }
  })

  it('is said of the others as well, and nothing that stands there breaks it', () => {
    const { env } = homeWith({
      '.codex/auth.json': { tokens: { access_token: 'a' } },
      '.gemini/oauth_creds.json': {},
      '.gemini/settings.json': 'no JSON',
      '.claude/.credentials.json': '[]',
    })
    expect(agents.codex.check.account?.({ ...env, CODEX_API_KEY: 'k' })?.text).toContain('ChatGPT')
    expect(agents.gemini.check.account?.({ ...env, GEMINI_API_KEY: 'k' })?.text).toContain('GEMINI_API_KEY')
    expect(agents.claude.check.account?.({ ...env, ANTHROPIC_API_KEY: 'k' })).toBeUndefined()
  })
})

describe('a CLI that the PATH lacks', () => {
  it('is found where installers put it, with the line that mends it', () => {
    const { env, home } = homeWith({ '.local/bin/claude': '#!/bin/sh\n' })
    const found = findElsewhere('claude', env)
    expect(found).toBe(path.join(home, '.local/bin/claude'))
    expect(pathMend(found ?? '', env)).toBe('export PATH="$HOME/.local/bin:$PATH"')
  })

  it('is found among versions of Node, the newest first', () => {
    const { env, home } = homeWith({
      '.nvm/versions/node/v20.1.0/bin/codex': '#!/bin/sh\n',
      '.nvm/versions/node/v22.1.0/bin/codex': '#!/bin/sh\n',
    })
    expect(findElsewhere('codex', env)).toBe(path.join(home, '.nvm/versions/node/v22.1.0/bin/codex'))
  })

  it('is not one of another name, and no path is looked for', () => {
    const { env } = homeWith({ '.local/bin/claude': '#!/bin/sh\n' })
    expect(findElsewhere('no-such-cli-anywhere', env)).toBeUndefined()
    expect(findElsewhere('./claude', env)).toBeUndefined()
  })
})
