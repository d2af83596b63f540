// Conversations for other programs, where codex-persist is installed, and never in the way.

import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { cut, findPersister, openPersister } from '../../src/agents/persist.js'
import { testRepository } from '../support/repository.js'

/** Writes a stand-in that notes each of its arguments on a line, with `|` after each call. */
const NOTE = '#!/bin/sh\nprintf "%s\\n" "$@" "|" >> "$HOME/calls"\n'

describe('codex-persist', () => {
  it('is found by its variable, then the PATH, then the home’s checkout', () => {
    const { root, home, env, write } = testRepository()
    expect(findPersister(env)).toBeUndefined()
    const checkout = write('../home/git/codex-persist/dist/cli.js', '')
    expect(findPersister(env)).toEqual({
      file: process.execPath,
      args: [path.join(home, 'git/codex-persist/dist/cli.js')],
    })
    const onPath = write('bin/codex-persist', NOTE, 0o755)
    const withPath = { ...env, PATH: `${path.join(root, 'bin')}:${env.PATH}` }
    expect(findPersister(withPath)).toEqual({ file: onPath, args: [] })
    const named = write('mine', NOTE, 0o755)
    expect(findPersister({ ...withPath, CODEX_PERSIST_BIN: named })).toEqual({ file: named, args: [] })
    expect(findPersister({ ...withPath, CODEX_PERSIST_BIN: checkout })).toMatchObject({ file: process.execPath })
    expect(findPersister({ ...withPath, CODEX_PERSIST_BIN: '/nowhere' })).toBeUndefined()
  })

  it('gets one call a message, in order, with the tag before the first prompt only', async () => {
    const { root, home, env, write } = testRepository()
    const persister = openPersister({ ...env, CODEX_PERSIST_BIN: write('persist', NOTE, 0o755) })
    const worker = persister.conversation('[oompa:0a0b0c0d:w1] ')
    worker.write('/abs/.w1-i1', 'user', 'first\nprompt')
    worker.write('/abs/.w1-i1', 'assistant', 'answer $(x)')
    worker.write('/abs/.w1-i1', 'user', 'second')
    await persister.settle(10_000)
    const calls = readFileSync(path.join(home, 'calls'), 'utf8').split('\n|\n').slice(0, -1)
    const session = /^write\n([0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12})\n/.exec(calls[0]!)?.[1]
    expect(session).toBeDefined()
    expect(calls).toEqual([
      `write\n${session}\n/abs/.w1-i1\nuser\n[oompa:0a0b0c0d:w1] first\nprompt`,
      `write\n${session}\n/abs/.w1-i1\nassistant\nanswer $(x)`,
      `write\n${session}\n/abs/.w1-i1\nuser\nsecond`,
    ])
    expect(root).toBeTruthy()
  })

  it('keeps a tag that is there already, and gives each worker a session of its own', async () => {
    const { home, env, write } = testRepository()
    const persister = openPersister({ ...env, CODEX_PERSIST_BIN: write('persist', NOTE, 0o755) })
    for (const worker of ['w1', 'w2']) {
      persister.conversation(`[oompa:0a0b0c0d:${worker}] `).write('/abs', 'user', `[oompa:0a0b0c0d:${worker}] work`)
    }
    await persister.settle(10_000)
    const calls = readFileSync(path.join(home, 'calls'), 'utf8').split('\n|\n').slice(0, -1)
    expect(calls.every((call) => /\n\[oompa:0a0b0c0d:w\d\] work$/.test(call))).toBe(true)
    expect(new Set(calls.map((call) => call.split('\n')[1])).size).toBe(2)
  })

  it('does nothing where it is not installed', async () => {
    const { home, env } = testRepository()
    const persister = openPersister(env)
    persister.conversation('[oompa] ').write('/abs', 'user', 'x')
    await persister.settle(1000)
    expect(existsSync(path.join(home, 'calls'))).toBe(false)
  })

  it('is not waited for when it hangs or fails', async () => {
    const { env, write } = testRepository()
    for (const script of ['sleep 1000', 'exit 1']) {
      const persister = openPersister({ ...env, CODEX_PERSIST_BIN: write('persist', `#!/bin/sh\n${script}\n`, 0o755) })
      const worker = persister.conversation('[oompa] ')
      const began = performance.now()
      for (let i = 0; i < 5; i++) worker.write('/abs', 'user', 'x')
      expect(performance.now() - began).toBeLessThan(100)
      await persister.settle(200)
      expect(performance.now() - began).toBeLessThan(5000)
    }
  })

  it('gets at most 100 kB, cut between characters, and says so', () => {
    expect(cut('short\0')).toBe('short')
    const long = cut(`x${'ä'.repeat(60_000)}`)
    expect(long).toMatch(/ä\n\[oompa: cut here, 20002 bytes more\]$/)
    expect(long).not.toContain('\ufffd')
    expect(Buffer.byteLength(long)).toBeLessThan(100_100)
  })
})
