// One process, run to its end: status, input, output, limits.

import { readdirSync } from 'node:fs'
import { open, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { runProcess } from '../../src/processes/run-process.js'
import { temporaryFolder } from '../support/repository.js'
import { env, runShell, until } from './support.js'

describe('running a process', () => {
  it('passes on the exit status', async () => {
    expect(await runShell('exit 7')).toMatchObject({ status: 7, reason: 'exited', leftovers: 0 })
  })

  it('says which signal ended it', async () => {
    expect(await runShell('kill -INT $$')).toMatchObject({ status: null, signal: 'SIGINT', reason: 'exited' })
  })

  it('says that a program is missing, and starts nothing', async () => {
    const end = await runProcess({ file: 'no-such-agent', args: [], cwd: temporaryFolder(), env })
    expect(end).toMatchObject({ reason: 'missing', status: null })
    expect(end.message).toContain('no-such-agent')
  })

  it('says that a folder is missing', async () => {
    const end = await runProcess({ file: 'sh', args: [], cwd: path.join(temporaryFolder(), 'gone'), env })
    expect(end).toMatchObject({ reason: 'missing', message: expect.stringContaining('gone') })
  })

  it('keeps nothing open where the folder is missing: our own process can end', async () => {
    const pipes = () => process.getActiveResourcesInfo().filter((name) => name === 'PipeWrap').length
    const before = pipes()
    for (let turn = 0; turn < 3; turn++) {
      await runProcess({ file: '/bin/true', args: [], cwd: '/nowhere/at/all', env: process.env })
    }
    await new Promise((resolve) => setImmediate(resolve))
    expect(pipes()).toBeLessThanOrEqual(before)
  })

  it('gives the arguments, the folder and the environment as they are', async () => {
    const cwd = temporaryFolder('oompa ü ')
    let text = ''
    await runProcess({
      file: 'sh',
      args: ['-c', 'printf "%s|" "$@"; pwd; echo "$PWD"; env', 'name', 'a b', '$(x)', '', '-w'],
      cwd,
      env: { ...env, PWD: '/somewhere/else', KEY: 'value' },
      onStdout: (piece) => {
        text += piece
      },
    })
    const [args, folder] = text.split('\n')
    expect(args).toBe(`a b|$(x)||-w|${cwd}`)
    expect(folder).toBe(cwd)
    expect(text).toContain('KEY=value')
    expect(text).toMatch(/OOMPA_PROCESS=[0-9a-f]{8}:/)
    expect(text).not.toContain('/somewhere/else')
  })

  it('keeps variables that a shell could not say', async () => {
    let text = ''
    await runProcess({
      file: 'env',
      args: [],
      cwd: temporaryFolder(),
      env: { ...env, 'BASH_FUNC_greet%%': '() {  echo hello; }' },
      onStdout: (piece) => {
        text += piece
      },
    })
    expect(text).toContain('BASH_FUNC_greet%%=')
  })

  it('writes the input to standard input, to the byte', async () => {
    const input = Buffer.from([0, 255, 10, 13, 195, 164])
    let text = ''
    await runShell('od -An -tx1', {
      input,
      onStdout: (piece) => {
        text += piece
      },
    })
    expect(text.trim()).toBe('00 ff 0a 0d c3 a4')
  })

  it('does not mind a process that never reads its input, or closes it', async () => {
    const input = 'x'.repeat(3_000_000)
    expect(await runShell('exit 0', { input })).toMatchObject({ status: 0 })
    expect(await runShell('exec <&-; sleep 0.1; exit 3', { input })).toMatchObject({ status: 3 })
  })

  it('gives pipes that can be opened by name, as a shell does', async () => {
    let out = ''
    let err = ''
    const end = await runShell('sleep 0.1; cat /dev/stdin; echo out > /dev/stdout; echo err > /dev/stderr; echo end', {
      input: 'in\n',
      onStdout: (piece) => {
        out += piece
      },
      onStderr: (piece) => {
        err += piece
      },
    })
    expect(end.status).toBe(0)
    expect(out).toBe('in\nout\nend\n')
    expect(err).toBe('err\n')
  })

  it('leaves no descriptor and no file behind', async () => {
    const count = () => (process.platform === 'linux' ? readdirSync('/proc/self/fd').length : 0)
    const folders = () => readdirSync(tmpdir()).filter((name) => name.startsWith('oompa-io-')).length
    await runShell('exit 0')
    const before = [count(), folders()]
    for (let i = 0; i < 20; i++) await runShell('echo x; exit 1', { input: 'y' })
    await Promise.all([1, 2, 3, 4, 5].map(() => runShell('cat >/dev/null', { input: 'y'.repeat(100_000) })))
    // Sixteen may be open for the next run.
    await until(() => count() <= before[0]! + 16, 'all descriptors are closed')
    // Other tests run beside this one.
    await until(() => folders() <= before[1]!, 'all folders are gone')
  })

  it('puts characters together that stand across two pieces', async () => {
    let text = ''
    await runShell(`printf '\\303'; sleep 0.1; printf '\\244'; printf '\\360\\237'; sleep 0.1; printf '\\230\\200'`, {
      onStdout: (piece) => {
        text += piece
      },
    })
    expect(text).toBe('ä😀')
  })

  it('writes both outputs to the log as they came', async () => {
    const log = path.join(temporaryFolder(), 'log')
    const output = await open(log, 'a')
    await runShell('printf out; printf "\\377" >&2', { output })
    await output.close()
    expect([...(await readFile(log))].sort()).toEqual([...Buffer.from('out'), 255].sort())
  })

  it('gets all of a large output', async () => {
    let size = 0
    await runShell('head -c 20000000 /dev/zero', {
      onStdout: (piece) => {
        size += piece.length
      },
    })
    expect(size).toBe(20_000_000)
  })

  it('reads no faster than the log can be written', async () => {
    let waiting = 0
    let most = 0
    const output = {
      write: async (chunk: Uint8Array) => {
        waiting += chunk.length
        most = Math.max(most, waiting)
        await new Promise((resolve) => setTimeout(resolve, 1))
        waiting -= chunk.length
      },
    }
    await runShell('head -c 5000000 /dev/zero', { output })
    expect(most).toBeLessThan(300_000)
  })

  it('rethrows an error of the reader, after ending the process', async () => {
    const began = Date.now()
    const run = runShell('echo x; sleep 1000', {
      onStdout: () => {
        throw new Error('reader')
      },
    })
    await expect(run).rejects.toThrow('reader')
    expect(Date.now() - began).toBeLessThan(5000)
  })
})

describe('limits', () => {
  it('ends a process that takes too long', async () => {
    expect(await runShell('sleep 1000', { timeoutMs: 150 })).toMatchObject({ reason: 'timeout' })
  })

  it('ends a silent process, and not one that goes on talking', async () => {
    expect(await runShell('echo x; sleep 1000', { idleMs: 200 })).toMatchObject({ reason: 'idle' })
    const talking = 'for i in 1 2 3 4 5 6 7 8; do echo $i >&2; sleep 0.1; done'
    expect(await runShell(talking, { idleMs: 600 })).toMatchObject({ reason: 'exited', status: 0 })
  })

  it.runIf(process.platform === 'linux')('does not take a silent process that works for a hanging one', async () => {
    const busy = 'timeout 1.2 sh -c "while :; do :; done"; exit 5'
    expect(await runShell(busy, { idleMs: 300, silent: true })).toMatchObject({ reason: 'exited', status: 5 })
    expect(await runShell(busy, { idleMs: 300 })).toMatchObject({ reason: 'idle' })
    expect(await runShell('sleep 1000', { idleMs: 300, silent: true })).toMatchObject({ reason: 'idle' })
  })

  it('gives a grace once the final message has come', async () => {
    let text = ''
    const end = await runShell('echo working; sleep 0.2; echo final; sleep 1000', {
      graceMs: 100,
      onStdout: (piece) => {
        text += piece
      },
      finished: () => text.includes('final'),
    })
    expect(end).toMatchObject({ reason: 'grace' })
  })

  it('ends on abort, with KILL if TERM is not heard', async () => {
    const abort = new AbortController()
    let text = ''
    const end = await runShell('trap "" TERM; echo ready; while :; do sleep 0.05; done', {
      signal: abort.signal,
      onStdout: (piece) => {
        text += piece
        if (text.includes('ready')) abort.abort()
      },
    })
    expect(end).toMatchObject({ reason: 'aborted', status: null, signal: 'SIGKILL' })
  })

  it('tells a status 0 after TERM from a normal end', async () => {
    const abort = new AbortController()
    const end = await runShell('trap "exit 0" TERM; echo ready; while :; do sleep 0.05; done', {
      signal: abort.signal,
      onStdout: () => abort.abort(),
    })
    expect(end).toMatchObject({ reason: 'aborted', status: 0 })
  })

  it('starts nothing when it is aborted already', async () => {
    expect(await runShell('exit 0', { signal: AbortSignal.abort() })).toMatchObject({ reason: 'aborted', status: null })
  })
})
