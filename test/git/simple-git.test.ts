// simple-git under our rules: what it may decide, and what it cannot do for us.

import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { gitFor } from '../../src/git/simple-git.js'
import { alive, pidIn, until } from '../processes/support.js'
import { testRepository } from '../support/repository.js'

afterEach(() => vi.unstubAllEnvs())

describe('gitFor', () => {
  test('rejects for every status that is not 0, also where git says nothing', async () => {
    const { root, write } = testRepository({ file: 'a\n' })
    write('file', 'b\n')
    await expect(gitFor(root).raw('diff', '--quiet')).rejects.toThrow('ended with status 1: no output')
    await expect(gitFor(root).raw('rev-parse', '--verify', '--quiet', 'nothing')).rejects.toThrow('status 1')
    await expect(gitFor(root).raw('no-such-command')).rejects.toThrow('is not a git command')
  })

  test('gives all of a large answer', async () => {
    const { root, git } = testRepository({ file: 'x'.repeat(3_000_000) })
    expect(git(['status', '--porcelain'])).toBe('')
    expect((await gitFor(root).show('HEAD:file')).length).toBe(3_000_000)
  })

  test('has the pinned configuration, no editor, and the person’s way to a remote', async () => {
    const { root, git } = testRepository({ file: 'a\n' })
    git(['config', 'core.quotePath', 'true'])
    git(['config', 'core.fsmonitor', 'touch monitored'])
    vi.stubEnv('GIT_SSH_COMMAND', 'my-ssh')
    vi.stubEnv('EDITOR', 'vi')
    expect((await gitFor(root).raw('config', 'core.quotePath')).trim()).toBe('false')
    expect((await gitFor(root).raw('config', 'core.fsmonitor')).trim()).toBe('false')
    expect((await gitFor(root).raw('var', 'GIT_EDITOR')).trim()).toBe('true')
    expect((await gitFor(root).raw('-c', 'alias.ssh=!echo $GIT_SSH_COMMAND', 'ssh')).trim()).toBe('my-ssh')
  })

  test('runs no hook, replaces no object, and is aimed by no variable', async () => {
    const { root, git, commit, write } = testRepository({ file: 'a\n' })
    const first = git(['rev-parse', 'HEAD'])
    write('file', 'b\n')
    const second = commit('Second')
    git(['replace', first, second])
    const hook = path.join(root, '.git/hooks/post-checkout')
    mkdirSync(path.dirname(hook), { recursive: true })
    writeFileSync(hook, '#!/bin/sh\nexit 7\n')
    chmodSync(hook, 0o755)
    vi.stubEnv('GIT_DIR', '/nowhere')
    await gitFor(root).checkout(['-q', '-b', 'other'])
    expect(await gitFor(root).show(`${first}:file`)).toBe('a\n')
  })

  test('does not go on in the repository above', async () => {
    const { root } = testRepository({ file: 'a\n' })
    const inner = path.join(root, 'inner')
    mkdirSync(inner)
    await expect(gitFor(inner).status()).rejects.toThrow(/not a git repository/)
  })
})

// Why fetching and pushing stay with src/merge/network.ts.
test('what simple-git aborts leaves ssh behind', async () => {
  const { simpleGit } = await import('simple-git')
  const { root, home, env } = testRepository({ file: 'a\n' })
  const ssh = path.join(home, 'ssh')
  // It keeps the pipe to git open, as a link that hangs does; the standard error is simple-git's own.
  writeFileSync(ssh, `#!/bin/sh\necho $$ > '${home}/child'\nexec sleep 1000 2> /dev/null\n`)
  chmodSync(ssh, 0o755)
  const stop = new AbortController()
  const variables = { ...env, GIT_SSH_COMMAND: ssh }
  const options = { abort: stop.signal, allowEnvironment: Object.keys(variables) }
  const unsafe = { allowUnsafeSshCommand: true, allowUnsafeConfigPaths: true, allowUnsafeEditor: true }
  const fetch = simpleGit({ baseDir: root, ...options, unsafe })
    .env(variables)
    .fetch('ssh://host/repository', 'main')
  const pid = await Promise.race([pidIn(home, 'child'), fetch.then(() => 0)])
  stop.abort()
  await expect(fetch).rejects.toThrow('Abort')
  expect(alive(pid)).toBe(true)
  process.kill(pid, 'SIGKILL')
  await until(() => !alive(pid), 'ssh has ended')
})
